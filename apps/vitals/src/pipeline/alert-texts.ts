/** The words of alerts that are made from values. */

import type { Vitals } from '../contracts/reading.ts';
import type { Rule } from '../domain/rule.ts';

/** The values that the rule read, and its limit. */
export function conditionOf(rule: Rule, vitals: Vitals, limit: string): string {
  const values = rule.vitals.flatMap((vital) => (vitals[vital] === undefined ? [] : [`${vital} ${String(vitals[vital])}`]));
  return values.length === 0 ? limit : `${values.join(', ')} (limit: ${limit})`;
}

/** Hours and minutes of `ms`. */
export function durationText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
