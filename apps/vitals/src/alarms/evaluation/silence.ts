/** A patient whose readings stay away (clinical reference, section 2, technical). By log time, since nothing comes that could bear an event time. */

import type { Severity } from '../../contracts/reading.ts';
import type { EffectiveRule } from '../effective.ts';

/** What a silence amounts to. */
export interface Silence {
  /** Undefined before the first level. */
  readonly severity: Severity | undefined;
  /** Length of silence, ms, at which it becomes graver; undefined when it cannot. */
  readonly next: number | undefined;
}

/** Judges a silence of `elapsed` ms of log time, of a patient whose devices send every `interval` ms. `rule` has levels of silence. */
export function judgeSilence({ levels }: Pick<EffectiveRule, 'levels'>, elapsed: number, interval: number): Silence {
  let severity: Severity | undefined;
  for (const level of levels) {
    if (level.condition.kind !== 'silence') continue;
    const from = Math.max(level.condition.intervals * interval, level.condition.atLeast);
    if (elapsed < from) return { severity, next: from };
    severity = level.severity;
  }
  return { severity, next: undefined };
}
