import { describe, expect, test } from 'vitest';

import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { judgeSilence } from '../../src/alarms/evaluation/silence.ts';
import { intervalOf } from '../../src/alarms/evaluation/observe.ts';
import { MINUTE, reading, rulesOf, SECOND, stateAfter, Story } from './rig.ts';

const FLAT = 'TECHNICAL_FLAT_LINE';

/** Values of one vital sign, `every` seconds. */
function course(vital: string, values: readonly number[], every: number) {
  return values.map((value, i) => reading(i * every, { [vital]: value }));
}

describe('flat lines', () => {
  test.each([
    ['heart_rate', [80, 81, 79], 30],
    ['resp_rate', [18, 19, 17], 30],
    ['spo2', [96, 96.5, 95.5], 30],
    ['temperature', [36.8, 36.9, 36.7], 45],
  ] as const)('%s within its tolerance over three points', (vital, values, every) => {
    expect(stateAfter(FLAT, course(vital, values, every))).toBe('info');
    expect(stateAfter(FLAT, course(vital, values, every - 0.5))).toBe('inside');
    expect(stateAfter(FLAT, course(vital, [values[0], values[2]], 2 * every))).toBe('inside');
  });

  test.each([
    ['heart_rate', [80, 81.01, 80], 30],
    ['resp_rate', [18, 19.01, 18], 30],
    ['spo2', [96, 96.51, 96], 30],
    ['temperature', [36.8, 36.91, 36.8], 45],
  ] as const)('%s beyond its tolerance', (vital, values, every) => {
    expect(stateAfter(FLAT, course(vital, values, every))).toBe('inside');
  });

  test('of several vital signs after 30 s', () => {
    const both = (seconds: number) => [0, seconds / 2, seconds].map((at) => reading(at, { heart_rate: 80, resp_rate: 18 }));
    expect(stateAfter('TECHNICAL_SEVERAL_FLAT', both(30))).toBe('pending');
    expect(stateAfter('TECHNICAL_SEVERAL_FLAT', both(29))).toBe('inside');
    const one = [0, 15, 30].map((at) => reading(at, { heart_rate: 80, resp_rate: 18 + at }));
    expect(stateAfter('TECHNICAL_SEVERAL_FLAT', one)).toBe('inside');
  });

  test('of several vital signs count when they last, which they do in no living body', () => {
    const still = (seconds: number) =>
      Array.from({ length: seconds / 30 + 1 }, (_, i) => reading(i * 30, { heart_rate: 80, resp_rate: 18 }));
    expect(stateAfter('TECHNICAL_SEVERAL_FLAT', still(630))).toBe('pending');
    expect(stateAfter('TECHNICAL_SEVERAL_FLAT', still(660))).toBe('alert');
    const moved = still(660).map((each, i) => (i === 10 ? { ...each, vitals: { heart_rate: 95, resp_rate: 24 } } : each));
    expect(stateAfter('TECHNICAL_SEVERAL_FLAT', moved)).toBe('pending');
  });

  test('are no fault of a device that nobody wears', () => {
    const off = course('heart_rate', [80, 80, 80, 80], 30).map((each) => ({ ...each, notWorn: true }));
    expect(stateAfter(FLAT, off)).toBe('inside');
  });
});

describe('suspicious values', () => {
  /** Ten values whose coefficient of variation is exactly `percent`. */
  const varying = (mean: number, percent: number) =>
    Array.from({ length: 10 }, (_, i) => mean * (1 + (i % 2 === 0 ? 1 : -1) * (percent / 100)));

  test.each([
    ['heart_rate', 80, 5],
    ['resp_rate', 20, 8],
  ])('%s: abnormally low variation below %d %%', (vital, mean, percent) => {
    expect(stateAfter('TECHNICAL_LOW_VARIATION', course(vital, varying(mean, percent - 0.1), 30))).toBe('info');
    expect(stateAfter('TECHNICAL_LOW_VARIATION', course(vital, varying(mean, percent + 0.1), 30))).toBe('inside');
    expect(stateAfter('TECHNICAL_LOW_VARIATION', course(vital, varying(mean, percent - 0.1).slice(1), 30))).toBe('inside');
  });

  test('SpO2 of 99.5 or more on 3 of 5', () => {
    expect(stateAfter('TECHNICAL_PERFECT_SPO2', course('spo2', [99.5, 90, 99.5, 92, 99.5], 30))).toBe('warn');
    expect(stateAfter('TECHNICAL_PERFECT_SPO2', course('spo2', [99.49, 90, 99.5, 92, 99.5], 30))).toBe('inside');
  });

  test('round heart rates on 3 of 5', () => {
    expect(stateAfter('TECHNICAL_ROUND_VALUES', course('heart_rate', [80, 93, 90, 87, 100], 30))).toBe('info');
    expect(stateAfter('TECHNICAL_ROUND_VALUES', course('heart_rate', [81, 93, 90, 87, 100], 30))).toBe('inside');
  });
});

describe('battery and signal', () => {
  const over = (more: object, seconds: number) =>
    [0, 30, 60, 90, 120, 240, 300, 360, 420, 480, 540, 600].filter((at) => at <= seconds).map((at) => reading(at, {}, more));

  test.each([
    ['TECHNICAL_BATTERY_LOW', { battery: 14.99 }, 120, 'alert'],
    ['TECHNICAL_BATTERY_LOW', { battery: 15 }, 120, 'between'],
    ['TECHNICAL_BATTERY_LOW', { battery: 20 }, 120, 'inside'],
    ['TECHNICAL_BATTERY_LOW', { battery: 14.99 }, 90, 'pending'],
    ['TECHNICAL_BATTERY_LOW', {}, 120, 'unknown'],
    ['TECHNICAL_SIGNAL_LOW', { signal: 49.99 }, 600, 'warn'],
    ['TECHNICAL_SIGNAL_LOW', { signal: 50 }, 600, 'between'],
    ['TECHNICAL_SIGNAL_LOW', { signal: 55 }, 600, 'inside'],
  ])('%s with %j for %d s is %s', (...[code, more, seconds, state]) => {
    // Gaps of two minutes are within three intervals.
    expect(stateAfter(code, over({ interval: 60 * SECOND, ...more }, seconds))).toBe(state);
  });

  test('a full second device does not hide the empty first one', () => {
    const story = new Story();
    for (let at = 0; at <= 180; at += 30) {
      story.add(reading(at, {}, { battery: 10 }));
      story.add(reading(at + 1, {}, { device: 'other', battery: 90 }));
    }
    expect(story.state('TECHNICAL_BATTERY_LOW')).toBe('alert');
    // For a day, though a gap begins a new stretch: then it is taken to be out of use.
    story.add(reading(180 + 86_400, {}, { device: 'other', battery: 90 }));
    expect(story.state('TECHNICAL_BATTERY_LOW')).toBe('pending');
    story.add(reading(181 + 86_400, {}, { device: 'other', battery: 90 }));
    expect(story.state('TECHNICAL_BATTERY_LOW')).toBe('inside');
  });

  test('the forecast needs a drain of some length, and ends with a charge', () => {
    const drain = (perHour: number, minutes: number) =>
      Array.from({ length: minutes + 1 }, (_, i) => reading(i * 60, {}, { battery: 30 - (perHour * i) / 60, interval: MINUTE }));
    const code = 'TECHNICAL_BATTERY_FORECAST';
    // From 30 %, after an hour: 22 % at 8 % an hour, which is 15 % in less than an hour; 25 % at 5 % an hour is just two hours away.
    expect(stateAfter(code, drain(8, 60))).toBe('warn');
    expect(stateAfter(code, drain(5, 60))).toBe('warn');
    expect(stateAfter(code, drain(4.9, 60))).toBe('inside');
    expect(stateAfter(code, drain(8, 29))).toBe('unknown');
    expect(stateAfter(code, [...drain(8, 60), reading(3660, {}, { battery: 60, interval: MINUTE })])).toBe('unknown');
  });
});

describe('readings that stay away', () => {
  test.each([
    [2, 'inside'],
    [3, 'alert'],
  ])('of ten expected in five minutes, %d lost: %s', (lost, state) => {
    const all = Array.from({ length: 21 }, (_, i) => i * 30);
    // Of the readings after 300 s, those that come first are lost.
    const kept = all.filter((at) => at <= 300 || at > 300 + lost * 30);
    expect(
      stateAfter(
        'TECHNICAL_PACKET_LOSS',
        kept.map((at) => reading(at, { heart_rate: 80 })),
      ),
    ).toBe(state);
  });

  test('says nothing of the first five minutes', () => {
    expect(
      stateAfter(
        'TECHNICAL_PACKET_LOSS',
        [0, 240].map((at) => reading(at, { heart_rate: 80 })),
      ),
    ).toBe('unknown');
  });

  test('readings that come late are not lost', () => {
    const story = new Story();
    const all = Array.from({ length: 21 }, (_, i) => reading(i * 30, { heart_rate: 80 }));
    const held = all.splice(12, 5);
    story.play(all);
    expect(story.state('TECHNICAL_PACKET_LOSS')).toBe('alert');
    story.play(held);
    expect(story.state('TECHNICAL_PACKET_LOSS')).toBe('inside');
  });

  test('a vital sign that came before is missing for three intervals, for the on-delay', () => {
    const both = [0, 30, 60].map((at) => reading(at, { heart_rate: 80, spo2: 97 }));
    const without = (until: number) => Array.from({ length: until / 30 }, (_, i) => reading(90 + i * 30, { heart_rate: 80 }));
    const code = 'TECHNICAL_VITAL_MISSING';
    expect(stateAfter(code, [...both, ...without(90)])).toBe('inside');
    expect(stateAfter(code, [...both, ...without(120)])).toBe('pending');
    expect(stateAfter(code, [...both, ...without(720)])).toBe('warn');
    expect(stateAfter(code, [...both.slice(1), ...without(720)])).toBe('inside');
    const off = without(720).map((each) => ({ ...each, notWorn: true }));
    expect(stateAfter(code, [...both, ...off])).toBe('unknown');
  });

  const rule = rulesOf().rules.find(({ code }) => code === 'TECHNICAL_DEVICE_SILENT');
  test.each([
    [30 * SECOND, 5 * MINUTE, 15 * MINUTE],
    [10 * MINUTE, 20 * MINUTE, 50 * MINUTE],
  ])('silence, with an interval of %d ms: warn from %d, alert from %d', (interval, warn, alert) => {
    if (rule === undefined) throw new Error('no rule of silence');
    expect(judgeSilence(rule, warn - 1, interval)).toEqual({ severity: undefined, next: warn });
    expect(judgeSilence(rule, warn, interval)).toEqual({ severity: 'warn', next: alert });
    expect(judgeSilence(rule, alert - 1, interval)).toEqual({ severity: 'warn', next: alert });
    expect(judgeSilence(rule, alert, interval)).toEqual({ severity: 'alert', next: undefined });
  });

  test('the interval of a device is known once its readings are settled', () => {
    const story = new Story().play(Array.from({ length: 60 }, (_, i) => reading(i * 20, {}, { interval: undefined })));
    expect(intervalOf(story.history, 'bracelet')).toBe(20 * SECOND);
    expect(intervalOf(story.history, 'another')).toBeUndefined();
  });
});

describe('what the checks of a reading find', () => {
  test.each([
    ['TECHNICAL_FIRMWARE', 'firmware_not_allowed', 0, 'warn'],
    ['TECHNICAL_CLOCK_SKEW', 'clock_skew', 570, 'pending'],
    ['TECHNICAL_CLOCK_SKEW', 'clock_skew', 600, 'warn'],
    ['TECHNICAL_NOT_WORN', 'not_worn', 0, 'info'],
    ['TECHNICAL_NOT_WORN', 'not_worn', 3570, 'info'],
    ['TECHNICAL_NOT_WORN', 'not_worn', 3600, 'warn'],
  ])('%s after %s for %d s is %s', (...[code, finding, seconds, state]) => {
    const count = seconds / 30 + 1;
    const found = Array.from({ length: count }, (_, i) => reading(i * 30, {}, { findings: [finding], notWorn: finding === 'not_worn' }));
    expect(stateAfter(code, found)).toBe(state);
    expect(stateAfter(code, [reading(0, {})])).toBe('inside');
  });
});

test('technical rules are a class of their own, and reach no clinician', () => {
  for (const { code, kind, family, reach } of CATALOGUE) {
    expect([code, kind === 'technical']).toEqual([code, family === 'technical']);
    if (kind === 'technical') expect(reach).not.toBe('clinicians');
  }
});
