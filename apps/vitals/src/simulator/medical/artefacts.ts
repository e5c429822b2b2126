/** When artefacts come over a bracelet, and what each is like: a day at a time, so that memory is bounded whatever the length of a simulation. */

import type { Random } from '../random.ts';
import { DAY } from './behaviour.ts';
import { chance, clamp, exponential, quota, within } from './draws.ts';
import { LINK_KINDS, SIGNAL_KINDS } from './rates.ts';
import type { ArtefactKind, LinkKind, Rates, SignalKind } from './rates.ts';

/** How a reading crosses a floor that the body does not: a heart rate above 180, one below 40, an SpO2 below 88. */
export type Crossing = 'fast' | 'slow' | 'desaturated';

/** The vital signs that a sensor can freeze or lose. */
export const SENSED = ['heart_rate', 'resp_rate', 'spo2', 'temperature'] as const;
export type Sensed = (typeof SENSED)[number];

/** An artefact that is planned; times in ms since the epoch. */
interface Planned<K extends ArtefactKind> {
  readonly kind: K;
  readonly start: number;
  readonly end: number;
}

/** An artefact of the measurement. */
export interface SignalArtefact extends Planned<SignalKind | 'charging'> {
  /** Whether the bracelet notices, and says so with the reading. */
  readonly noticed: boolean;
  /** How strong it is, 0-1. */
  readonly strength: number;
  /** The vital signs that it concerns, where not all. */
  readonly sensed: readonly Sensed[];
  readonly crossing?: Crossing;
  /** How many readings cross, from the first on. */
  readonly crossings: number;
}

/** An artefact of the way; `skew` is how far the clock is ahead, ms, and not 0 where the clock is what is wrong. */
export interface LinkArtefact extends Planned<LinkKind> {
  readonly skew: number;
}

const MINUTE = 60_000;

/** How long each lasts, minutes: the mean of an exponential, the least and the most*. */
const LASTS: Readonly<Record<SignalKind | LinkKind, readonly [number, number, number]>> = {
  motion: [1.5, 0.3, 12],
  low_contact: [6, 0.5, 45],
  flat_line: [8, 2, 45],
  sensor_dropout: [4, 0.5, 30],
  off_wrist: [25, 5, 90],
  dead_battery: [180, 30, 600],
  clock_skew: [240, 30, 720],
  offline: [50, 5, 360],
};

/** How often a bracelet notices*. A low contact always shows as such. */
const NOTICED: Readonly<Record<SignalKind, number>> = { motion: 0.85, low_contact: 1, flat_line: 0.4, sensor_dropout: 0.8, off_wrist: 0.7 };

/** How many readings in a row cross a floor, with weights*. */
const CROSSINGS: readonly (readonly [number, number])[] = [
  [1, 70],
  [2, 20],
  [4, 10],
];
const BY_MOTION: readonly (readonly [Crossing, number])[] = [
  ['fast', 45],
  ['slow', 15],
  ['desaturated', 40],
];

/** Clocks that are a little wrong, far ahead (which keeps readings in quarantine) and far behind, ms*. */
const SKEWS: readonly (readonly [readonly [number, number], number])[] = [
  [[20_000, 240_000], 35],
  [[-240_000, -20_000], 35],
  [[6 * MINUTE, 90 * MINUTE], 15],
  [[-120 * MINUTE, -15 * MINUTE], 15],
];

/** Steps through the artefacts of one patient. */
export class ArtefactWalk {
  readonly #rates: Rates;
  readonly #interval: number;
  readonly #random: Random;
  /** The days of artefacts begin with the simulation. */
  #day: number;
  #signals: readonly SignalArtefact[] = [];
  #links: readonly LinkArtefact[] = [];

  /** `interval`: ms between readings; no artefact is shorter, so that each meets at least one. */
  constructor(rates: Rates, { from, interval }: { readonly from: number; readonly interval: number }, random: Random) {
    this.#rates = rates;
    this.#interval = interval;
    this.#random = random;
    this.#day = from - DAY;
  }

  /** The artefact of the measurement at `at` (ms), if there is one. */
  signalAt(at: number): SignalArtefact | undefined {
    this.#plan(at);
    return this.#signals.find(({ start, end }) => at >= start && at < end);
  }

  /** The artefact of the way of one kind at `at` (ms), if there is one. */
  linkAt(kind: LinkKind, at: number): LinkArtefact | undefined {
    this.#plan(at);
    return this.#links.find((link) => link.kind === kind && at >= link.start && at < link.end);
  }

  /** When the bracelet comes back that is offline or dead at `at` (ms); `at` itself when it is neither. */
  backAt(at: number): number {
    let back = at;
    for (;;) {
      const now = back;
      const away = this.#links.find(({ kind, start, end }) => kind !== 'clock_skew' && now >= start && now < end);
      if (away === undefined) return back;
      back = away.end;
    }
  }

  /** When the battery will be dead next, as far as it is planned. */
  nextDeath(at: number): number | undefined {
    return this.#links.find(({ kind, start }) => kind === 'dead_battery' && start > at)?.start;
  }

  #plan(at: number): void {
    while (at >= this.#day + DAY) {
      this.#day += DAY;
      this.#signals = this.#planSignals();
      this.#links = this.#planLinks();
    }
  }

  /** Each in a part of the day of its own, so that they never meet. */
  #planSignals(): readonly SignalArtefact[] {
    const random = this.#random;
    const kinds = SIGNAL_KINDS.flatMap((kind) => Array.from({ length: quota(random, this.#rates[kind]) }, () => kind));
    let crossings = quota(random, this.#rates.floor_crossing);
    shuffle(kinds, random);
    const room = DAY / kinds.length;
    return kinds.map((kind, i) => {
      const crosses = crossings > 0 && (kind === 'motion' || kind === 'low_contact');
      if (crosses) crossings -= 1;
      const readings = crosses ? random.weighted(CROSSINGS) : 0;
      const least = Math.max(1, readings) * this.#interval;
      const lasts = Math.round(clamp(this.#length(kind), least, Math.max(least, room - this.#interval)));
      const start = Math.round(this.#day + i * room + random.next() * Math.max(0, room - lasts));
      const sensed = SENSED.filter(() => chance(random, 0.5));
      return {
        kind,
        start,
        end: start + lasts,
        noticed: chance(random, NOTICED[kind]),
        strength: random.next(),
        sensed: sensed.length === 0 ? SENSED : sensed,
        ...(crosses ? { crossing: kind === 'motion' ? random.weighted(BY_MOTION) : 'desaturated' } : {}),
        crossings: readings,
      };
    });
  }

  /** Each ends within its day, so that everything about a reading is known when it is taken; no two of a kind meet. */
  #planLinks(): readonly LinkArtefact[] {
    const random = this.#random;
    return LINK_KINDS.flatMap((kind) => {
      const number = quota(random, this.#rates[kind]);
      const room = DAY / number;
      return Array.from({ length: number }, (_, i) => {
        const lasts = Math.round(clamp(this.#length(kind), this.#interval, Math.max(this.#interval, room - this.#interval)));
        const start = Math.round(this.#day + i * room + random.next() * Math.max(0, room - lasts));
        return { kind, start, end: start + lasts, skew: kind === 'clock_skew' ? this.#drawSkew() : 0 };
      });
    });
  }

  #drawSkew(): number {
    const skew = Math.round(within(this.#random, this.#random.weighted(SKEWS)));
    // Readings before and after a clock is set never have one and the same time.
    return skew % this.#interval === 0 ? skew + 1 : skew;
  }

  #length(kind: SignalKind | LinkKind): number {
    const [mean, least, most] = LASTS[kind];
    return clamp(exponential(this.#random, mean), least, most) * MINUTE;
  }
}

/** Fisher and Yates. */
function shuffle<T>(items: T[], random: Random): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random.next() * (i + 1));
    const [one, other] = [items[i], items[j]];
    if (one === undefined || other === undefined) continue;
    items[i] = other;
    items[j] = one;
  }
}
