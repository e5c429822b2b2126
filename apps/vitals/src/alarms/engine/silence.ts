/** A patient of whom nothing is heard. On log time: nothing comes that could bear an event time. */

import type { Outcome } from '../evaluation/outcome.ts';
import { judgeSilence } from '../evaluation/silence.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import { indexOf } from './rules.ts';
import { judge, maxGapOf } from './verdicts.ts';
import type { Work } from './work.ts';

/** Notes that a reading has arrived from a device that sends every `interval` ms. */
export function hear(work: Work, interval: number): void {
  const { state, around } = work;
  state.l = around.logTime;
  state.x = interval;
  arm(work);
  const rule = indexOf(work.around.rules).silence;
  if (rule !== undefined) tell(work, { rule, at: around.logTime, missing: [], status: 'inside', since: undefined });
}

/** Lets the time pass at which a silence has to be looked at. */
export function passSilence(work: Work): void {
  const { state, around } = work;
  const rule = indexOf(work.around.rules).silence;
  const { l: heard } = state;
  const severity =
    rule === undefined || heard === undefined ? undefined : judgeSilence(rule, around.logTime - heard, intervalOf(work)).severity;
  arm(work);
  const level = rule?.levels.find((each) => each.severity === severity);
  if (rule === undefined || heard === undefined || level === undefined) return;
  tell(work, {
    rule,
    at: around.logTime,
    missing: [],
    status: 'satisfied',
    severity: level.severity,
    since: heard,
    values: {},
    limit: level.limit,
    confidence: 'good',
    points: undefined,
    confirm: false,
    rising: undefined,
  });
}

/** Sets when silence has to be looked at next. */
export function arm(work: Work): void {
  const { state, around } = work;
  const { l: heard } = state;
  delete state.s;
  const rule = indexOf(work.around.rules).silence;
  if (rule === undefined || heard === undefined) return;
  const { next } = judgeSilence(rule, around.logTime - heard, intervalOf(work));
  if (next !== undefined) state.s = heard + next;
}

function tell(work: Work, outcome: Outcome): void {
  judge(work, outcome, { maxGap: maxGapOf(intervalOf(work)), good: true, byLogTime: true });
}

function intervalOf({ state }: Work): number {
  return state.x ?? MINUTE;
}
