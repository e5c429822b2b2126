/** The floors as rules of the catalogue: texts, limits and version are those of `domain/floors.ts`. */

import { FLOOR_CODES, FLOOR_LIMITS, FLOORS } from '../../domain/floors.ts';
import type { FloorCode } from '../../domain/floors.ts';
import { all, level, named, OFF_DELAY, term } from './numbers.ts';
import type { AlarmRule, Condition } from './rule-data.ts';

const CONDITIONS: Readonly<Record<FloorCode, Condition>> = {
  CRITICAL_SPO2: all(term('spo2', '<', FLOOR_LIMITS.spo2)),
  CRITICAL_TEMPERATURE: all(term('temperature', '>=', FLOOR_LIMITS.temperature)),
  CRITICAL_HEART_RATE: {
    kind: 'terms',
    all: [
      [
        named('heart_rate_low', term('heart_rate', '<', FLOOR_LIMITS.heartRateLow)),
        named('heart_rate_high', term('heart_rate', '>', FLOOR_LIMITS.heartRateHigh)),
      ],
    ],
  },
  CRITICAL_COMBINATION_FEVER_SPO2: all(term('spo2', '<=', FLOOR_LIMITS.spo2WithFever), term('temperature', '>=', FLOOR_LIMITS.temperature)),
};

/** A breach opens at once; when it pages, the confidence of its readings decides (clinical reference, section 1). */
export const FLOOR_RULES: readonly AlarmRule[] = FLOOR_CODES.map((code) => ({
  ...FLOORS[code],
  family: 'floor',
  levels: [level('critical', CONDITIONS[code], { onDelay: 0 })],
  offDelay: OFF_DELAY,
  genotypes: undefined,
  reach: 'clinicians',
  acknowledgeWithin: undefined,
  source: 'sections 1, 3',
}));
