/** Steps through the episodes of one patient: begins them at their rates, lets one bring about another, ends them. */

import type { AgeBand } from '../../domain/age.ts';
import type { Genotype } from '../../contracts/reading.ts';
import type { Random } from '../random.ts';
import { DAY, HOUR, localHour } from './behaviour.ts';
import { chance, exponential } from './draws.ts';
import type { Span } from './draws.ts';
import { drawEpisode, DRIVERS, effectOf, GENOTYPE_FACTOR, levelOf, proneness } from './episodes.ts';
import type { Drivers, Episode } from './episodes.ts';
import { EPISODE_KINDS } from './rates.ts';
import type { EpisodeKind, Rates } from './rates.ts';

/** Local hours in which an episode may begin; others begin at any time. */
const WINDOWS: Readonly<Partial<Record<EpisodeKind, Span>>> = { heat_stress: [11, 16], exertion: [9, 19], stress: [8, 22] };

/** What brings about what, with what probability*, and when: hours after the onset. The first two are in proportion to how prone to crises the genotype is. */
const CONSEQUENCES: readonly { readonly of: EpisodeKind; readonly is: EpisodeKind; readonly probability: number; readonly after: Span }[] =
  [
    { of: 'infection', is: 'crisis', probability: 0.25, after: [4, 24] },
    { of: 'dehydration', is: 'crisis', probability: 0.1, after: [2, 12] },
    { of: 'crisis', is: 'chest_syndrome', probability: 0.12, after: [6, 30] },
  ];

/** Effects that several episodes add up to, and how far; of the others the greatest counts. */
const SUMMED: ReadonlyMap<string, number> = new Map([
  ['fever', 3.4],
  ['desaturation', 18],
  ['loss', 45],
  ['drive', 0.35],
  ['breath', 1],
]);

/** Whose episodes they are. */
export interface Liability {
  readonly genotype: Genotype;
  readonly band: AgeBand;
  readonly rates: Rates;
  /** Local time, ms ahead of UTC. */
  readonly ahead: number;
}

export class EpisodeWalk {
  readonly #liability: Liability;
  readonly #random: Random;
  readonly #onEnd: (episode: Episode) => void;
  /** When the next of each kind begins by itself. */
  readonly #next: number[];
  /** At most one of each kind. */
  #active: Episode[] = [];
  /** Brought about and still to come; at most one of each kind. */
  #coming: Episode[] = [];
  #nextChange: number;
  readonly #drivers: Record<(typeof DRIVERS)[number], number> = {
    pain: 0,
    fever: 0,
    desaturation: 0,
    loss: 0,
    drive: 0,
    breath: 0,
    heat: 0,
    fatigue: 0,
    exertion: 0,
  };

  /** `from`: ms. `onEnd` is told each episode when it is over. */
  constructor(liability: Liability, random: Random, { from, onEnd }: { from: number; onEnd: (episode: Episode) => void }) {
    this.#liability = liability;
    this.#random = random;
    this.#onEnd = onEnd;
    this.#next = EPISODE_KINDS.map((kind) => this.#wait(kind, from));
    this.#nextChange = this.#soonest();
  }

  /** The episodes under way. */
  get active(): readonly Episode[] {
    return this.#active;
  }

  /** Goes on to `at` and gives what the episodes do then. The object is used again at the next step. */
  step(at: number): Drivers {
    while (at >= this.#nextChange) this.#change(this.#nextChange);
    const drivers = this.#drivers;
    for (const driver of DRIVERS) drivers[driver] = 0;
    for (const episode of this.#active) {
      const level = levelOf(episode, at);
      for (const driver of DRIVERS) {
        const effect = effectOf(episode, driver, level);
        const limit = SUMMED.get(driver);
        drivers[driver] = limit === undefined ? Math.max(drivers[driver], effect) : Math.min(limit, drivers[driver] + effect);
      }
    }
    return drivers;
  }

  #change(at: number): void {
    for (const episode of this.#active.filter((one) => one.end <= at)) {
      this.#active = this.#active.filter((one) => one !== episode);
      this.#next[EPISODE_KINDS.indexOf(episode.kind)] = this.#wait(episode.kind, episode.end);
      this.#onEnd(episode);
    }
    for (const episode of this.#coming.filter((one) => one.start <= at)) {
      this.#coming = this.#coming.filter((one) => one !== episode);
      if (!this.#has(episode.kind)) this.#begin(episode);
    }
    EPISODE_KINDS.forEach((kind, i) => {
      if ((this.#next[i] ?? Number.POSITIVE_INFINITY) > at) return;
      // Who is ill stays in; what has begun for another reason is not begun again.
      if (this.#has(kind) || (kind === 'exertion' && this.#active.length > 0)) this.#next[i] = this.#wait(kind, at);
      else this.#begin(drawEpisode(this.#random, { kind, start: at }));
    });
    this.#nextChange = this.#soonest();
  }

  #begin(episode: Episode): void {
    this.#active.push(episode);
    this.#next[EPISODE_KINDS.indexOf(episode.kind)] = Number.POSITIVE_INFINITY;
    const prone = GENOTYPE_FACTOR[this.#liability.genotype].crisis;
    for (const { of, is, probability, after } of CONSEQUENCES) {
      if (of !== episode.kind) continue;
      const start = episode.onset + Math.round(this.#random.between(...after) * HOUR);
      const drawn = drawEpisode(this.#random, { kind: is, start, cause: of });
      // An episode that is asked for at no rate at all comes as a consequence neither.
      const wanted = this.#liability.rates[is] > 0 && chance(this.#random, probability * Math.min(1, prone));
      if (wanted && !this.#coming.some(({ kind }) => kind === is)) this.#coming.push(drawn);
    }
  }

  #has(kind: EpisodeKind): boolean {
    return this.#active.some((episode) => episode.kind === kind);
  }

  /** When the next of a kind begins after `at`. */
  #wait(kind: EpisodeKind, at: number): number {
    const { genotype, band, rates, ahead } = this.#liability;
    const rate = rates[kind] * proneness(kind, genotype, band);
    if (rate === 0) return Number.POSITIVE_INFINITY;
    const window = WINDOWS[kind];
    if (window === undefined) return Math.round(at + exponential(this.#random, DAY / rate));
    const [opens, closes] = window;
    // Time counts only within the window, and there as much more as the window is shorter than a day.
    let left = exponential(this.#random, ((closes - opens) / 24) * (DAY / rate));
    for (let now = at; ;) {
      const hour = localHour(now, ahead);
      const toOpen = hour < opens ? opens - hour : hour >= closes ? opens + 24 - hour : 0;
      now += toOpen * HOUR;
      const open = (toOpen > 0 ? closes - opens : closes - hour) * HOUR;
      if (left < open) return Math.round(now + left);
      left -= open;
      // A moment later, so that rounding never leaves it inside of the window.
      now += open + 1;
      if (left > 100 * 365 * DAY) return Number.POSITIVE_INFINITY;
    }
  }

  #soonest(): number {
    return Math.min(...this.#next, ...this.#active.map(({ end }) => end), ...this.#coming.map(({ start }) => start));
  }
}
