/** What comes due by log time. Whatever is due happens before the input that finds it so, whether its timer was heard or not. */

import type { Alarm } from '../machine/alarm.ts';
import { CRITICAL, REMINDS_AFTER, stateOf } from '../machine/alarm.ts';
import { pages } from './members.ts';
import { page, passDeadline } from './paging.ts';
import { passSilence } from './silence.ts';
import type { Work } from './work.ts';
import { give, ruleOf } from './work.ts';

/** Name of the one timer of a patient. */
export const ALARM_TIMER = 'alarms';

/** Something that comes due. */
interface Due {
  /** ms of log time. */
  readonly at: number;
  pass(): void;
}

/** Lets everything pass that is due by now, in its order. */
export function passDue(work: Work): void {
  for (let due = nextDue(work); due !== undefined && due.at <= work.around.logTime; due = nextDue(work)) {
    due.pass();
    page(work);
  }
}

/** Log time at which something comes due next, ms. */
export function nextDueTime(work: Work): number | undefined {
  return nextDue(work)?.at;
}

/** The earliest; of equals the first, so that alarms change before anybody is called for them. */
function nextDue(work: Work): Due | undefined {
  let next: Due | undefined;
  for (const due of dues(work)) if (next === undefined || due.at < next.at) next = due;
  return next;
}

function* dues(work: Work): Generator<Due> {
  const { state } = work;
  if (state.s !== undefined) yield { at: state.s, pass: () => passSilence(work) };
  for (const alarm of state.a) yield* duesOf(alarm, work);
  if (state.e?.d !== undefined) yield { at: state.e.d, pass: () => passDeadline('clinical', work) };
  if (state.t?.d !== undefined) yield { at: state.t.d, pass: () => passDeadline('technical', work) };
}

function* duesOf(alarm: Alarm, work: Work): Generator<Due> {
  const { c, q, k, v, h, z } = alarm;
  if (q !== undefined && q[1] > 0) yield { at: q[1], pass: () => void give(work, c, { input: 'confirm_due' }) };
  const isReminded = k !== undefined && h === 1 && v >= CRITICAL && stateOf(alarm) === 'acknowledged' && pages(ruleOf(c, work.around), v);
  if (isReminded) yield { at: k + REMINDS_AFTER, pass: () => void give(work, c, { input: 'still_true' }) };
  if (z !== undefined) yield { at: z, pass: () => endSnooze(alarm, work) };
}

/** What nobody has seen calls again when the time for which it was put off is over. */
function endSnooze(alarm: Alarm, work: Work): void {
  delete alarm.z;
  delete alarm.u;
  if (stateOf(alarm) === 'active' && pages(ruleOf(alarm.c, work.around), alarm.v))
    work.events.push({ alarm, kind: 'reminds', wasMember: true, called: -1 });
}
