import { expect, test } from 'vitest';

import type { Genotype, Vitals } from '../../../src/contracts/reading.ts';
import type { TrueEvent } from '../../../src/alarms/bench/events.ts';
import { EventWatch } from '../../../src/alarms/bench/events.ts';

const FROM = Date.parse('2026-03-01T10:00:00Z');
const CALM: Vitals = { heart_rate: 70, resp_rate: 14, spo2: 97, temperature: 36.8 };

interface Whose {
  readonly genotype?: Genotype;
  /** s between readings. */
  readonly step?: number;
}

/** Events of an adult's artefact-free vital signs: each entry stands for so many readings. */
function eventsOf(
  series: readonly (readonly [count: number, vitals: Vitals])[],
  { genotype, step = 30 }: Whose = {},
): [number, number, string[]][] {
  const watch = new EventWatch({ age: { band: 'G5', known: true }, genotype, interval: step * 1000, from: FROM });
  const events = new Set<TrueEvent>();
  let seconds = 0;
  for (const [count, vitals] of series) {
    for (let i = 0; i < count; i += 1) {
      const event = watch.step(FROM + seconds * 1000, { ...CALM, ...vitals });
      if (event !== undefined) events.add(event);
      seconds += step;
    }
  }
  return [...events].map(({ onset, end, rules }) => [(onset - FROM) / 1000, (end - FROM) / 1000, [...rules].sort()]);
}

test('a stretch that lasts for its duration is an event from its first reading to its last', () => {
  expect(
    eventsOf([
      [10, {}],
      [5, { heart_rate: 115 }],
      [10, {}],
    ]),
  ).toEqual([[300, 420, ['HEART_RATE_HIGH']]]);
});

test('a stretch that is too short is none', () => {
  expect(
    eventsOf([
      [10, {}],
      [4, { heart_rate: 115 }],
      [10, {}],
    ]),
  ).toEqual([]);
});

test('what is only worth a warning is none, however long', () => {
  expect(eventsOf([[60, { heart_rate: 105 }]])).toEqual([]);
});

test('a floor needs no duration', () => {
  expect(
    eventsOf([
      [4, {}],
      [1, { temperature: 38 }],
      [4, {}],
    ]),
  ).toEqual([[120, 120, ['CRITICAL_TEMPERATURE']]]);
});

test('severe pain is said once, and is an event then', () => {
  expect(
    eventsOf([
      [2, {}],
      [1, { pain: 8 }],
      [4, {}],
    ]),
  ).toEqual([[60, 60, ['PAIN_SEVERE']]]);
});

test('an interruption of less than two minutes does not end an event, one of two minutes does', () => {
  const fever = { temperature: 38.2 };
  expect(
    eventsOf([
      [2, fever],
      [2, {}],
      [2, fever],
    ]),
  ).toEqual([[0, 150, ['CRITICAL_TEMPERATURE']]]);
  expect(
    eventsOf([
      [2, fever],
      [3, {}],
      [2, fever],
    ]),
  ).toEqual([
    [0, 30, ['CRITICAL_TEMPERATURE']],
    [150, 180, ['CRITICAL_TEMPERATURE']],
  ]);
});

test('conditions that overlap are one event, and an earlier begin of one of them is its onset', () => {
  const series = [
    [10, { heart_rate: 115 }],
    [4, { heart_rate: 115, temperature: 38.4 }],
    [4, { temperature: 38.4 }],
    [4, {}],
  ] as const;
  expect(eventsOf(series)).toEqual([[0, 510, ['CRITICAL_TEMPERATURE', 'HEART_RATE_HIGH']]]);
  // The floor is met at once; the heart had been fast for a minute by then, and will have been for two.
  expect(
    eventsOf([
      [2, { heart_rate: 115 }],
      [4, { heart_rate: 115, temperature: 38.4 }],
      [4, {}],
    ]),
  ).toEqual([[0, 150, ['CRITICAL_TEMPERATURE', 'HEART_RATE_HIGH']]]);
});

test('a known genotype puts its baseline in the place of the fixed limits of SpO2', () => {
  const before = [3, { spo2: 94 }] as const;
  const series = [before, [8, { spo2: 91.5 }], before] as const;
  expect(eventsOf(series)).toEqual([[90, 300, ['PERSISTENT_SPO2_LOW', 'SPO2_LOW']]]);
  expect(eventsOf(series, { genotype: 'SS' })).toEqual([]);
  expect(eventsOf([before, [8, { spo2: 91 }], before], { genotype: 'SS' })).toEqual([[90, 300, ['SPO2_BELOW_BASELINE']]]);
});

test('after three days the baseline is learned', () => {
  const step = 300;
  const day = 86_400 / step;
  const rest = { spo2: 97, activity: 0 };
  const fall = [4, { spo2: 94, activity: 0 }] as const;
  expect(eventsOf([[day / 2, rest], fall], { genotype: 'SS', step })).toEqual([]);
  expect(eventsOf([[4 * day, rest], fall], { genotype: 'SS', step })).toEqual([[4 * 86_400, 4 * 86_400 + 900, ['SPO2_BELOW_BASELINE']]]);
});
