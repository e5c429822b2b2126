/** Calls of the task and people behind a patient, for tests. */

import type { CallOut } from '../../src/contracts/outputs.ts';
import type { PersonOut, Team } from '../../src/people/schemas.ts';

export const PATIENT = '5f0c9a3e-8f0c-4c55-9d7a-0d6f5c1b2a10';
export const ALERT = '7d1f2a3b-4c5d-8e6f-8a7b-9c0d1e2f3a4b';
const AT = Date.UTC(2026, 10, 21, 20, 14);

/** A call about one alarm. */
export function callOut(more: Partial<CallOut> = {}): CallOut {
  return {
    step: 'step-1',
    episode: 'episode-1',
    patient_id: PATIENT,
    class: 'clinical',
    severity: 'critical',
    level: 0,
    reach: 'clinicians',
    reason: 'raised',
    alarms: [
      {
        alert_id: ALERT,
        alert_type: 'CRITICAL_SPO2',
        rule_version: '1.0.0',
        severity: 'critical',
        measurements: { spo2: 84.5 },
        limit: 'SpO2 < 88 %',
        since: AT - 60_000,
      },
    ],
    deadline: AT + 5 * 60_000,
    called_at: AT,
    correlation: 'c1',
    ...more,
  };
}

/** Somebody who has said nothing of how to be told. */
export function person(id: string, more: Partial<PersonOut> = {}): PersonOut {
  return {
    user_id: id,
    role: 'parent',
    first_name: id,
    last_name: 'Diallo',
    email: `${id}@famille.example`,
    phone: '+33 6 00 00 00 01',
    language: 'fr',
    timezone: 'Africa/Douala',
    preferences: {},
    is_active: true,
    ...more,
  };
}

const tie = { relationship: 'parent', can_acknowledge_alerts: true } as const;

/** A mother first, an uncle and an aunt who is a clinician of the patient too after her, a treating and another clinician, one on call. */
export const TEAM: Team = {
  caregivers: [
    { ...person('mother'), ...tie, priority_level: 1 },
    { ...person('uncle'), ...tie, priority_level: 2 },
    { ...person('aunt'), ...tie, priority_level: 2 },
  ],
  clinicians: [
    { ...person('doctor'), assigned_as: 'médecin_traitant', is_primary: true },
    { ...person('aunt'), assigned_as: 'spécialiste', is_primary: false },
  ],
  on_call: [person('night')],
};
