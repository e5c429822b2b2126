/** Who is called at which level of escalation (clinical reference, section 3). Pure: the team is read before. */

import type { PersonOut, Team } from './schemas.ts';

/** Levels with people of their own; from the last one on everyone who is assigned is called, again and again. */
export const LAST_LEVEL = 3;

/**
 * The people of a level, each once: caregivers of priority 1 (0); the other caregivers and the treating clinicians (1); who is on call, or
 * without a roster everyone assigned (2); everyone assigned (3 and above). An empty level is for the caller to skip.
 */
export function recipientsOf({ caregivers, clinicians, on_call }: Team, level: number): readonly PersonOut[] {
  const assigned = [...caregivers, ...clinicians];
  switch (Math.min(level, LAST_LEVEL)) {
    case 0:
      return once(caregivers.filter(({ priority_level }) => priority_level === 1));
    case 1:
      return once([
        ...caregivers.filter(({ priority_level }) => priority_level > 1),
        ...clinicians.filter(({ assigned_as }) => assigned_as === 'médecin_traitant'),
      ]);
    case 2:
      return once(on_call.length === 0 ? assigned : on_call);
    default:
      return once(assigned);
  }
}

/** Somebody may be both a caregiver and a clinician of a patient. */
function once(people: readonly PersonOut[]): readonly PersonOut[] {
  return [...new Map(people.map((person) => [person.user_id, person])).values()];
}
