/**
 * Alarms raised by a person or another system. They have no limit and no condition: they are true from when they are raised until a person closes
 * them. Somebody is called for them as for any other, and once they were seen they no longer count in the episode, lest one that is
 * never closed keep later alarms from calling.
 */

import type { Severity } from '../../contracts/reading.ts';
import { CATALOGUE_VERSION } from '../catalogue/define.ts';
import type { EffectiveRule } from '../effective.ts';

/** Type of such an alarm where its own name may not be told. */
export const MANUAL = 'MANUAL';

/** Before the alert's own id: each is an alarm of its own. */
const PREFIX = `${MANUAL}/`;

/** The code under which the engine keeps the alarm of an alert raised by hand. */
export function manualCode(alert: string): string {
  return `${PREFIX}${alert}`;
}

/** The alert of such a code; undefined for the code of a rule. */
export function manualAlertOf(code: string): string | undefined {
  return code.startsWith(PREFIX) ? code.slice(PREFIX.length) : undefined;
}

/** What stands for a rule. */
export const MANUAL_RULE: EffectiveRule = {
  code: MANUAL,
  kind: 'clinical',
  family: 'pattern',
  version: CATALOGUE_VERSION,
  severity: 'critical',
  levels: [{ severity: 'critical', condition: { kind: 'assignment' }, onDelay: 0, limit: '' }],
  vitals: [],
  limit: '',
  title: { fr: 'Alerte donnée par une personne', en: 'Alert raised by a person' },
  message: { fr: 'Une personne ou un autre système a donné cette alerte.', en: 'A person or another system raised this alert.' },
  actions: [{ fr: 'Ouvrir l’alerte et appeler qui l’a donnée', en: 'Open the alert and call whoever raised it' }],
  tags: () => [],
  offDelay: 0,
  genotypes: undefined,
  reach: 'clinicians',
  acknowledgeWithin: undefined,
  source: 'product, 1: POST /iot/alerts',
  overrides: [],
  bit: 0,
  places: [],
  reads: 0,
};

/** What the machine is told of it. */
export function manualOutcome({ severity, at }: { readonly severity: Severity; readonly at: number }) {
  return {
    rule: MANUAL_RULE,
    at,
    missing: [],
    status: 'satisfied',
    severity,
    since: at,
    values: {},
    limit: '',
    confidence: 'good',
    points: undefined,
    confirm: false,
    rising: undefined,
  } as const;
}
