/** Technical rules: something is wrong with the equipment or its assignment. A clinician need not act, but nothing is silent. */

import type { Rule } from './rule.ts';

/** Version of the technical rules; every alert names it. */
export const TECHNICAL_VERSION = '1.0.0';

/** Reasons for which the gateway lets a reading wait, and that a person has to settle. */
export const ASSIGNMENT_REASONS = ['unknown_patient', 'unassigned_device'] as const;
export type AssignmentReason = (typeof ASSIGNMENT_REASONS)[number];

export function isAssignmentReason(reason: string): reason is AssignmentReason {
  return reason === 'unknown_patient' || reason === 'unassigned_device';
}

const NO_TAGS: readonly string[] = [];
const ASSIGN = {
  fr: 'Attribuer le bracelet à un patient\u00a0; les mesures en attente seront alors reprises',
  en: 'Assign the device to a patient; the readings that wait are then taken in',
};

/** The rules by the reason for which readings wait. */
export const ASSIGNMENT_RULES: Readonly<Record<AssignmentReason, Rule>> = {
  unknown_patient: {
    code: 'TECHNICAL_UNKNOWN_PATIENT',
    kind: 'technical',
    version: TECHNICAL_VERSION,
    severity: 'warn',
    vitals: [],
    limit: 'every reading has a known patient',
    title: { fr: 'Mesures sans patient connu', en: 'Readings without a known patient' },
    message: {
      fr: 'Des mesures arrivent pour un patient inconnu. Elles attendent en quarantaine.',
      en: 'Readings come for an unknown patient. They wait in quarantine.',
    },
    actions: [ASSIGN],
    tags: () => NO_TAGS,
  },
  unassigned_device: {
    code: 'TECHNICAL_UNASSIGNED_DEVICE',
    kind: 'technical',
    version: TECHNICAL_VERSION,
    severity: 'warn',
    vitals: [],
    limit: 'every device is assigned to its patient',
    title: { fr: 'Bracelet non attribué', en: 'Unassigned device' },
    message: {
      fr: "Des mesures arrivent d'un bracelet qui n'est pas attribué à ce patient. Elles attendent en quarantaine.",
      en: 'Readings come from a device that is not assigned to this patient. They wait in quarantine.',
    },
    actions: [ASSIGN],
    tags: () => NO_TAGS,
  },
};
