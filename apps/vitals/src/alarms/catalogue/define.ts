/** Makes a rule of the catalogue from what is particular to it. */

import type { Genotype, Vital } from '../../contracts/reading.ts';
import { VITALS } from '../../contracts/reading.ts';
import type { Bilingual } from '../../domain/rule.ts';
import { OFF_DELAY } from './numbers.ts';
import type { AlarmRule, Condition, Family, Level, Measure, Reach } from './rule-data.ts';
import { levelText } from './text.ts';

/** Version of the rules that are no floors; every alarm names it. */
export const CATALOGUE_VERSION = '1.0.0';

/** What is particular to a rule. */
export interface Definition {
  readonly code: string;
  readonly family: Exclude<Family, 'floor'>;
  readonly levels: readonly [Level, ...Level[]];
  readonly title: Bilingual;
  readonly message: Bilingual;
  readonly actions: readonly Bilingual[];
  readonly source: string;
  /** All may be reached unless told. */
  readonly reach?: Reach;
  readonly tags?: readonly string[];
  readonly genotypes?: readonly Genotype[];
  readonly acknowledgeWithin?: number;
}

const NO_TAGS: readonly string[] = [];

/** The rule of the catalogue. */
export function define(definition: Definition): AlarmRule {
  const { family, levels, tags = NO_TAGS, reach = 'clinicians', genotypes, acknowledgeWithin, ...said } = definition;
  return {
    ...said,
    kind: family === 'technical' ? 'technical' : 'clinical',
    family,
    version: CATALOGUE_VERSION,
    severity: gravest(levels).severity,
    levels,
    vitals: vitalsOf(levels),
    limit: levels.map(levelText).join('; '),
    tags: () => tags,
    offDelay: OFF_DELAY,
    genotypes,
    reach,
    acknowledgeWithin,
  };
}

/** The last level. */
export function gravest(levels: readonly [Level, ...Level[]]): Level {
  return levels.at(-1) ?? levels[0];
}

/** The vital signs that levels read, in their canonical order. */
function vitalsOf(levels: readonly Level[]): readonly Vital[] {
  const read = new Set(levels.flatMap(({ condition }) => measuresOf(condition)));
  return VITALS.filter((vital) => read.has(vital));
}

/** What a condition reads. */
export function measuresOf(condition: Condition): readonly Measure[] {
  switch (condition.kind) {
    case 'terms':
      return condition.all.flat().map(({ measure }) => measure);
    case 'score':
      return condition.terms.map(({ measure }) => measure);
    case 'baseline':
      return ['spo2'];
    case 'trend':
      return [condition.vital];
    case 'forecast':
      return ['battery'];
    case 'finding':
    case 'absent':
    case 'loss':
    case 'silence':
    case 'assignment':
      return [];
  }
}
