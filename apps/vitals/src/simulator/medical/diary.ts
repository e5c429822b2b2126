/** When a patient tells its bracelet how much it hurts. Pain is not measured: between two reports nobody knows it. */

import type { Random } from '../random.ts';
import { clamp, within } from './draws.ts';

const MINUTE = 60_000;
/** Pain, 0-10, that keeps a patient awake*. */
const WAKES = 6;

/** Minutes to the next report, by the pain of this one*: more often when it hurts. */
function untilNext(pain: number): readonly [number, number] {
  if (pain >= 4) return [15, 35];
  return pain >= 1 ? [120, 240] : [480, 840];
}

export class PainDiary {
  readonly #random: Random;
  #last = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #next = 0;

  constructor(random: Random, from: number) {
    this.#random = random;
    this.#next = from + within(random, [0, 600]) * MINUTE;
  }

  /** The report that comes with the reading at `at` (ms), a whole number of 0 to 10, or undefined. `sleep`: 0 (awake) to 1 (asleep). */
  report(at: number, { pain, sleep }: { readonly pain: number; readonly sleep: number }): number | undefined {
    const felt = clamp(Math.round(pain), 0, 10);
    const able = sleep < 0.5 || felt >= WAKES;
    const changed = Math.abs(felt - this.#last) >= 2 && at - this.#lastAt >= 10 * MINUTE;
    if (!able || !(at >= this.#next || changed)) return undefined;
    this.#last = felt;
    this.#lastAt = at;
    this.#next = at + within(this.#random, untilNext(felt)) * MINUTE;
    return felt;
  }
}
