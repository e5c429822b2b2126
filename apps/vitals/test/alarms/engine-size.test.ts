import { expect, test } from 'vitest';

import type { Vitals } from '../../src/contracts/reading.ts';
import type { AlarmReading } from '../../src/alarms/evaluation/state.ts';
import { Ward } from './engine.rig.ts';
import { numbers, reading, rulesOf } from './rig.ts';

/** The most that is remembered, in bytes: all of it, and without the history of evaluation. */
function most(
  count: number,
  every: number,
  next: (i: number) => readonly [Vitals, Partial<AlarmReading>],
): { all: number; own: number; alarms: number } {
  const ward = new Ward(rulesOf({ genotype: 'SS', baseline: 94 }));
  let [all, own, alarms] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    const [vitals, more] = next(i);
    ward.add(reading(i * every, vitals, { interval: undefined, ...more }));
    // Late stretches far apart, so that each is remembered.
    if (i % 20 === 19) ward.add(reading((i - 50_000) * every, vitals, more), { late: 'late' });
    const { h: _, ...rest } = ward.state;
    all = Math.max(all, Buffer.byteLength(JSON.stringify(ward.state)));
    own = Math.max(own, Buffer.byteLength(JSON.stringify(rest)));
    alarms = Math.max(alarms, rest.a.length);
  }
  return { all, own, alarms };
}

const random = numbers(11);
const around = (middle: number, spread: number) => Math.round((middle + (random() - 0.5) * spread) * 10) / 10;

test('a patient of whom nearly everything alarms takes less than 8 KB, the history of evaluation included', () => {
  const { all, alarms } = most(400, 30, () => [
    {
      heart_rate: Math.round(around(150, 10)),
      resp_rate: Math.round(around(35, 4)),
      spo2: around(84, 2),
      temperature: around(40.5, 0.4),
      ambient_temp: around(38, 2),
      hydration: around(40, 6),
      activity: around(8, 1),
      heat_index: around(45, 2),
      pain: 9,
    },
    { battery: 10, signal: 10 },
  ]);
  expect(alarms).toBeGreaterThan(25);
  expect(all).toBeLessThan(8_192);
});

test('whatever is sent, the engine itself remembers less than 3.25 KB', () => {
  const { own } = most(1_000, 7, (i) => [
    {
      heart_rate: random() * 250,
      resp_rate: random() * 80,
      spo2: 70 + random() * 30,
      temperature: 30 + random() * 13,
      ambient_temp: random() * 45,
      hydration: random() * 100,
      activity: random() * 10,
      heat_index: random() * 60,
      pain: random() * 10,
    },
    {
      battery: random() * 100,
      signal: random() * 100,
      device: `d${i % 9}`,
      lowConfidence: random() < 0.4,
      findings: random() < 0.5 ? ['clock_skew'] : [],
    },
  ]);
  expect(own).toBeLessThan(3_328);
});
