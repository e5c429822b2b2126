import { expect, test } from 'vitest';

import { VITALS } from '../../src/contracts/reading.ts';
import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { rankOf } from '../../src/domain/severity.ts';
import { HISTORY_LIMIT } from '../../src/alarms/evaluation/observe.ts';
import type { AlarmReading } from '../../src/alarms/evaluation/state.ts';
import { BEGIN, MINUTE, numbers, reading, Story } from './rig.ts';

const bytes = (story: Story): number => Buffer.byteLength(JSON.stringify(story.history));

/** The most that is remembered over a stretch of readings. */
function most(story: Story, readings: Iterable<AlarmReading>): number {
  let largest = 0;
  for (const each of readings) {
    story.add(each);
    largest = Math.max(largest, bytes(story));
  }
  return largest;
}

/** Readings of a patient as a bracelet sends them. */
function* ordinary(count: number, interval: number): Generator<AlarmReading> {
  const random = numbers(1);
  for (let i = 0; i < count; i += 1) {
    const around = (middle: number, spread: number) => Math.round((middle + (random() - 0.5) * spread) * 10) / 10;
    const vitals = {
      heart_rate: Math.round(around(95, 30)),
      resp_rate: Math.round(around(20, 8)),
      spo2: around(93, 4),
      temperature: around(37, 1),
      ambient_temp: around(24, 2),
      hydration: around(72, 6),
      activity: around(2, 4),
      heat_index: around(25, 2),
      pain: 2,
    };
    yield reading((i * interval) / 1000, vitals, { interval: undefined, battery: 80, signal: 90 });
  }
}

/** The longest numbers, several devices, and every rule outside its margins as often as can be. */
function* hostile(count: number): Generator<AlarmReading> {
  const random = numbers(7);
  for (let i = 0; i < count; i += 1) {
    const vitals = Object.fromEntries(VITALS.map((vital) => [vital, random() * (random() < 0.5 ? 50 : 250) + Number.EPSILON]));
    yield reading(i * 1.001 + random(), vitals, {
      device: `device-${Math.floor(random() * 9)}`,
      lowConfidence: random() < 0.9,
      interval: 3_599_999.123_456_7,
      battery: random() * 100,
      signal: random() * 100,
      findings: ['clock_skew', 'firmware_not_allowed'],
    });
  }
}

test('an ordinary patient takes less than 4 KB', () => {
  expect(most(new Story({ genotype: 'SS', baseline: 94 }), ordinary(3_000, 30_000))).toBeLessThan(4_096);
});

test('a reading each 8 seconds is still put in its place up to ten minutes late', () => {
  const story = new Story({ genotype: 'SS', baseline: 94 });
  most(story, ordinary(600, 8_000));
  expect(bytes(story)).toBeLessThanOrEqual(HISTORY_LIMIT);
  const newest = BEGIN + 599 * 8_000;
  expect(story.add(reading((newest - BEGIN) / 1000 - 599, { spo2: 95 }))).toBe('judged');
});

test('a reading each second takes no more than the limit', () => {
  const story = new Story({ genotype: 'SS', baseline: 94 });
  expect(most(story, ordinary(2_000, 1_000))).toBeLessThanOrEqual(HISTORY_LIMIT);
  // Then some are settled before their ten minutes are over.
  expect(story.add(reading(1_999 - 590, { spo2: 95 }))).toBe('late');
});

test('whatever is sent, what is remembered stays below 8 KB', () => {
  expect(most(new Story({ genotype: 'SS', baseline: 94 }), hostile(1_500))).toBeLessThan(8_192);
});

test('and would, were every rule outside at once', () => {
  const story = new Story({ genotype: 'SS', baseline: 94 });
  most(story, hostile(1_500));
  const at = 899_999_999;
  for (const { code, levels } of CATALOGUE) {
    const tracker: (0 | [number, number, 0 | 1])[] = [0, 0, 0, 0, 0];
    for (const { severity } of levels) tracker[1 + rankOf(severity)] = [at, at, 1];
    story.history.s.r[code] = tracker;
  }
  const last = story.history.q.at(-1);
  if (last === undefined) throw new Error('nothing waits');
  story.history.q = [last];
  expect(bytes(story)).toBeLessThan(8_192);
});

test('times stay short: the origin moves, and what lasts is not interrupted', () => {
  const story = new Story();
  const spo2 = { spo2: 91 };
  for (let day = 0; day <= 24; day += 0.5) story.add(reading(day * 86_400, spo2, { interval: 12 * 60 * MINUTE }));
  expect(story.history.o).toBeGreaterThan(BEGIN);
  expect(story.satisfied('PERSISTENT_SPO2_LOW')).toMatchObject({ since: BEGIN, at: BEGIN + 24 * 86_400_000 });
});
