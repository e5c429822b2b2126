/**
 * Baseline of the benchmark: the alert limits of the patient's age on single readings, without duration, quality, baseline or memory, as a bedside monitor
 * has them. Only what the device itself calls not worn is left out.
 */

import type { Vital } from '../../contracts/reading.ts';
import type { AgeBand } from '../../domain/age.ts';
import { rankOf } from '../../domain/severity.ts';
import { LEVEL_RULES } from '../catalogue/levels.ts';
import type { Bound } from '../catalogue/rule-data.ts';
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
  readonly #band: AgeBand;
  readonly #edges = new Edges();

  constructor(band: AgeBand) {
    this.#band = band;
  }

  hear({ reading, received }: Heard): readonly Sign[] {
    if (reading.notWorn) return NO_SIGNS;
    const crossings = LIMITS.map(({ rule, vital, bounds }): Crossing => {
      const value = reading.vitals[vital];
      return { rule, crossed: value === undefined ? undefined : isBeyond(bounds[this.#band], value) };
    });
    return this.#edges.follow(crossings, received);
  }

  pass(): readonly Sign[] {
    return NO_SIGNS;
  }
}

function isBeyond({ op, value: limit }: Bound, value: number): boolean {
  switch (op) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}
