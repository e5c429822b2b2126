import { expect, test } from 'vitest';

import { medicalSamples } from '../../src/simulator/medical/simulation.ts';
import type { Sample } from '../../src/simulator/medical/simulation.ts';
import { ratesWith } from '../../src/simulator/medical/rates.ts';
import { wireReading } from '../../src/simulator/medical/wire.ts';
import { DAY, FROM, HOUR, only, run, samplesOf, truthOf } from './collect.ts';

/** The bytes that a gateway would get, with when. */
function bytes(samples: readonly Sample[]): readonly string[] {
  return samples.map(({ sent, received }) => JSON.stringify([received, sent && wireReading(sent)]));
}

const LIVELY = ratesWith({ crisis: 0.5, infection: 0.5, heat_stress: 0.3, offline: 2, clock_skew: 1, dead_battery: 0.5 });

test('the same seed gives the same bytes and the same truth, another seed others', () => {
  const options = { days: 0.4, patients: 4, rates: LIVELY };
  const first = run({ ...options, seed: 11 });
  const again = run({ ...options, seed: 11 });
  expect(bytes(again.samples)).toEqual(bytes(first.samples));
  expect(again.truth).toEqual(first.truth);
  expect(bytes(run({ ...options, seed: 12 }).samples)).not.toEqual(bytes(first.samples));
});

test('a patient is the same however many others there are', () => {
  const alone = run({ days: 0.4, seed: 3, patients: 3, rates: LIVELY });
  const among = run({ days: 0.4, seed: 3, patients: 17, rates: LIVELY });
  const last = samplesOf(alone, 2);
  expect(last).toHaveLength(1152);
  expect(samplesOf(among, 2)).toEqual(last);
  const id = last[0]?.patient.patient ?? '';
  expect(truthOf(among, id)).toEqual(truthOf(alone, id));
});

test('a longer simulation begins as a shorter one', () => {
  const short = run({ days: 0.2, seed: 4, patients: 2, rates: LIVELY });
  const long = run({ days: 0.4, seed: 4, patients: 2, rates: LIVELY });
  expect(long.samples.slice(0, short.samples.length)).toEqual(short.samples);
});

test('the body does not depend on the artefacts of the bracelet', () => {
  const plain = run({ days: 1, seed: 5, patients: 2, rates: only({ crisis: 0.5 }) });
  const disturbed = run({ days: 1, seed: 5, patients: 2, rates: only({ crisis: 0.5, motion: 20, offline: 3, off_wrist: 4 }) });
  expect(disturbed.samples.map(({ clean }) => clean)).toEqual(plain.samples.map(({ clean }) => clean));
  expect(bytes(disturbed.samples)).not.toEqual(bytes(plain.samples));
});

test('samples come in order of event time, one in each interval of each patient', () => {
  const { samples } = run({ days: 0.1, seed: 6, patients: 9, intervalS: 60 });
  expect(samples).toHaveLength(9 * 144);
  samples.forEach(({ at }, i) => expect(at).toBeGreaterThanOrEqual(samples[i - 1]?.at ?? FROM));
  expect(samples.at(-1)?.at).toBeLessThan(FROM + 0.1 * DAY);
});

test('truth that is open is told when the samples are no longer taken', () => {
  const told: string[] = [];
  const samples = medicalSamples({
    seed: 1,
    patients: 1,
    from: FROM,
    until: FROM + 30 * DAY,
    rates: only({ crisis: 200 }),
    mix: { genotypes: { SS: 1, SC: 0, Sβ0: 0, 'Sβ+': 0, AS: 0 }, bands: { G1: 0, G2: 0, G3: 1, G4: 0, G5: 0, G6: 0 } },
    onTruth: (record) => {
      if (record.type === 'episode') told.push(record.end);
    },
  });
  for (const { at } of samples) if (at > FROM + HOUR) break;
  expect(told).toHaveLength(1);
  expect(Date.parse(told[0] ?? '')).toBeLessThan(FROM + 2 * HOUR);
});

test('a simulation that cannot be is refused', () => {
  const start = (options: object): unknown => medicalSamples({ seed: 1, patients: 1, from: FROM, until: FROM + DAY, ...options }).next();
  expect(() => start({ patients: 0 })).toThrow(/patients/);
  expect(() => start({ intervalS: 0.2 })).toThrow(/interval/);
  expect(() => start({ until: FROM })).toThrow(/end after/);
  expect(() => ratesWith({ motion: -1 })).toThrow(/motion/);
  expect(() => ratesWith({ crisis: Number.NaN })).toThrow(/crisis/);
  expect(() => ratesWith({ motion: 1, low_contact: 1, floor_crossing: 3 })).toThrow(/floor_crossing/);
});
