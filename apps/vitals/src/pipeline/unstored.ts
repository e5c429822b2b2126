/** Readings that are not stored: those that wait in quarantine, and those that contradict a stored one. Their floors are checked all the same. */

import type { TaskContext } from '@kidjamo/stream';

import type { HeldReading, Reading } from '../contracts/reading.ts';
import { ageAt } from '../domain/age.ts';
import { breaches } from '../domain/floors.ts';
import type { CheckContext } from '../domain/quality/check.ts';
import { isNotWorn } from '../domain/quality/device-checks.ts';
import type { Grade } from '../domain/quality/grade.ts';
import { gradeReading } from '../domain/quality/grade.ts';
import { NO_HISTORY } from '../domain/quality/trail.ts';
import type { Rule } from '../domain/rule.ts';
import { ASSIGNMENT_RULES, isAssignmentReason } from '../domain/technical.ts';
import { stepOf } from './alarm-step.ts';
import type { Alarms } from './alarms.ts';
import { raise } from './alerting.ts';
import type { PatientState } from './state.ts';
import { patientKey } from './state.ts';

/** Nothing to compare a reading with. */
const ALONE: CheckContext = {
  history: NO_HISTORY,
  sameSecond: false,
  sameInstantElsewhere: false,
  firstOfDevice: false,
  allowedFirmware: undefined,
};

/** A reading that is not stored, with what is known of it. */
interface Unstored {
  readonly quarantine: string;
  readonly technical: readonly Rule[];
  readonly grade: Grade;
  readonly alarms: Alarms;
}

/** Checks a reading that waits in quarantine: its floors, and whether it waits for somebody to assign its device. */
export function processHeld(held: HeldReading, alarms: Alarms, context: TaskContext): void {
  context.count('held');
  const grade = gradeReading(held, ALONE);
  for (const name of grade.findings) context.count(`check.${name}`);
  const technical = isAssignmentReason(held.reason) ? [ASSIGNMENT_RULES[held.reason]] : [];
  raiseUnstored(held, { quarantine: held.quarantine, technical, grade, alarms }, context);
}

/** Checks the floors of a reading that contradicts a stored one. */
export function checkConflict(
  reading: Reading,
  { quarantine, alarms }: { readonly quarantine: string; readonly alarms: Alarms },
  context: TaskContext,
): void {
  raiseUnstored(reading, { quarantine, technical: [], grade: gradeReading(reading, ALONE), alarms }, context);
}

/** Raises the breaches of a reading that is not stored, those of floors marked uncertain. */
function raiseUnstored(reading: Reading | HeldReading, { quarantine, technical, grade, alarms }: Unstored, context: TaskContext): void {
  const isBreach = !isNotWorn(reading) && breaches(reading.vitals).length > 0;
  if (!isBreach && technical.length === 0) return;
  const key = patientKey(reading.patient);
  const patient = context.get<PatientState>(key) ?? {};
  if (isBreach) alarms.take({ ...stepOf(reading, { patient, grade, late: 'held' }), quarantine }, context);
  if (technical.length > 0) {
    const breach = { reading, rules: technical, at: reading.received, age: ageAt(patient.b, reading.received), quarantine };
    raise({ breach, patient, context }, () => false);
  }
  context.put(key, patient);
}
