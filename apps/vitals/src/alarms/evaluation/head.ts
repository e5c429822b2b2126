/**
 * What follows from a history, kept beside it in memory: above all the head, which is the fold at its newest reading. It is found from what is
 * settled and the readings that wait, and stands as long as readings come in order; then the next one is a single step from it. It holds
 * nothing that is not found again from the history, so nothing changes where it is lost.
 */

import type { EffectiveRules } from '../effective.ts';
import type { DeviceView } from './devices.ts';
import { courseOf, step } from './fold.ts';
import type { Course } from './fold.ts';
import type { Plan } from './plan.ts';
import { planOf } from './plan.ts';
import { entryLength, historyBound, historyLength, longestNumber, longestSettled } from './size.ts';
import type { AlarmHistory, Entry } from './state.ts';
import { cloneFold } from './state.ts';
import type { Telling } from './telling.ts';

/** What is kept beside a history. */
export interface Beside {
  readonly rules: EffectiveRules;
  readonly plan: Plan;
  readonly settled: Course;
  /** The readings that wait, and how many of them there were after the last one. */
  readonly queue: readonly Entry[];
  waiting: number;
  /** Their characters as JSON. */
  length: number;
  /** Characters of the longest number that waits, is settled, or was. */
  longest: number;
  /** What is settled has trackers of rules that are not in force. */
  others: boolean;
  head: Course | undefined;
}

const BESIDE = new WeakMap<AlarmHistory, Beside>();

/** What is kept beside `history`, made anew where it does not stand any more. */
export function besideOf(history: AlarmHistory, rules: EffectiveRules): Beside {
  const known = BESIDE.get(history);
  if (known !== undefined && known.rules === rules && stands(known, history)) return known;
  const plan = planOf(rules);
  const { s, q } = history;
  const beside: Beside = {
    rules,
    plan,
    settled: courseOf(s, plan),
    queue: q,
    waiting: q.length,
    length: q.reduce((sum, entry) => sum + entryLength(entry), 0),
    longest: q.reduce((longest, entry) => Math.max(longest, longestNumber(entry)), longestSettled(history)),
    others: Object.keys(s.r).some((code) => !plan.codes.has(code)),
    head: undefined,
  };
  BESIDE.set(history, beside);
  return beside;
}

/** Forgets what is kept beside `history`. */
export function forgetBeside(history: AlarmHistory): void {
  BESIDE.delete(history);
}

/** A history is only changed here; whoever puts something else in it gets the same as after a reload. */
function stands({ settled, queue, waiting }: Beside, { s, q }: AlarmHistory): boolean {
  return settled.fold === s && queue === q && waiting === q.length;
}

/** Counts a reading that is added to those that wait. */
export function countAdded(beside: Beside, entry: Entry): void {
  beside.length += entryLength(entry);
  beside.longest = Math.max(beside.longest, longestNumber(entry));
}

/** Whether the history is longer than so many characters as JSON. */
export function isLonger(beside: Beside, history: AlarmHistory, limit: number): boolean {
  const { settled, plan } = beside;
  let trackers = 0;
  for (const tracker of settled.trackers) if (tracker !== undefined) trackers += 1;
  const extent = { queue: beside.length, trackers, code: plan.longestCode, number: beside.longest };
  if (!beside.others && historyBound(history, extent) <= limit) return false;
  return historyLength(history, beside.length) > limit;
}

/** Takes the head to the newest reading that waits, which is the last one of `queue`, and tells its outcomes; `inOrder` where only that is new. */
export function advance(beside: Beside, inOrder: boolean, telling: Telling): DeviceView | undefined {
  const { plan, queue } = beside;
  const last = queue.at(-1);
  if (last === undefined) return undefined;
  let { head } = beside;
  if (head === undefined || !inOrder) {
    head = courseOf(cloneFold(beside.settled.fold), plan);
    for (let i = 0; i < queue.length - 1; i += 1) {
      const entry = queue[i];
      if (entry !== undefined) step(head, entry, { plan, telling: undefined });
    }
    beside.head = head;
  }
  return step(head, last, { plan, telling });
}
