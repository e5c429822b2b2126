/** What every rule that raises alerts has, whatever it looks at. */

import type { Severity, Vital, Vitals } from '../contracts/reading.ts';

/** The same text for readers of either language. */
export interface Bilingual {
  readonly fr: string;
  readonly en: string;
}

/** A rule. Clinical and technical ones are never mixed: neither silences the other. */
export interface Rule {
  /** The type of its alerts. */
  readonly code: string;
  readonly kind: 'floor' | 'clinical' | 'technical';
  readonly version: string;
  readonly severity: Severity;
  /** The vital signs that the rule reads. */
  readonly vitals: readonly Vital[];
  /** The limit, as a person reads it. */
  readonly limit: string;
  readonly title: Bilingual;
  readonly message: Bilingual;
  readonly actions: readonly Bilingual[];
  /** Tags of an alert raised by these vitals. */
  tags(vitals: Vitals): readonly string[];
}
