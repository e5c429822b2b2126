/** What goes into the alarm engine and what comes out of it. Times are ms since the epoch; event time and log time are never mixed. */

import type { Severity, Vital, Vitals } from '../../contracts/reading.ts';
import type { EffectiveRules } from '../effective.ts';
import type { AlarmReading } from '../evaluation/state.ts';
import type { MachineInput } from '../machine/table.ts';

/**
 * How a reading stands to time (clinical reference, section 3). Whoever hands it in says so, since it depends on its device.
 *
 * - `live`: neither of the others.
 * - `late`: more than 10 min behind the newest of its device, or more than 60 min* behind its receipt. It corrects history and raises
 *   retrospective alarms.
 * - `newest`: late, and yet the newest that is known of the patient. Under 24 h* old and beyond a floor, it alarms, stating its age.
 * - `imported`: history from elsewhere. It pages nobody, and present alarms do not depend on it.
 * - `held`: in quarantine, or in conflict with a stored reading. Its floors alarm at receipt, marked uncertain.
 */
export type Lateness = 'live' | 'late' | 'newest' | 'imported' | 'held';

/** A person who acts on an alarm. */
export interface Actor {
  /** Internal id. */
  readonly person: string;
  readonly role: 'caregiver' | 'clinician' | 'admin';
}

/** What people can do to an alarm. `snooze` is for technical alarms alone. */
export type ActionName = 'acknowledge' | 'comment' | 'resolve' | 'snooze';

/** A reading. Its `lowConfidence` MUST leave flat lines out: 98 % of undisturbed readings have one, and nothing would be confirmed or clear. */
export interface ReadingInput {
  readonly kind: 'reading';
  readonly reading: AlarmReading;
  readonly late: Lateness;
  /** Time of receipt. */
  readonly received: number;
}

/** What a person does. */
export interface ActionInput {
  readonly kind: 'action';
  readonly action: ActionName;
  /** Id of the alarm. */
  readonly alarm: string;
  readonly by: Actor;
  /** Log time up to which a technical alarm is snoozed, 24 h* ahead at most. */
  readonly until?: number;
  readonly note?: string;
}

/** One input. */
export type AlarmInput =
  | ReadingInput
  /** A timer that was armed came due. */
  | { readonly kind: 'timer'; readonly name: string }
  | ActionInput
  /** The patient's rules changed: an override, the genotype, the birth date. */
  | { readonly kind: 'rules' }
  /** A call found nobody of its level: where it is still the last one, the next level is called at once. */
  | { readonly kind: 'unreached'; readonly step: string }
  /** An alert was raised by hand: its id, and when it was, by event time. */
  | { readonly kind: 'manual'; readonly alert: string; readonly severity: Severity; readonly at: number };

/** Clinical and technical alarms are never mixed. */
export type AlarmClass = 'clinical' | 'technical';

/** A state, as people see it. */
export type ShownState = 'none' | 'pending' | 'active' | 'acknowledged' | 'cleared' | 'resolved' | 'auto_resolved' | 'retrospective';

/** Why something changed: the input of the machine, or that the data were late or imported. */
export type TransitionReason = MachineInput | 'late' | 'imported';

/**
 * A change of an alarm, for its row and for the log of its states. A change of severity alone has `from` equal to `to`, and so has a
 * comment. The first of an alarm is that it becomes active, from `none` or from `pending`: that a delay runs is not told.
 */
export interface Transition {
  /** Id of the alarm; the same until it is closed. */
  readonly alarm: string;
  /** Code of the rule, and its version. */
  readonly rule: string;
  readonly version: string;
  readonly class: AlarmClass;
  readonly from: ShownState;
  readonly to: ShownState;
  readonly severity: { readonly before: Severity | undefined; readonly after: Severity };
  readonly reason: TransitionReason;
  /** The values that the rule read, and what it takes, where a verdict is the reason. */
  readonly values: Vitals | undefined;
  readonly limit: string | undefined;
  /** Event time of the first reading of the stretch. */
  readonly since: number | undefined;
  readonly confidence: 'good' | 'low' | undefined;
  /** Points, of a score. */
  readonly points: number | undefined;
  /** Vital signs that the rule reads and that are not known. */
  readonly missing: readonly Vital[];
  /** Event time of the reading; undefined where no reading is the reason. */
  readonly eventTime: number | undefined;
  readonly logTime: number;
  /** Age of the reading at its receipt, ms, where an alarm has to state it. */
  readonly age: number | undefined;
  /** Only readings in quarantine have raised it. */
  readonly uncertain: boolean;
  readonly by: Actor | undefined;
  readonly note: string | undefined;
}

/** Why people are called. */
export type CallReason = 'raised' | 'rise' | 'returned' | 'escalated' | 'repeat' | 'still_true' | 'inform_clinician';

/** One step of an episode: one message to whoever is of the level. */
export interface Call {
  /** Names the step for ever: what is sent under it once is never sent again. */
  readonly step: string;
  readonly episode: string;
  readonly class: AlarmClass;
  /** The gravest of what it is about. */
  readonly severity: Severity;
  /** Level of escalation, from 0. */
  readonly level: number;
  /** Whom it may reach of that level: surroundings alone never reach a clinician. */
  readonly reach: 'caregivers' | 'clinicians';
  readonly reason: CallReason;
  /** Ids of the alarms that it is about. */
  readonly alarms: readonly string[];
  /** Log time by which somebody has to acknowledge; null for a call that only informs. */
  readonly deadline: number | null;
  readonly logTime: number;
}

/** A timer to be armed at log time `due`, or taken away. */
export interface TimerChange {
  readonly name: string;
  readonly due: number | null;
}

/** Why an action was refused. */
export type RefusalReason = 'not_open' | 'not_technical' | 'until_invalid';

/** An action that changes nothing. */
export interface Refusal {
  readonly alarm: string;
  readonly action: ActionName;
  readonly reason: RefusalReason;
  readonly by: Actor;
  readonly logTime: number;
}

/** A reading on which the clinical rule of an alarm holds: one that is open, or one for late data. */
export interface Breach {
  /** Id of the alarm. */
  readonly alarm: string;
  readonly rule: string;
  /** Event time, ms. */
  readonly at: number;
  /** The values that the rule read, and what it takes. */
  readonly values: Vitals;
  readonly limit: string;
  /** Only readings in quarantine have raised it. */
  readonly uncertain: boolean;
}

/** What came of an input, each list in order. */
export interface AlarmEffects {
  readonly transitions: readonly Transition[];
  readonly breaches: readonly Breach[];
  readonly calls: readonly Call[];
  readonly timers: readonly TimerChange[];
  readonly refusals: readonly Refusal[];
}

/** What surrounds an input. */
export interface Around {
  readonly rules: EffectiveRules;
  /** Log time of the input. MUST never decrease. */
  readonly logTime: number;
  /** An id from its parts. MUST depend on them and on the patient alone. */
  readonly newId: (...parts: string[]) => string;
  /** Bits of the levels 0 to 3 that have recipients; all unless told. */
  readonly audience?: number;
}
