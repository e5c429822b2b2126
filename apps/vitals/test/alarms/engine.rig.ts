/** Drives the alarm engine as the task does: timers fire at their log time, and the state is written and read between any two inputs. */

import type { Vitals } from '../../src/contracts/reading.ts';
import type { EffectiveRules } from '../../src/alarms/effective.ts';
import type {
  ActionInput,
  ActionName,
  Actor,
  AlarmInput,
  AlarmState,
  Around,
  Call,
  Lateness,
  Refusal,
  Transition,
} from '../../src/alarms/engine/index.ts';
import { advance, newAlarmState } from '../../src/alarms/engine/index.ts';
import type { AlarmReading } from '../../src/alarms/evaluation/state.ts';
import { BEGIN, reading, rulesOf, SECOND } from './rig.ts';
import type { Who } from './rig.ts';

export const CAREGIVER: Actor = { person: 'caregiver', role: 'caregiver' };
/** Only these rules, so that a story is about them. */
export function only(codes: readonly string[], who: Who = {}): EffectiveRules {
  const all = rulesOf(who);
  return { ...all, rules: all.rules.filter(({ code }) => codes.includes(code)) };
}

export const CLINICIAN: Actor = { person: 'clinician', role: 'clinician' };

/** A patient whose alarms are being played. Seconds are those since the beginning, of both clocks unless told. */
export class Ward {
  state: AlarmState = newAlarmState();
  rules: EffectiveRules;
  audience: number | undefined;
  now = BEGIN;
  due: number | null = null;
  readonly transitions: Transition[] = [];
  readonly calls: Call[] = [];
  readonly refusals: Refusal[] = [];
  readonly armed: number[] = [];

  constructor(rules: EffectiveRules = rulesOf()) {
    this.rules = rules;
  }

  /** Lets log time pass up to `seconds`, with the timers that come due. */
  until(seconds: number): this {
    this.#passTo(BEGIN + seconds * SECOND);
    return this;
  }

  /** A reading that arrives when it is taken, unless `received` (seconds) says otherwise. */
  add(each: AlarmReading, { late = 'live', received }: { late?: Lateness; received?: number } = {}): this {
    const at = received === undefined ? Math.max(each.at, this.now) : BEGIN + received * SECOND;
    this.#passTo(at);
    this.input({ kind: 'reading', reading: each, late, received: at });
    return this;
  }

  /** Readings of the same vital signs from `from` to `to`, each 30 s. */
  steady(vitals: Vitals, [from, to]: readonly [from: number, to: number], more: Partial<AlarmReading> = {}): this {
    for (let at = from; at <= to; at += 30) this.add(reading(at, vitals, more));
    return this;
  }

  /** A person, a clinician unless told, acts on the alarm of a rule. */
  act(action: ActionName, rule: string, more: Partial<ActionInput> = {}): this {
    this.input({ kind: 'action', action, alarm: this.idOf(rule), by: CLINICIAN, ...more });
    return this;
  }

  /** The id of the last alarm of a rule. */
  idOf(rule: string): string {
    return this.transitions.findLast((each) => each.rule === rule)?.alarm ?? 'none';
  }

  /** The state of the last alarm of a rule, as people see it. */
  stateOf(rule: string): string {
    return this.transitions.findLast((each) => each.rule === rule)?.to ?? 'none';
  }

  /** Calls as `reason@seconds:level`. */
  get told(): string[] {
    return this.calls.map(({ reason, logTime, level }) => `${reason}@${(logTime - BEGIN) / SECOND}:${level}`);
  }

  /** States of a rule in their order, as people see them. */
  courseOf(rule: string): string[] {
    return this.transitions.filter((each) => each.rule === rule).map(({ to }) => to);
  }

  input(input: AlarmInput): void {
    this.state = JSON.parse(JSON.stringify(this.state)) as AlarmState;
    const effects = advance(this.state, input, this.around());
    this.transitions.push(...effects.transitions);
    this.calls.push(...effects.calls);
    this.refusals.push(...effects.refusals);
    for (const { due } of effects.timers) {
      this.due = due;
      if (due !== null) this.armed.push(due);
    }
  }

  around(): Around {
    return {
      rules: this.rules,
      logTime: this.now,
      newId: (...parts) => parts.join('/'),
      ...(this.audience === undefined ? {} : { audience: this.audience }),
    };
  }

  #passTo(time: number): void {
    while (this.due !== null && this.due <= time) {
      this.now = Math.max(this.now, this.due);
      this.due = null;
      this.input({ kind: 'timer', name: 'alarms' });
    }
    this.now = Math.max(this.now, time);
  }
}
