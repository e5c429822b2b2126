/** An alarm as it is remembered, and what an input makes of it. Which state follows, and what else happens, says the table alone. */

import type { Severity } from '../../contracts/reading.ts';
import { SEVERITIES } from '../../contracts/reading.ts';
import { MINUTE, SECOND } from '../catalogue/numbers.ts';
import type { MachineEffect, MachineInput, MachineState } from './table.ts';
import { MACHINE, MACHINE_STATES } from './table.ts';

/** ms* of log time: a doubtful breach without a good normal reading calls after it (clinical reference, section 1). */
export const CONFIRMS_AFTER = 60 * SECOND;
/** ms* of log time: an acknowledged critical that is still true calls again (clinical reference, section 3). */
export const REMINDS_AFTER = 30 * MINUTE;

/** Place of `critical` on the scale. */
export const CRITICAL = SEVERITIES.indexOf('critical');

/** What is remembered of an alarm, as JSON. Times are ms. Names are short because it is written with every batch. */
export interface Alarm {
  /** Code of the rule. */
  c: string;
  /** State, by its place in MACHINE_STATES. */
  s: number;
  /** Number of the alarm among those of the patient; its id follows from it. */
  n: number;
  /** Severity now, by its place on the scale. */
  v: number;
  /** The gravest severity that nobody has seen yet: that is what people are called for, however it falls. */
  p: number;
  /** The condition held when it was last known. */
  h?: 1;
  /** People were called for it. */
  u?: 1;
  /** Only readings in quarantine have raised it so far. */
  g?: 1;
  /** Pending, and a reading of good quality is among those that satisfied it. */
  b?: 1;
  /** Back inside: event times of the first and the last reading. */
  i?: [since: number, last: number];
  /** Event time since when it has held at a lesser severity only. */
  x?: number;
  /** Event time of the first doubtful breach, and log time at which it is confirmed; 0 when a good reading was normal since. */
  q?: [at: number, due: number];
  /** Log time of the acknowledgement. */
  k?: number;
  /** Log time up to which it calls nobody. */
  z?: number;
}

/** What an input brings along. */
export interface Facts {
  readonly logTime: number;
  /** Severity of the verdict, by its place on the scale. */
  readonly rank?: number | undefined;
  /** Event time of the reading, ms. */
  readonly at?: number | undefined;
  /** Number for an alarm that is opened. */
  readonly serial: number;
  /** Log time up to which it is snoozed. */
  readonly until?: number | undefined;
}

/** What an input did to an alarm. */
export interface Turn {
  readonly input: MachineInput;
  readonly from: MachineState;
  readonly to: MachineState;
  readonly effects: readonly MachineEffect[];
  /** Severity before; undefined for an alarm that is new. */
  readonly before: Severity | undefined;
}

/** The state of an alarm. */
export function stateOf({ s }: Pick<Alarm, 's'>): MachineState {
  return MACHINE_STATES[s] ?? 'none';
}

/** An alarm of a rule that has nothing to tell yet. */
export function noAlarm(code: string): Alarm {
  return { c: code, s: 0, n: 0, v: 0, p: 0 };
}

/** Gives `input` to an alarm, which is changed in place. */
export function turn(alarm: Alarm, input: MachineInput, facts: Facts): Turn | 'refused' {
  const from = stateOf(alarm);
  const cell = MACHINE[from][input];
  if (cell === 'refused') return cell;
  const isNew = cell.effects.includes('opens');
  const before = from === 'none' || isNew ? undefined : severityAt(alarm.v);
  if (isNew) begin(alarm, facts);
  for (const effect of cell.effects) apply(effect, alarm, facts);
  // What was seen may fall, and what rises from there is seen no more; what nobody has seen stays as grave as it was.
  if (from === 'acknowledged') alarm.p = alarm.v;
  alarm.s = MACHINE_STATES.indexOf(cell.to);
  // What is no more open is only remembered to have been.
  if (cell.to === 'resolved' || cell.to === 'auto_resolved') forget(alarm);
  else if (cell.to !== from) delete alarm.x;
  if (cell.to === 'cleared' || cell.to === 'unconfirmed_cleared') delete alarm.i;
  if (cell.to !== 'unconfirmed') delete alarm.q;
  if (cell.to !== 'pending') delete alarm.b;
  return { input, from, to: cell.to, effects: cell.effects, before };
}

/** The severity at a place on the scale. */
export function severityAt(rank: number): Severity {
  return SEVERITIES[rank] ?? 'critical';
}

function begin(alarm: Alarm, { serial }: Facts): void {
  forget(alarm);
  alarm.n = serial;
  alarm.v = 0;
  alarm.p = 0;
}

function forget(alarm: Alarm): void {
  delete alarm.h;
  delete alarm.u;
  delete alarm.g;
  delete alarm.i;
  delete alarm.x;
  delete alarm.q;
  delete alarm.k;
  delete alarm.z;
}

function apply(effect: MachineEffect, alarm: Alarm, { logTime, rank, at, until }: Facts): void {
  switch (effect) {
    case 'settles':
      alarm.v = rank ?? alarm.v;
      alarm.p = Math.max(alarm.p, alarm.v);
      break;
    case 'doubts':
      alarm.q = [at ?? logTime, logTime + CONFIRMS_AFTER];
      break;
    case 'reassures':
      if (alarm.q !== undefined) alarm.q = [alarm.q[0], 0];
      break;
    case 'sees':
      alarm.k = logTime;
      alarm.p = alarm.v;
      break;
    case 'rises':
    case 'returns':
    case 'reminds':
      delete alarm.u;
      delete alarm.k;
      break;
    case 'snoozes':
      if (until !== undefined) alarm.z = until;
      break;
    case 'opens':
    case 'raises':
    case 'informs':
    case 'logs':
      break;
  }
}
