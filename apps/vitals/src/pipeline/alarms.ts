/**
 * The alarm engine in the task: what is remembered is brought up to date, the input goes through the engine, and what comes of it is
 * written. Live readings, actions, timers and changes of reference data are its inputs; imports are not, since nobody is called for them.
 *
 * | input                                   | `p/` (large)             | `t/` (small)                    |
 * |-----------------------------------------|--------------------------|---------------------------------|
 * | a reading in order that changes nothing | not written              | the reading is added            |
 * | the same, and `t/` is full              | written                  | readings dropped                |
 * | any other                               | written                  | readings dropped                |
 * | loading                                 | read                     | its readings are put through it |
 */

import type { TaskContext } from '@kidjamo/stream';

import { newBaseline, personalBaseline } from '../alarms/baseline.ts';
import { CATALOGUE } from '../alarms/catalogue/catalogue.ts';
import type { EffectiveRules } from '../alarms/effective.ts';
import { RuleBook } from '../alarms/effective.ts';
import type { AlarmEffects, AlarmInput, AlarmState } from '../alarms/engine/index.ts';
import { advance, ALARM_TIMER, newAlarmState } from '../alarms/engine/index.ts';
import { packReading, unpackReading } from '../alarms/journal.ts';
import { ageAt } from '../domain/age.ts';
import { deterministicId } from '../domain/ids.ts';
import { writeEffects } from './alarm-rows.ts';
import type { AlarmSource } from './alarm-told.ts';
import { close } from './alerting.ts';
import type { AlarmTail, PatientState } from './state.ts';
import { patientKey, tailKey } from './state.ts';

/** Readings that `t/` holds at the most: what is remembered is some 8 KB, and a reading some 100 bytes, so that this writes least. */
const TAIL = 24;
const NOTHING_LEARNED = newBaseline();
/** Sets of rules kept ready: one for each band, genotype, baseline and override in use. */
const RULE_SETS = 1024;

/** One input for the alarms of a patient. */
export interface AlarmStep extends AlarmSource {
  /** As named by {@link patientKey}; put when it has to be. */
  readonly state: PatientState;
  readonly input: AlarmInput;
  /** Event time for which the rules are wanted, ms. */
  readonly at: number;
  /** Writes what has to stand before the effects. */
  readonly before?: (effects: AlarmEffects) => void;
}

/** The alarms of all patients of a task. */
export class Alarms {
  readonly #book = new RuleBook(CATALOGUE, RULE_SETS);

  /** Takes an input in, and writes what comes of it. Puts both states where they changed. */
  take(step: AlarmStep, context: TaskContext): void {
    const { patient, state, input, at } = step;
    const tail = context.get<AlarmTail>(tailKey(patient)) ?? { f: state.u ?? 0, e: [] };
    const remembered = this.#catchUp(patient, state, tail);
    const rules = this.#rulesOf(state, at);
    const effects = advance(remembered, input, { rules, logTime: context.logTime, newId: idsOf(patient) });
    state.u = (state.u ?? 0) + 1;
    // What is live takes the place of what was imported.
    for (const { rule, to } of effects.transitions) {
      if (to === 'active') close(rule, state, { status: 'superseded', patientId: step.known ? patient : null, context });
    }
    step.before?.(effects);
    writeEffects({ ...step, effects, rules }, tail, context);
    arm(step, { tail, effects }, context);
    if (input.kind === 'reading' && isQuiet(step, effects) && tail.e.length < TAIL) {
      tail.e.push(packReading({ reading: input.reading, received: input.received, logTime: context.logTime }));
    } else {
      tail.f = state.u;
      tail.e = [];
      context.put(patientKey(patient), state);
    }
    context.put(tailKey(patient), tail);
  }

  /**
   * Changes something of a patient on which the rules depend; `change` answers whether it did. What came before is judged by the rules of
   * before, though it may only now be put through the engine once more. What is open is looked at by those of after.
   */
  changeRules(
    { patient, correlation }: Pick<AlarmSource, 'patient' | 'correlation'>,
    change: (state: PatientState) => boolean,
    context: TaskContext,
  ): void {
    const key = patientKey(patient);
    const state = context.get<PatientState>(key) ?? {};
    const tail = context.get<AlarmTail>(tailKey(patient));
    if (tail !== undefined) this.#catchUp(patient, state, tail);
    if (!change(state)) return;
    context.put(key, state);
    if (state.z === undefined) return;
    this.take({ ...noReading(patient, correlation), state, at: context.logTime, input: { kind: 'rules' } }, context);
  }

  /** Puts the readings that came since what is remembered was written through the engine once more. They called nobody and changed no alarm. */
  #catchUp(patient: string, state: PatientState, tail: AlarmTail): AlarmState {
    const remembered = (state.z ??= newAlarmState());
    for (const packed of tail.e.slice(Math.max(0, (state.u ?? 0) - tail.f))) {
      const { reading, received, logTime } = unpackReading(packed);
      const rules = this.#rulesOf(state, reading.at);
      advance(remembered, { kind: 'reading', reading, received, late: 'live' }, { rules, logTime, newId: idsOf(patient) });
      state.u = (state.u ?? 0) + 1;
    }
    return remembered;
  }

  #rulesOf({ b: birthDate, g: genotype, v: overrides = [], z: remembered }: PatientState, at: number): EffectiveRules {
    const baseline = personalBaseline(remembered?.h?.b ?? NOTHING_LEARNED, genotype)?.value;
    return this.#book.of({ age: ageAt(birthDate, at), genotype, baseline, overrides, now: at });
  }
}

function idsOf(patient: string): (kind: string, ...parts: string[]) => string {
  return (kind, ...parts) => deterministicId(kind, patient, ...parts);
}

/** A reading in order that no alarm and nobody is told of. */
function isQuiet({ input }: AlarmStep, { transitions, calls }: AlarmEffects): boolean {
  return input.kind === 'reading' && input.late === 'live' && transitions.length === 0 && calls.length === 0;
}

/** Nearly every reading puts off when silence has to be looked at. A timer that comes too early costs little, and is armed anew then. */
function arm({ patient, input }: AlarmStep, { tail, effects }: { tail: AlarmTail; effects: AlarmEffects }, context: TaskContext): void {
  if (input.kind === 'timer') delete tail.w;
  for (const { due } of effects.timers) {
    if (due === null || (tail.w !== undefined && tail.w <= due)) continue;
    tail.w = due;
    context.arm(patientKey(patient), ALARM_TIMER, due);
  }
}

/** The source of an input that is no reading. */
export function noReading(patient: string, correlation: string): AlarmSource {
  return { patient, known: true, correlation, device: null, vitals: undefined, reading: null, quarantine: null };
}
