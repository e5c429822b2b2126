import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Vital } from '../../src/contracts/reading.ts';
import { RATE_KINDS, ratesWith } from '../../src/simulator/medical/rates.ts';
import type { RateKind } from '../../src/simulator/medical/rates.ts';
import { DAY, FROM, run } from './collect.ts';

/** What a value may be at all: the ranges that the bracelets have, and temperatures of a bracelet that lies about. */
const RANGES: Readonly<Record<Vital, readonly [number, number]>> = {
  heart_rate: [20, 240],
  resp_rate: [1, 80],
  spo2: [50, 100],
  temperature: [10, 43],
  ambient_temp: [-10, 50],
  hydration: [30, 100],
  activity: [0, 10],
  heat_index: [-15, 90],
  pain: [0, 10],
};

const rates = fc
  .record(
    Object.fromEntries(RATE_KINDS.map((kind) => [kind, fc.double({ min: 0, max: 6, noNaN: true })])) as Record<
      RateKind,
      fc.Arbitrary<number>
    >,
  )
  .map((given) => ratesWith({ ...given, floor_crossing: Math.min(given.floor_crossing, given.motion + given.low_contact) }));

test('whatever the seed and the rates, every value is one that a bracelet can send', () => {
  fc.assert(
    fc.property(
      fc.record({
        seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        patients: fc.integer({ min: 1, max: 4 }),
        intervalS: fc.integer({ min: 5, max: 900 }),
        rates,
      }),
      (options) => {
        const { intervalS } = options;
        const { samples, truth } = run({ days: intervalS / 900, ...options });
        for (const { sent, clean, received, at } of samples) {
          for (const vitals of [clean, sent?.content.vitals ?? {}]) {
            for (const [name, value] of Object.entries(vitals)) {
              const [low, high] = RANGES[name as Vital];
              if (!(value >= low && value <= high)) throw new Error(`${name} is ${value}`);
            }
          }
          const { confidence = 0, completeness = 0, contact = 0, battery = -1, signal = -1 } = sent?.content ?? { battery: 0, signal: 0 };
          for (const score of [confidence, completeness, contact, battery, signal]) {
            if (!(Number.isInteger(score) && score >= 0 && score <= 100)) throw new Error(`a score is ${score}`);
          }
          if (sent !== undefined && !(Number.isInteger(sent.at) && Number.isInteger(received) && (received ?? 0) > at))
            throw new Error('times');
        }
        for (const record of truth) {
          if (!('start' in record)) continue;
          const [start, end] = [Date.parse(record.start), Date.parse(record.end)];
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(FROM + (intervalS / 900) * DAY + 1);
        }
      },
    ),
  );
});
