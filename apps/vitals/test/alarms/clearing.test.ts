import { describe, expect, test } from 'vitest';

import type { Vital } from '../../src/contracts/reading.ts';
import { MARGIN } from './reference.ts';
import { BEGIN, reading, stateAfter, steady, Story } from './rig.ts';

/** A rule for each vital sign and side, its lowest limit, and a value beyond it. */
const SIDES: readonly (readonly [code: string, vital: Vital, limit: number, beyond: number])[] = [
  ['SPO2_LOW', 'spo2', 93, 85],
  ['HEART_RATE_HIGH', 'heart_rate', 101, 150],
  ['HEART_RATE_LOW', 'heart_rate', 50, 35],
  ['RESP_RATE_HIGH', 'resp_rate', 21, 40],
  ['RESP_RATE_LOW', 'resp_rate', 10, 6],
  ['TEMPERATURE_HIGH', 'temperature', 37.4, 37.8],
  ['TEMPERATURE_LOW', 'temperature', 35.8, 34],
  ['CRITICAL_TEMPERATURE', 'temperature', 38, 39],
  ['CRITICAL_SPO2', 'spo2', 88, 80],
  ['HYDRATION_LOW', 'hydration', 70, 40],
  ['HEAT_INDEX_HIGH', 'heat_index', 36, 45],
  ['AMBIENT_HOT', 'ambient_temp', 31, 40],
  ['AMBIENT_COLD', 'ambient_temp', 10, 0],
  ['PAIN_SEVERE', 'pain', 8, 10],
];

describe.each(SIDES)('%s', (...[code, vital, limit, beyond]) => {
  const up = beyond > limit;
  const back = Math.round((up ? limit - MARGIN[vital] : limit + MARGIN[vital]) * 10) / 10;
  const notQuite = up ? back + 0.01 : back - 0.01;
  const alarm = steady({ [vital]: beyond }, 600);
  const then = (value: number, seconds: number, more = {}) =>
    steady({ [vital]: value }, seconds, { from: 630 }).map((each) => ({ ...each, ...more }));

  test('is back inside by its margin, and not before', () => {
    expect(stateAfter(code, [...alarm, ...then(notQuite, 0)])).toBe('between');
    expect(stateAfter(code, [...alarm, ...then(back, 0)])).toBe('inside');
  });

  test('says since when, until the off-delay is over', () => {
    const story = new Story().play([...alarm, ...then(back, 90)]);
    expect(story.of(code)).toMatchObject({ status: 'inside', since: BEGIN + 630_000 });
    story.play(then(back, 120).slice(-1));
    expect(story.of(code)).toMatchObject({ status: 'inside', since: undefined });
  });

  test('begins to clear anew after a value outside', () => {
    const story = new Story().play([...alarm, ...then(back, 90), reading(750, { [vital]: notQuite }), reading(780, { [vital]: back })]);
    expect(story.of(code)).toMatchObject({ status: 'inside', since: BEGIN + 780_000 });
  });

  test('does not clear on low confidence, removal, or readings without the vital sign', () => {
    for (const more of [{ lowConfidence: true }, { notWorn: true }, { vitals: {} }]) {
      expect(stateAfter(code, [...alarm, ...then(back, 300, more)])).toBe('unknown');
    }
  });

  test('is frozen by low confidence on its way back, and goes on after it', () => {
    const doubtful = [reading(660, { [vital]: back }, { lowConfidence: true }), reading(690, { [vital]: back }, { lowConfidence: true })];
    const story = new Story().play([...alarm, reading(630, { [vital]: back }), ...doubtful, reading(700, { [vital]: back })]);
    expect(story.of(code)).toMatchObject({ status: 'inside', since: BEGIN + 630_000 });
  });
});

describe('combinations', () => {
  const both = steady({ temperature: 38.5, spo2: 90 }, 60);

  test.each([
    ['temperature', { temperature: 37.7, spo2: 90 }],
    ['SpO2', { temperature: 38.5, spo2: 95 }],
  ])('clear when %s is back inside', (_, vitals) => {
    expect(stateAfter('COMBINATION_FEVER_HYPOXIA', [...both, reading(90, vitals)])).toBe('inside');
  });

  test('do not clear when a term only ceases to hold', () => {
    expect(stateAfter('COMBINATION_FEVER_HYPOXIA', [...both, reading(90, { temperature: 37.71, spo2: 94.99 })])).toBe('between');
  });

  test('with a choice clear when no choice is left of those that ever came', () => {
    const code = 'COMBINATION_RESPIRATORY_DISTRESS';
    const distress = steady({ spo2: 89, resp_rate: 25 }, 60);
    expect(stateAfter(code, [...distress, reading(90, { spo2: 89, resp_rate: 22 })])).toBe('between');
    expect(stateAfter(code, [...distress, reading(90, { spo2: 89, resp_rate: 21 })])).toBe('inside');
  });

  test('clear on a good value, and not on one of low confidence that came before it', () => {
    const code = 'COMBINATION_FEVER_HYPOXIA';
    const doubtful = reading(80, { spo2: 98 }, { lowConfidence: true, device: 'oximeter' });
    expect(stateAfter(code, [...both, doubtful, reading(90, { temperature: 38.5 })])).toBe('unknown');
    expect(stateAfter(code, [...both, doubtful, reading(90, { temperature: 37.7 })])).toBe('inside');
  });

  test('with a choice clear when no choice is left', () => {
    const distress = steady({ spo2: 89, resp_rate: 25, heart_rate: 80 }, 60);
    const code = 'COMBINATION_RESPIRATORY_DISTRESS';
    expect(stateAfter(code, [...distress, reading(90, { spo2: 89, resp_rate: 22, heart_rate: 80 })])).toBe('between');
    expect(stateAfter(code, [...distress, reading(90, { spo2: 89, resp_rate: 21, heart_rate: 106 })])).toBe('between');
    expect(stateAfter(code, [...distress, reading(90, { spo2: 89, resp_rate: 21, heart_rate: 105 })])).toBe('inside');
  });
});

describe('SpO2 need not rise above the personal baseline', () => {
  const who = { genotype: 'SS', baseline: 90 } as const;

  test.each([
    ['CRITICAL_SPO2', 87, 90, 89.99],
    ['PERSISTENT_SPO2_VERY_LOW', 89, 90.01, 90],
    ['SPO2_BELOW_BASELINE', 86, 89, 88.99],
  ])('%s', (...[code, low, back, notQuite]) => {
    const alarm = steady({ spo2: low }, 120);
    expect(stateAfter(code, [...alarm, reading(150, { spo2: back })], who)).toBe('inside');
    expect(stateAfter(code, [...alarm, reading(150, { spo2: notQuite })], who)).not.toBe('inside');
  });
});
