/** What comes due by log time. Whatever is due happens before the input that finds it so, whether its timer was heard or not. */

import type { Alarm } from '../machine/alarm.ts';
import { CRITICAL, REMINDS_AFTER, stateOf } from '../machine/alarm.ts';
import { pages } from './members.ts';
import { page, passDeadline } from './paging.ts';
import { passSilence } from './silence.ts';
import type { Work } from './work.ts';
import { ruleOf } from './rules.ts';
import { give } from './work.ts';

/** Name of the one timer of a patient. */
export const ALARM_TIMER = 'alarms';

/** Something that comes due. */
interface Due {
  /** ms of log time. */
  readonly at: number;
  pass(): void;
}

/** Lets everything pass that is due by now: what alarms wait for first and together, so that people are called once for all of it. */
export function passDue(work: Work): void {
  const isDue = ({ at }: Due) => at <= work.around.logTime;
  for (;;) {
    const ofAlarms = alarmDues(work).filter(isDue);
    const due = ofAlarms.length > 0 ? ofAlarms : deadlines(work).filter(isDue);
    if (due.length === 0) return;
    for (const each of due) each.pass();
    page(work);
  }
}

/** Log time at which something comes due next, ms. */
export function nextDueTime(work: Work): number | undefined {
  const times = [...alarmDues(work), ...deadlines(work)].map(({ at }) => at);
  return times.length === 0 ? undefined : Math.min(...times);
}

function alarmDues(work: Work): readonly Due[] {
  const { state } = work;
  const dues: Due[] = state.s === undefined ? [] : [{ at: state.s, pass: () => passSilence(work) }];
  for (const alarm of state.a) dues.push(...duesOf(alarm, work));
  return dues;
}

function deadlines(work: Work): readonly Due[] {
  const { e: clinical, t: technical } = work.state;
  const dues: Due[] = [];
  if (clinical?.d !== undefined) dues.push({ at: clinical.d, pass: () => passDeadline('clinical', work) });
  if (technical?.d !== undefined) dues.push({ at: technical.d, pass: () => passDeadline('technical', work) });
  return dues;
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
  work.isChanged = true;
  if (stateOf(alarm) === 'active' && pages(ruleOf(alarm.c, work.around), alarm.v))
    work.events.push({ alarm, kind: 'reminds', wasMember: true, called: -1 });
}
