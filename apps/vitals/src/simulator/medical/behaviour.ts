/** How a simulated patient spends its days: sleep, naps and bouts of activity, by its own clock. */

import type { AgeBand } from '../../domain/age.ts';
import type { Random } from '../random.ts';
import { chance, clamp, exponential, normal, within } from './draws.ts';
import type { Span } from './draws.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Bed and rising, local hours; share of days with a nap in the early afternoon*. */
const HABITS: Readonly<Record<AgeBand, { readonly bed: number; readonly rise: number; readonly nap: number }>> = {
  G1: { bed: 19.5, rise: 6.5, nap: 1 },
  G2: { bed: 20, rise: 7, nap: 0.8 },
  G3: { bed: 21, rise: 7, nap: 0 },
  G4: { bed: 22.5, rise: 7.2, nap: 0 },
  G5: { bed: 23, rise: 7, nap: 0 },
  G6: { bed: 22.3, rise: 6.3, nap: 0.35 },
};

/** Levels of activity (0-10), how often each is begun while awake, and for how many minutes*. */
const BOUTS: readonly (readonly [{ readonly level: Span; readonly minutes: Span }, number])[] = [
  [{ level: [0.3, 1.5], minutes: [10, 60] }, 55],
  [{ level: [1.5, 3.5], minutes: [5, 40] }, 33],
  [{ level: [3.5, 5.5], minutes: [3, 20] }, 12],
];

/** ms; how fast a patient falls asleep and wakes, and how fast the body takes up an activity. */
const SLEEP_LAG = 10 * 60_000;
const ACTIVITY_LAG = 60_000;

/** What a patient does just now. */
export interface Behaviour {
  /** 0 (awake) to 1 (asleep). */
  readonly sleep: number;
  /** 0-10. */
  readonly activity: number;
}

/** Whose behaviour it is. */
export interface Habits {
  readonly band: AgeBand;
  /** How much later than others the patient lives, h. */
  readonly chronotype: number;
  /** Its local time, ms ahead of UTC. */
  readonly ahead: number;
}

/** Steps through the behaviour of one patient. */
export class BehaviourWalk implements Behaviour {
  sleep = -1;
  activity = 0;
  readonly #habits: Habits;
  readonly #random: Random;
  readonly #sleepStep: number;
  readonly #activityStep: number;
  /** End of the plan: the next local noon. */
  #planned = Number.NEGATIVE_INFINITY;
  #bed = 0;
  #rise = 0;
  #nap: Span | undefined;
  #level = 0;
  #boutEnds = Number.NEGATIVE_INFINITY;

  /** `interval`: ms between two steps. */
  constructor(habits: Habits, interval: number, random: Random) {
    this.#habits = habits;
    this.#random = random;
    this.#sleepStep = 1 - Math.exp(-interval / SLEEP_LAG);
    this.#activityStep = 1 - Math.exp(-interval / ACTIVITY_LAG);
  }

  /** Whether the patient lies down to sleep at `at`, by plan. */
  #abed(at: number): boolean {
    if (at >= this.#bed && at < this.#rise) return true;
    return this.#nap !== undefined && at >= this.#nap[0] && at < this.#nap[1];
  }

  /** Goes on to `at` (ms). `fatigue` (0-1) keeps the patient from being active; `exertion` (0-10) is the least activity. */
  step(at: number, { fatigue, exertion }: { readonly fatigue: number; readonly exertion: number }): void {
    if (at >= this.#planned) this.#planDay(at);
    const abed = this.#abed(at);
    // The first step starts where the patient has been for long.
    this.sleep += this.sleep < 0 ? 1 + Number(abed) : (Number(abed) - this.sleep) * this.#sleepStep;
    if (at >= this.#boutEnds) this.#beginBout(at, abed);
    const wanted = Math.max(this.#level * (1 - fatigue) * (1 - 0.9 * this.sleep), exertion);
    const restless = 1 + 0.15 * normal(this.#random);
    this.activity += (clamp(wanted * restless, 0, 10) - this.activity) * this.#activityStep;
  }

  #beginBout(at: number, abed: boolean): void {
    const random = this.#random;
    if (abed) {
      // Turning over.
      this.#level = chance(random, 0.1) ? within(random, [3, 6]) : within(random, [0.5, 1.5]);
      this.#boutEnds = at + 30_000 + exponential(random, this.#level > 2 ? 30_000 : 20 * 60_000);
      return;
    }
    const { level, minutes } = random.weighted(BOUTS);
    this.#level = within(random, level);
    this.#boutEnds = at + within(random, minutes) * 60_000;
  }

  #planDay(at: number): void {
    const { band, chronotype, ahead } = this.#habits;
    const random = this.#random;
    const { bed, rise, nap } = HABITS[band];
    const noon = Math.floor((at + ahead - DAY / 2) / DAY) * DAY + DAY / 2 - ahead;
    const hour = (local: number): number => noon + (local - 12) * HOUR;
    this.#planned = noon + DAY;
    this.#bed = hour(bed + chronotype + 0.4 * normal(random));
    this.#rise = hour(24 + rise + chronotype + 0.4 * normal(random));
    const starts = 13 + 0.3 * normal(random);
    this.#nap = chance(random, nap) ? [hour(starts), hour(starts + within(random, [0.7, 1.8]))] : undefined;
  }
}

/** The local hour (0-24) at `at` (ms), where local time is `ahead` ms ahead of UTC. */
export function localHour(at: number, ahead: number): number {
  return ((((at + ahead) % DAY) + DAY) % DAY) / HOUR;
}
