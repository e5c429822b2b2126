/** One scale of severity. Never compare severities as text. */

import type { Severity } from '../contracts/reading.ts';
import { SEVERITIES } from '../contracts/reading.ts';

/** Words of other systems for the same scale. */
const WORDS: Readonly<Record<string, Severity>> = {
  low: 'info',
  medium: 'warn',
  high: 'alert',
  info: 'info',
  warn: 'warn',
  alert: 'alert',
  critical: 'critical',
};

/** Place on the scale, 0 (info) to 3 (critical). */
export function rankOf(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** The severity that a word stands for, in any case: low, medium, high and critical are info, warn, alert and critical. */
export function severityOf(word: string): Severity | undefined {
  const key = word.toLowerCase();
  return Object.hasOwn(WORDS, key) ? WORDS[key] : undefined;
}

/** Minutes within which an alert has to be acknowledged, from the commit that raised it (clinical reference, section 3). */
const ACKNOWLEDGE_WITHIN: Readonly<Record<Severity, number | undefined>> = { info: undefined, warn: 60, alert: 15, critical: 5 };

/** When an alert raised at log time `raised` (ms) has to be acknowledged, or undefined when it need not be. */
export function acknowledgeBy(severity: Severity, raised: number): number | undefined {
  const minutes = ACKNOWLEDGE_WITHIN[severity];
  return minutes === undefined ? undefined : raised + minutes * 60_000;
}
