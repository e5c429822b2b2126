/** Limits in the form in which they are compared, made once for a patient and not for each reading. */

import type { ResolvedTerm } from '../catalogue/rule-data.ts';
import { ENTRY_FIELDS } from './state.ts';

/** Absorbs the rounding of decimal fractions in differences. */
export const EPSILON = 1e-9;

/** A limit. A lower one is turned round with its values, so that every limit is breached from above. */
export interface Limit {
  /** Of the measure in ENTRY_FIELDS, and its bit. */
  readonly place: number;
  readonly bit: number;
  readonly sign: 1 | -1;
  /** Turned. */
  readonly value: number;
  /** The limit itself breaches. */
  readonly inclusive: boolean;
  /** Turned: a value has to be here or below to be back inside by the margin. */
  readonly clear: number;
}

/** The limit of a term. */
export function limitOf({ measure, op, value, clearAt }: ResolvedTerm): Limit {
  const place = ENTRY_FIELDS.indexOf(measure);
  const sign = op === '>' || op === '>=' ? 1 : -1;
  return { place, bit: 1 << place, sign, value: sign * value, inclusive: op === '>=' || op === '<=', clear: sign * clearAt + EPSILON };
}

/** Whether a value breaches a limit. */
export function isBreached({ sign, value: limit, inclusive }: Limit, value: number): boolean {
  const turned = sign * value;
  return inclusive ? turned >= limit : turned > limit;
}

/** Whether a value is back inside a limit by its margin. */
export function isBackInside(limit: Limit, value: number): boolean {
  return !isBreached(limit, value) && limit.sign * value <= limit.clear;
}
