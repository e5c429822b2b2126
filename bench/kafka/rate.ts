/** How fast something consumed, from looks at how far it had come. */

import { slope } from '../report/statistics.ts';

/** How many readings were committed at a time, s. */
export interface Look {
  readonly at: number;
  readonly done: number;
}

/** Parts of the whole between which it is in full swing: programs are warm, and every partition still has records. */
const FROM = 0.25;
const TO = 0.85;

/** Readings/s from `began` (s) to the look at which all of `total` were committed. NaN where they never were. */
export function wholeRate(looks: readonly Look[], total: number, began: number): number {
  const end = looks.find(({ done }) => done >= total);
  return end === undefined ? Number.NaN : total / (end.at - began);
}

/**
 * Readings/s in the middle of the run: the slope of the line through the looks. Commits come in steps, and what was processed between the
 * last commit and an end of the stretch would distort a plain difference. `since` (s) leaves out what was before everybody had joined.
 */
export function steadyRate(looks: readonly Look[], total: number, since = Number.NEGATIVE_INFINITY): number {
  const middle = looks.filter(({ at, done }) => at >= since && done >= total * FROM && done <= total * TO);
  return slope(middle.map(({ at, done }) => ({ x: at, y: done })));
}
