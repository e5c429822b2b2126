/** Patients, readings and orders of arrival, drawn at random. */

import fc from 'fast-check';

import { GENOTYPES, VITALS } from '../../src/contracts/reading.ts';
import type { Vital, Vitals } from '../../src/contracts/reading.ts';
import { AGE_BANDS } from '../../src/domain/age.ts';
import { BASELINE_PRIORS } from '../../src/alarms/baseline.ts';
import type { AlarmReading } from '../../src/alarms/evaluation/state.ts';
import { reading, SECOND } from './rig.ts';
import type { Who } from './rig.ts';

/** Ends of what is generated, a little beyond every limit on either side. */
export const RANGES: Readonly<Record<Vital, readonly [low: number, high: number]>> = {
  heart_rate: [30, 200],
  resp_rate: [4, 70],
  spo2: [80, 100],
  temperature: [33, 41],
  ambient_temp: [0, 42],
  hydration: [40, 100],
  activity: [0, 10],
  heat_index: [20, 45],
  pain: [0, 10],
};

const value = (vital: Vital) => fc.integer({ min: RANGES[vital][0] * 10, max: RANGES[vital][1] * 10 }).map((tenths) => tenths / 10);
/** Some vital signs, or none. */
export const vitals: fc.Arbitrary<Vitals> = fc.record(
  Object.fromEntries(VITALS.map((vital) => [vital, value(vital)])) as Record<Vital, fc.Arbitrary<number>>,
  {
    requiredKeys: [],
  },
);

/** A patient. */
export const who: fc.Arbitrary<Who> = fc
  .record({ band: fc.constantFrom(...AGE_BANDS), genotype: fc.option(fc.constantFrom(...GENOTYPES), { nil: undefined }) })
  .map(({ band, genotype }) => (genotype === undefined ? { band } : { band, genotype, baseline: BASELINE_PRIORS[genotype] }));

/** A reading some seconds after the one before. Values repeat often, so that something lasts. */
const next = fc.record({
  gap: fc.constantFrom(0, 10, 30, 30, 30, 31, 60, 95),
  vitals: fc.option(vitals, { nil: undefined, freq: 2 }),
  lowConfidence: fc.boolean(),
  notWorn: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
  device: fc.constantFrom('a', 'a', 'b'),
  battery: fc.option(fc.integer({ min: 5, max: 100 }), { nil: undefined }),
  signal: fc.option(fc.integer({ min: 20, max: 100 }), { nil: undefined }),
  findings: fc.subarray(['clock_skew', 'firmware_not_allowed']),
});

/** Readings in order of event time. */
export const course: fc.Arbitrary<AlarmReading[]> = fc.array(next, { minLength: 2, maxLength: 60 }).map((steps) => {
  let at = 0;
  let last: Vitals = {};
  return steps.map(({ gap, vitals: changed, notWorn, findings, ...more }): AlarmReading => {
    at += gap;
    last = changed ?? last;
    return reading(at, last, { ...more, notWorn, interval: undefined, findings: notWorn ? [...findings, 'not_worn'] : findings });
  });
});

/** The order in which readings arrive that are delayed by up to ten minutes: none is behind the watermark when it comes. */
export function arrivals(readings: readonly AlarmReading[], delays: readonly number[]): AlarmReading[] {
  return readings
    .map((each, i) => ({ each, arrives: each.at + (delays[i % delays.length] ?? 0) * SECOND }))
    .sort((a, b) => a.arrives - b.arrives)
    .map(({ each }) => each);
}
