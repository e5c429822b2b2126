/** A reading as the alarms see it. */

import type { Lateness } from '../alarms/engine/index.ts';
import type { HeldReading, Reading } from '../contracts/reading.ts';
import { isNotWorn } from '../domain/quality/device-checks.ts';
import { isDoubtful } from '../domain/quality/doubt.ts';
import type { Grade } from '../domain/quality/grade.ts';
import type { AlarmStep } from './alarms.ts';
import type { PatientState } from './state.ts';

/** A reading as an input of the alarms. */
export function stepOf(
  reading: Reading | HeldReading,
  { patient, grade, late }: { readonly patient: PatientState; readonly grade: Grade; readonly late: Lateness },
): AlarmStep {
  const { device, received, vitals, battery, signal } = reading;
  // A fast clock must not make the other devices of the patient late; and the time stamp of what is held may be the very reason why it is.
  const at = late === 'held' ? received : Math.min(reading.at, received);
  const isStored = reading.kind === 'reading' && late !== 'held';
  return {
    patient: reading.patient,
    known: reading.kind === 'reading' || reading.patient_known,
    correlation: reading.correlation,
    device,
    vitals,
    reading: isStored ? reading.id : null,
    quarantine: null,
    confidence: reading.confidence,
    state: patient,
    at,
    input: {
      kind: 'reading',
      late,
      received,
      reading: {
        device,
        at,
        vitals,
        lowConfidence: isDoubtful(reading, grade),
        notWorn: isNotWorn(reading),
        findings: grade.findings,
        battery,
        signal,
      },
    },
  };
}
