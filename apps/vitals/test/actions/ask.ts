/** Actions as the gateway appends them. */

import type { ActionName, AlertAction } from '../../src/contracts/reading.ts';
import type { AlertRow } from '../../src/contracts/rows.ts';
import { deterministicId } from '../../src/domain/ids.ts';
import { PATIENT } from '../task/rig.ts';

export const NURSE = '00000000-0000-4000-8000-000000000001';
export const DOCTOR = '00000000-0000-4000-8000-000000000002';

/** An action on an alert as its row stands, received at `at`, ms. */
export function ask(alert: AlertRow, action: ActionName, changes: Partial<AlertAction> & { readonly at: number }): AlertAction {
  const { at, ...rest } = changes;
  const id = deterministicId('action', alert.alert_id, action, at);
  return {
    kind: 'action',
    id,
    digest: id,
    patient: PATIENT,
    patient_known: true,
    received: at,
    correlation: 'a',
    alert: alert.alert_id,
    action,
    by: DOCTOR,
    as: 'clinician',
    ...(action === 'snooze' ? { minutes: 30 } : {}),
    ...(action === 'comment' ? { note: 'rappelé la famille' } : {}),
    seen: { type: alert.alert_type, status: alert.status, manual: alert.created_by_system === 'manual' },
    ...rest,
  };
}
