/** Every rule that can raise an alarm. Not validated for medical use. */

import { COMBINATION_RULES, PATTERN_RULES } from './combinations.ts';
import { PERSISTENCE_RULES, TREND_RULES } from './courses.ts';
import { FLOOR_RULES } from './floors.ts';
import { LEVEL_RULES } from './levels.ts';
import type { AlarmRule } from './rule-data.ts';
import { TECHNICAL_RULES } from './technical.ts';

/** The catalogue, in the order in which outcomes are given: floors first. */
export const CATALOGUE: readonly AlarmRule[] = [
  ...FLOOR_RULES,
  ...LEVEL_RULES,
  ...COMBINATION_RULES,
  ...PATTERN_RULES,
  ...PERSISTENCE_RULES,
  ...TREND_RULES,
  ...TECHNICAL_RULES,
];
