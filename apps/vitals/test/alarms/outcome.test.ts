import { describe, expect, test } from 'vitest';

import { FLOORS, FLOOR_CODES } from '../../src/domain/floors.ts';
import { observe } from '../../src/alarms/evaluation/observe.ts';
import { BEGIN, reading, rulesOf, steady, Story } from './rig.ts';

const only = (vitals: object, more = {}) => new Story().play([reading(0, vitals, more)]);

describe('an outcome that is satisfied', () => {
  test('says rule, version, values, limit, since when, confidence and what is missing', () => {
    const story = new Story({ band: 'G3' }).play(steady({ spo2: 90, temperature: 38.2, heart_rate: 100 }, 60, { from: 30 }));
    expect(story.satisfied('CRITICAL_COMBINATION_FEVER_SPO2')).toMatchObject({
      severity: 'critical',
      at: BEGIN + 90_000,
      since: BEGIN + 30_000,
      values: { spo2: 90, temperature: 38.2 },
      limit: 'SpO2 <= 92 % and temperature >= 38.0 Cel',
      confidence: 'good',
      missing: [],
      rule: { version: '1.0.0', code: 'CRITICAL_COMBINATION_FEVER_SPO2' },
    });
    expect(story.of('PATTERN_HYPOXIA').missing).toEqual(['resp_rate']);
  });

  test('keeps the words of the floors', () => {
    for (const { code, limit, title, actions } of rulesOf().rules.slice(0, FLOOR_CODES.length)) {
      expect({ limit, title, actions }).toEqual({
        limit: FLOORS[code as keyof typeof FLOORS].limit,
        title: FLOORS[code as keyof typeof FLOORS].title,
        actions: FLOORS[code as keyof typeof FLOORS].actions,
      });
    }
  });

  test('is of low confidence until one good reading of the stretch bears it out', () => {
    const story = new Story();
    story.add(reading(0, { spo2: 85 }, { lowConfidence: true }));
    story.add(reading(30, { spo2: 85 }, { lowConfidence: true }));
    expect(story.satisfied('CRITICAL_SPO2').confidence).toBe('low');
    story.add(reading(60, { spo2: 85 }));
    expect(story.satisfied('CRITICAL_SPO2')).toMatchObject({ confidence: 'good', since: BEGIN });
  });
});

describe('a floor has to be confirmed', () => {
  test.each([
    ['at low confidence', { spo2: 80 }, { lowConfidence: true }, 'CRITICAL_SPO2', true],
    ['not at good quality', { spo2: 80 }, {}, 'CRITICAL_SPO2', false],
    ['for a fast heart at high activity', { heart_rate: 181, activity: 6.1 }, {}, 'CRITICAL_HEART_RATE', true],
    ['not at moderate activity', { heart_rate: 181, activity: 6 }, {}, 'CRITICAL_HEART_RATE', false],
    ['not for a slow heart', { heart_rate: 39, activity: 10 }, {}, 'CRITICAL_HEART_RATE', false],
  ])('%s', (...[, vitals, more, code, confirm]) => {
    expect(only(vitals, more).satisfied(code).confirm).toBe(confirm);
  });

  test('for a fast heart in an infant', () => {
    const story = new Story({ band: 'G1' });
    story.add(reading(0, { heart_rate: 181 }));
    expect(story.satisfied('CRITICAL_HEART_RATE').confirm).toBe(true);
    story.add(reading(30, { heart_rate: 39 }));
    expect(story.satisfied('CRITICAL_HEART_RATE').confirm).toBe(false);
  });
});

describe('no data is never recovery', () => {
  const alarm = steady({ spo2: 85, heart_rate: 150 }, 60);

  test.each([
    ['without the vital sign', { heart_rate: 80 }, {}],
    ['of a device that nobody wears', { spo2: 98, heart_rate: 80 }, { notWorn: true }],
    ['of low confidence', { spo2: 98, heart_rate: 80 }, { lowConfidence: true }],
  ])('a reading %s leaves the rule unknown', (_, vitals, more) => {
    const story = new Story().play([...alarm, reading(90, vitals, more)]);
    expect(story.state('CRITICAL_SPO2')).toBe('unknown');
    // And the stretch goes on when the value is back.
    story.add(reading(120, { spo2: 85 }));
    expect(story.satisfied('CRITICAL_SPO2').since).toBe(BEGIN);
  });

  test('off the wrist everything is missing', () => {
    const story = new Story().play([...alarm, reading(90, { spo2: 98 }, { notWorn: true })]);
    expect(story.of('COMBINATION_RESPIRATORY_DISTRESS').missing).toEqual(['heart_rate', 'resp_rate', 'spo2']);
  });
});

test('ambient temperature and heat index alone reach no clinician', () => {
  for (const { code, vitals, reach } of rulesOf().rules) {
    const climate = vitals.length > 0 && vitals.every((vital) => vital === 'ambient_temp' || vital === 'heat_index');
    if (climate) expect([code, reach]).toEqual([code, 'caregivers']);
  }
});

test('warnings of a trend are shown and not sent; the fall of SpO2 is sent', () => {
  const reach = Object.fromEntries(
    rulesOf()
      .rules.filter(({ family }) => family === 'trend')
      .map((rule) => [rule.code, rule.reach]),
  );
  expect(reach).toEqual({
    TREND_HEART_RATE_UP: 'nobody',
    TREND_TEMPERATURE_UP: 'nobody',
    TREND_TEMPERATURE_RISING: 'nobody',
    TREND_SPO2_DOWN: 'clinicians',
  });
});

test('a rule that is disabled is forgotten, and begins anew', () => {
  const story = new Story().play(steady({ heart_rate: 115 }, 1200));
  expect(Object.keys(story.history.s.r)).toContain('HEART_RATE_HIGH');
  const without = rulesOf({
    overrides: [
      {
        kind: 'disable',
        rule: 'HEART_RATE_HIGH',
        by: '00000000-0000-4000-8000-000000000001',
        reason: 'Known sinus tachycardia',
        from: BEGIN,
        expires: BEGIN + 86_400_000,
      },
    ],
  });
  observe(story.history, reading(1230, { heart_rate: 115 }), without);
  expect(Object.keys(story.history.s.r)).not.toContain('HEART_RATE_HIGH');
});
