import { expect, test } from 'vitest';

import { RecordedLoad } from '../../../src/alarms/bench/recorded.ts';
import type { Vitals } from '../../../src/contracts/reading.ts';

const HOUR = 3600;
const CALM: Vitals = { heart_rate: 70, resp_rate: 14, spo2: 97, temperature: 36.8 };

function loadOf(readings: readonly (readonly [subject: string, t: number, vitals: Vitals])[]) {
  const load = new RecordedLoad();
  for (const [subject, t, vitals] of readings) load.add({ subject, t, vitals });
  return load.finish();
}

test('load is per patient-day, over the time that each subject was recorded', () => {
  const { raw_limits: limits, news2 } = loadOf([
    ['a', 0, CALM],
    ['a', HOUR, { spo2: 90 }],
    ['a', 12 * HOUR, CALM],
    ['b', 0, { heart_rate: 30 }],
    ['b', 12 * HOUR, { ...CALM, heart_rate: 30 }],
  ]);
  expect(limits).toMatchObject({ patients: 2, patient_days: 1, pages_per_patient_day: 2, paged_episodes_per_patient_day: 2 });
  expect(limits.episodes_by_rule).toEqual({ HEART_RATE_LOW: 1, SPO2_LOW: 1 });
  expect(news2.pages_per_patient_day).toBe(2);
});

test.each([
  [
    'subjects that are mixed',
    [
      ['a', 0],
      ['b', 0],
      ['a', 60],
    ],
  ],
  [
    'time that goes back',
    [
      ['a', 60],
      ['a', 0],
    ],
  ],
] as const)('%s are refused', (_, order) => {
  expect(() => loadOf(order.map(([subject, t]) => [subject, t, CALM] as const))).toThrow(/stand together/);
});
