/** Numbers that many rules share, and short ways to write limits. A star marks a number that is our own decision, without a source. */

import type { Severity } from '../../contracts/reading.ts';
import type { AgeBand } from '../../domain/age.ts';
import { AGE_BANDS } from '../../domain/age.ts';
import type { ByBand } from '../../domain/age-limits.ts';
import type { Bound, Comparison, Condition, Level, Measure, ScoredTerm, Term } from './rule-data.ts';

/** ms. */
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** How long a level holds before it counts, ms* (clinical reference, section 1). */
const ON_DELAYS: Readonly<Record<Severity, number>> = { info: 0, warn: 10 * MINUTE, alert: 2 * MINUTE, critical: 60 * SECOND };

/** ms (clinical reference, section 3). */
export const OFF_DELAY = 2 * MINUTE;

/**
 * How far back inside its limit a value has to be before an alarm clears (clinical reference, section 3). Units as the measure. Heat,
 * ambient and pain 1*; activity 0*, since it is no sign of illness; battery and signal 5*.
 */
export const MARGINS: Readonly<Record<Measure, number>> = {
  heart_rate: 5,
  resp_rate: 2,
  spo2: 2,
  temperature: 0.3,
  ambient_temp: 1,
  hydration: 3,
  activity: 0,
  heat_index: 1,
  pain: 1,
  battery: 5,
  signal: 5,
};

/** The bands from which on the fixed limits of heart rate and respiratory rate apply (clinical reference, section 2). */
const FIXED_FROM: readonly AgeBand[] = ['G4', 'G5', 'G6'];

function eachBand(bound: (band: AgeBand) => Bound): ByBand<Bound> {
  return { G1: bound('G1'), G2: bound('G2'), G3: bound('G3'), G4: bound('G4'), G5: bound('G5'), G6: bound('G6') };
}

/** The same limit at every age; the measure is its key. */
export function term(measure: Measure, op: Comparison, value: number): Term {
  return { key: measure, measure, bounds: eachBand(() => ({ op, value })) };
}

/** A limit by age band. */
export function termByBand(measure: Measure, op: Comparison, values: ByBand<number>): Term {
  return { key: measure, measure, bounds: eachBand((band) => ({ op, value: values[band] })) };
}

/** A fixed limit of an adult, for which younger bands have the bound of their own. */
export function fixedTerm(measure: Measure, fixed: Bound, younger: { readonly op: Comparison; readonly values: ByBand<number> }): Term {
  const bounds = eachBand((band) => (FIXED_FROM.includes(band) ? fixed : { op: younger.op, value: younger.values[band] }));
  return { key: measure, measure, bounds };
}

/** The term under a key of its own, where one measure has two limits in a rule. */
export function named(key: string, from: Term): Term {
  return { ...from, key };
}

/** The term with points. */
export function scored(points: number, from: Term): ScoredTerm {
  return { ...from, points };
}

/** Terms that must all hold. */
export function all(...terms: readonly Term[]): Condition {
  return { kind: 'terms', all: terms.map((each) => [each]) };
}

/** A level; its on-delay is that of its severity unless told. */
export function level(severity: Severity, condition: Condition, options: Partial<Pick<Level, 'onDelay' | 'inForce'>> = {}): Level {
  return { severity, condition, onDelay: options.onDelay ?? ON_DELAYS[severity], inForce: options.inForce ?? 'always' };
}

/** Whether a bound is the same in every band. */
export function isSame(bounds: ByBand<Bound>): boolean {
  return AGE_BANDS.every((band) => bounds[band].op === bounds.G5.op && bounds[band].value === bounds.G5.value);
}
