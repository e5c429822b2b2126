/** From the outcomes of evaluation to inputs of the machine. Event time alone; all that needs to be remembered stands in the alarm. */

import { rankOf } from '../../domain/severity.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import type { Inside, Outcome, Satisfied } from '../evaluation/outcome.ts';
import type { Alarm } from '../machine/alarm.ts';
import { stateOf } from '../machine/alarm.ts';
import type { MachineInput } from '../machine/table.ts';
import type { Told, Work } from './work.ts';
import { give, noteBreach } from './work.ts';

/** How outcomes were come by. */
export interface Source extends Omit<Told, 'outcome' | 'by' | 'note' | 'until'> {
  /** ms: a longer time between two readings says nothing of what was between. */
  readonly maxGap: number;
  /** The reading is of good quality. */
  readonly good: boolean;
}

/** Expected intervals that a stretch may leave out (clinical reference, sections 2 and 3). */
const GAP_INTERVALS = 3;
/**
 * ms*: how long a condition that is no floor may hold in readings of low confidence alone before it alarms nevertheless: motion and a loose
 * contact are over by then, and a bracelet that is never sure of itself must not keep its patient without alarms.
 */
const UNBACKED_UP_TO = 10 * MINUTE;

/** The longest time, ms, between two readings of a stretch, of a device that sends every `interval` ms. */
export function maxGapOf(interval: number): number {
  return GAP_INTERVALS * interval;
}

/** Gives an outcome to the machine of its rule. */
export function judge(work: Work, outcome: Outcome, { maxGap, good, ...told }: Source): void {
  const { code } = outcome.rule;
  const alarm = work.state.a.find(({ c }) => c === code);
  // So it is with nearly all rules at nearly all readings.
  if (alarm === undefined && outcome.status !== 'satisfied' && outcome.status !== 'pending') return;
  const input = inputOf(outcome, alarm, { maxGap, good });
  give(work, code, { input, outcome, ...told });
  const now = work.state.a.find(({ c }) => c === code);
  if (now === undefined) return;
  if (good && stateOf(now) === 'pending') now.b = 1;
  if (!isOpen(now)) return;
  if (outcome.status === 'satisfied' || outcome.status === 'pending') now.h = 1;
  // A stored reading of good standing has raised it too.
  if (outcome.status === 'satisfied' && told.uncertain !== true) delete now.g;
  if (outcome.status === 'satisfied') noteBreach(work, now, outcome);
}

function inputOf(outcome: Outcome, alarm: Alarm | undefined, source: Pick<Source, 'maxGap' | 'good'>): MachineInput {
  switch (outcome.status) {
    case 'satisfied':
      if (alarm !== undefined) delete alarm.i;
      return holding(outcome, alarm, source);
    case 'pending':
      if (alarm !== undefined) delete alarm.i;
      return 'pending';
    case 'between':
      if (alarm !== undefined) {
        delete alarm.i;
        delete alarm.h;
      }
      return 'between';
    case 'inside':
      return alarm === undefined ? 'inside' : insideFor(outcome, alarm, source);
    case 'unknown':
      return 'unknown';
  }
}

function isOpen(alarm: Alarm): boolean {
  const state = stateOf(alarm);
  return state === 'unconfirmed' || state === 'active' || state === 'acknowledged';
}

function holding(outcome: Satisfied, alarm: Alarm | undefined, { good }: Pick<Source, 'good'>): MachineInput {
  const { at, since, confirm, severity, rule } = outcome;
  if (alarm === undefined || !isOpen(alarm)) {
    if (!good && alarm?.b !== 1 && needsBacking(outcome)) return 'pending';
    return confirm && since >= at ? 'doubtful' : 'holds';
  }
  // The same reading again, because another took its place before it, is no second breach.
  if (stateOf(alarm) === 'unconfirmed' && confirm && since >= at && at <= (alarm.q?.[0] ?? at)) return 'doubtful';
  const rank = rankOf(severity);
  if (rank >= alarm.v) delete alarm.x;
  if (rank > alarm.v) return 'graver';
  if (rank === alarm.v || !good) return 'holds';
  alarm.x ??= at;
  if (at - alarm.x < rule.offDelay) return 'holds';
  delete alarm.x;
  return 'lesser';
}

/**
 * Whether readings of low confidence alone may not open the alarm yet. Floors have rules of their own for them, and technical rules are about
 * nothing else.
 */
function needsBacking({ at, since, rule }: Satisfied): boolean {
  return rule.kind !== 'technical' && rule.family !== 'floor' && at - since < UNBACKED_UP_TO;
}

/** Evaluation forgets since when, once the off-delay is over; and where it never knew, as after late data, it is counted here. */
function insideFor({ at, since, rule }: Inside, alarm: Alarm, { maxGap }: Pick<Source, 'maxGap'>): MachineInput {
  if (!isOpen(alarm)) return 'inside';
  delete alarm.h;
  const last = alarm.i;
  const from = since ?? (last !== undefined && at - last[1] <= maxGap ? Math.min(last[0], at) : at);
  alarm.i = [from, Math.max(at, last?.[1] ?? at)];
  return at - from >= rule.offDelay ? 'recovered' : 'inside';
}
