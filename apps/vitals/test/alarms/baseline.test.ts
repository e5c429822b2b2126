import { describe, expect, test } from 'vitest';

import type { Genotype } from '../../src/contracts/reading.ts';
import { learnBaseline, newBaseline, personalBaseline, teachesBaseline } from '../../src/alarms/baseline.ts';
import { BEGIN, reading, stateAfter, steady, Story } from './rig.ts';

const DAY = 86_400_000;
const START = Math.floor(BEGIN / DAY) * DAY;

/** Days of readings, `perDay` each, of values that `spo2` gives for the day. */
function learned(days: number, spo2: (day: number, i: number) => number, perDay = 48) {
  const state = newBaseline();
  for (let day = 0; day < days; day += 1)
    for (let i = 0; i < perDay; i += 1) learnBaseline(state, START + day * DAY + (i * DAY) / perDay, spo2(day, i));
  // The first reading of the next day closes the last one.
  learnBaseline(state, START + days * DAY, 97);
  return state;
}

describe('the prior', () => {
  test.each<[Genotype, number]>([
    ['SS', 94],
    ['Sβ0', 94],
    ['SC', 96.7],
    ['Sβ+', 97],
    ['AS', 97],
  ])('of %s is %d', (genotype, prior) => {
    expect(personalBaseline(newBaseline(), genotype)).toEqual({ value: prior, learned: false });
    expect(
      personalBaseline(
        learned(2, () => 92),
        genotype,
      ),
    ).toEqual({ value: prior, learned: false });
  });

  test('of an unknown genotype is unknown, whatever was learned', () => {
    expect(
      personalBaseline(
        learned(7, () => 92),
        undefined,
      ),
    ).toBeUndefined();
  });
});

describe('what is learned', () => {
  test.each([
    ['SS', 92, 92],
    ['SS', 97, 97],
    ['SS', 90, 90],
    ['SS', 89, 90],
    ['SC', 80, 92.7],
    ['Sβ+', 60, 93],
  ] as const)('from a steady %s patient at %d is %d: never more than 4 below the prior', (genotype, spo2, value) => {
    expect(
      personalBaseline(
        learned(4, () => spo2),
        genotype,
      ),
    ).toEqual({ value, learned: true });
  });

  test('is not moved by a bad day nor by bursts of artefacts', () => {
    const badDay = learned(7, (day) => (day === 3 ? 80 : 93));
    expect(personalBaseline(badDay, 'SS')?.value).toBe(93);
    const bursts = learned(7, (_, i) => (i % 3 === 0 ? 75 : 93));
    expect(personalBaseline(bursts, 'SS')?.value).toBeCloseTo(93, 0);
  });

  test('is the median of what was measured', () => {
    expect(
      personalBaseline(
        learned(5, (_, i) => 91 + (i % 5), 50),
        'SS',
      )?.value,
    ).toBe(93);
  });

  test('leaves out days with few readings, and days long ago', () => {
    expect(
      personalBaseline(
        learned(5, () => 92, 29),
        'SS',
      ),
    ).toEqual({ value: 94, learned: false });
    const state = learned(5, () => 92);
    learnBaseline(state, START + 60 * DAY, 92);
    expect(personalBaseline(state, 'SS')).toEqual({ value: 94, learned: false });
  });

  test('stays small', () => {
    expect(JSON.stringify(learned(100, (day, i) => 85 + ((day + i) % 12), 2880)).length).toBeLessThan(400);
  });
});

test('a patient teaches at rest and without fever', () => {
  expect(teachesBaseline({ spo2: 95, activity: 2 }, 'G3')).toBe(true);
  expect(teachesBaseline({ spo2: 95, activity: 2.1 }, 'G3')).toBe(false);
  expect(teachesBaseline({ spo2: 95, heart_rate: 118 }, 'G3')).toBe(true);
  expect(teachesBaseline({ spo2: 95, heart_rate: 119 }, 'G3')).toBe(false);
  expect(teachesBaseline({ spo2: 95 }, 'G3')).toBe(false);
  expect(teachesBaseline({ spo2: 95, activity: 0, temperature: 38 }, 'G3')).toBe(false);
  expect(teachesBaseline({ activity: 0 }, 'G3')).toBe(false);
});

test('good readings that are settled teach the history, others do not', () => {
  const story = (more: object) =>
    new Story({ genotype: 'SS', baseline: 94 }).play(Array.from({ length: 60 }, (_, i) => reading(i * 30, { spo2: 93, activity: 1 }, more)))
      .history.b.c;
  const count = (steps: readonly number[]) => steps.reduce((sum, each) => sum + each, 0);
  expect(count(story({}))).toBe(39);
  expect(count(story({ lowConfidence: true }))).toBe(0);
  expect(count(story({ notWorn: true }))).toBe(0);
});

describe('tiers below the baseline', () => {
  const CODE = 'SPO2_BELOW_BASELINE';

  test.each([
    ['SS', 94],
    ['SC', 96.7],
    ['Sβ+', 97],
    ['Sβ0', 92.3],
  ] as const)('%s at %d: alert from 3 points on, critical from 6', (genotype, baseline) => {
    const who = { genotype, baseline };
    const at = (below: number, seconds: number) =>
      stateAfter(CODE, steady({ spo2: Math.round((baseline - below) * 100) / 100 }, seconds), who);
    expect(at(2.99, 120)).toBe('between');
    expect(at(3, 120)).toBe('alert');
    expect(at(3, 119)).toBe('pending');
    expect(at(5.99, 120)).toBe('alert');
    expect(at(6, 60)).toBe('critical');
    expect(at(6, 59)).toBe('pending');
  });

  test('say what the baseline is', () => {
    const story = new Story({ genotype: 'SC', baseline: 96.7 }).play(steady({ spo2: 93 }, 120));
    expect(story.satisfied(CODE).limit).toBe('SpO2 <= 93.7 % (3 below the personal baseline of 96.7)');
  });

  test('take the place of the warn and alert levels and of the persistence below 92; the emergency level and the floors stay', () => {
    const story = new Story({ genotype: 'SS', baseline: 92, band: 'G3' }).play(steady({ spo2: 90 }, 600));
    expect(story.state(CODE)).toBe('between');
    expect(story.state('SPO2_LOW')).toBe('between');
    expect(story.state('PERSISTENT_SPO2_LOW')).toBe('absent');
    expect(story.state('PERSISTENT_SPO2_VERY_LOW')).toBe('alert');
    const worse = new Story({ genotype: 'SS', baseline: 92, band: 'G3' }).play(steady({ spo2: 87.9 }, 60));
    expect(worse.state('SPO2_LOW')).toBe('critical');
    expect(worse.state('CRITICAL_SPO2')).toBe('critical');
  });

  test.each(['AS', undefined] as const)('are not for %s, who keeps the fixed levels', (genotype) => {
    const story = new Story(genotype === undefined ? {} : { genotype, baseline: 97 }).play(steady({ spo2: 91 }, 600));
    expect(story.state(CODE)).toBe('absent');
    expect(story.state('SPO2_LOW')).toBe('alert');
    expect(story.state('PERSISTENT_SPO2_LOW')).toBe('alert');
  });
});
