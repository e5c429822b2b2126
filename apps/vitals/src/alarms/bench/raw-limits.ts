/**
 * Baseline of the benchmark: the alert limits of the patient's age on single readings, without duration, quality, baseline or memory, as a bedside monitor
 * has them. Only what the device itself calls not worn is left out.
 */

import type { Vital } from '../../contracts/reading.ts';
import type { AgeBand } from '../../domain/age.ts';
import { rankOf } from '../../domain/severity.ts';
import { LEVEL_RULES } from '../catalogue/levels.ts';
import { isBreached, limitOf } from '../evaluation/limits.ts';
import type { Limit } from '../evaluation/limits.ts';
import { termsOf } from '../override.ts';
import type { Crossing } from './edges.ts';
import { Edges } from './edges.ts';
import type { Detector, Heard, Sign } from './port.ts';
import { NO_SIGNS } from './port.ts';

/** A limit of one vital sign on one side. Those of the floors lie beyond them, so that they add no edge. */
const LIMITS = LEVEL_RULES.flatMap((rule) => {
  const level = rule.levels.find(({ severity }) => rankOf(severity) >= rankOf('alert'));
  const term = level === undefined ? undefined : termsOf(level)[0];
  return term === undefined ? [] : [{ rule: rule.code, vital: term.measure as Vital, bounds: term.bounds }];
});

export class RawLimits implements Detector {
  readonly #limits: readonly { readonly rule: string; readonly vital: Vital; readonly limit: Limit }[];
  readonly #edges = new Edges();

  constructor(band: AgeBand) {
    this.#limits = LIMITS.map(({ rule, vital, bounds }) => {
      const bound = bounds[band];
      // Nothing here clears by a margin.
      return { rule, vital, limit: limitOf({ key: rule, measure: vital, ...bound, clearAt: bound.value }) };
    });
  }

  hear({ reading, received }: Heard): readonly Sign[] {
    if (reading.notWorn) return NO_SIGNS;
    const crossings = this.#limits.map(({ rule, vital, limit }): Crossing => {
      const value = reading.vitals[vital];
      return { rule, crossed: value === undefined ? undefined : isBreached(limit, value) };
    });
    return this.#edges.follow(crossings, received);
  }

  pass(): readonly Sign[] {
    return NO_SIGNS;
  }
}
