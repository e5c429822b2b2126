/** What a person is to a patient, and what follows for the patient's alarms. */

import type { ActionName } from '../contracts/reading.ts';

/** Somebody with a tie to the patient; without one a person does not even learn that the patient exists. */
export type Standing = { readonly as: 'clinician' } | { readonly as: 'caregiver'; readonly canAcknowledge: boolean };

/**
 * Whether the person may do this to an alarm of the patient. A clinician who is assigned or on call may do everything. A caregiver may say
 * something, and acknowledge or snooze where `can_acknowledge_alerts` says so; closing an alarm for good is left to clinicians*.
 */
export function mayAct(standing: Standing, action: ActionName): boolean {
  if (standing.as === 'clinician') return true;
  switch (action) {
    case 'comment':
      return true;
    case 'acknowledge':
    case 'snooze':
      return standing.canAcknowledge;
    case 'resolve':
      return false;
  }
}
