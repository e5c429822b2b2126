/** Changes of the rules as the gateway appends them, and what the task made of them. */

import type { Override } from '../../src/alarms/override.ts';
import type { OverrideRevoke, OverrideSet } from '../../src/contracts/reading.ts';
import type { OverrideLogRow, OverrideRow } from '../../src/contracts/rows.ts';
import { deterministicId } from '../../src/domain/ids.ts';
import type { PatientState } from '../../src/pipeline/state.ts';
import { patientKey } from '../../src/pipeline/state.ts';
import type { Rig } from './rig.ts';
import { HOUR, PATIENT, T0 } from './rig.ts';

export const DOCTOR = '00000000-0000-4000-8000-000000000002';
export const DAY = 24 * HOUR;

/** The id of the n-th change of a test. */
export const changeId = (n: number): string => deterministicId('override', n);

/** Another limit for a floor. */
export function limit(changes: { readonly value?: number; readonly from?: number; readonly expires?: number } = {}): Override {
  return {
    ...{ kind: 'limit', rule: 'CRITICAL_SPO2', severity: 'critical', limit: 'spo2', value: 84 },
    ...{ by: DOCTOR, reason: 'saturation habituelle de 86 à 88 %', from: T0, expires: T0 + DAY },
    ...changes,
  };
}

interface When {
  /** Number of the change. */
  readonly n: number;
  readonly at: number;
}

export function set({ n, at }: When, override: Override = limit(), changes: Partial<OverrideSet> = {}): OverrideSet {
  const id = changeId(n);
  return { kind: 'override', op: 'set', id, digest: id, patient: PATIENT, received: at, correlation: 'o', override, ...changes };
}

/** Ends what the change of that number set. */
export function revoke({ n, at }: When, ends: number, changes: Partial<OverrideRevoke> = {}): OverrideRevoke {
  return {
    ...{ kind: 'override', op: 'revoke', id: changeId(n), digest: changeId(n), patient: PATIENT, received: at, correlation: 'o' },
    ...{ override: changeId(ends), by: DOCTOR, reason: 'crise passée' },
    ...changes,
  };
}

/** The rows of overrides as the store has them: the last write of each. */
export function overridesOf(rig: Rig): OverrideRow[] {
  const rows = new Map<string, OverrideRow>();
  for (const row of (rig.context.rows.get('patient_rule_overrides') ?? []) as OverrideRow[]) rows.set(row.override_id, row);
  return [...rows.values()];
}

export function changesOf(rig: Rig): OverrideLogRow[] {
  return (rig.context.rows.get('patient_rule_override_logs') ?? []) as OverrideLogRow[];
}

/** What the task remembers of the patient. */
export function keptOf(rig: Rig): PatientState['v'] {
  const text = rig.context.states.get(patientKey(PATIENT));
  return text === undefined ? undefined : (JSON.parse(text) as PatientState).v;
}
