import { hasCode } from '@kidjamo/stream';
import { describe, expect, test } from 'vitest';

import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { effectiveRules } from '../../src/alarms/effective.ts';
import { parseOverride } from '../../src/alarms/override.ts';
import type { Override } from '../../src/alarms/override.ts';
import { ageAt } from '../../src/domain/age.ts';
import { BEGIN, reading, rulesOf, stateAfter, steady } from './rig.ts';

const DAY = 86_400_000;
const COMMON = {
  by: '00000000-0000-4000-8000-000000000001',
  reason: 'Steady state known from the clinic for years',
  from: BEGIN,
  expires: BEGIN + 10 * DAY,
};
const LIMIT = { kind: 'limit', rule: 'SPO2_LOW', severity: 'alert', limit: 'spo2', value: 90, ...COMMON } as const satisfies Override;
const parse = (input: unknown): Override => parseOverride(input, CATALOGUE, BEGIN);

describe('an override is taken', () => {
  test.each<Override>([
    LIMIT,
    { kind: 'limit', rule: 'CRITICAL_HEART_RATE', severity: 'critical', limit: 'heart_rate_low', value: 35, ...COMMON },
    { kind: 'limit', rule: 'CRISIS_SUSPECTED', severity: 'critical', limit: 'heart_rate', value: 150, ...COMMON },
    { kind: 'disable', rule: 'HYDRATION_LOW', ...COMMON },
    { kind: 'disable', rule: 'CRITICAL_TEMPERATURE', ...COMMON },
    { kind: 'enable', rule: 'SPO2_BELOW_BASELINE', ...COMMON },
    { kind: 'baseline', value: 88.5, ...COMMON },
  ])('%j', (override) => {
    expect(parse(override)).toEqual(override);
  });
});

describe('an override is refused, and the member named', () => {
  const floor = { kind: 'disable', rule: 'CRITICAL_SPO2', ...COMMON } as const;

  test.each<[unknown, RegExp]>([
    [null, /object/],
    [{ ...LIMIT, kind: 'other' }, /kind/],
    [{ ...LIMIT, extra: 1 }, /member/],
    [{ ...LIMIT, reason: undefined }, /type or length/],
    [Object.fromEntries(Object.entries(LIMIT).filter(([name]) => name !== 'reason')), /reason is missing/],
    [{ ...LIMIT, reason: '     ' }, /type or length/],
    [{ ...LIMIT, by: 'Dr Who' }, /type or length/],
    [{ ...LIMIT, value: '90' }, /type or length/],
    [{ ...LIMIT, expires: LIMIT.from }, /expires/],
    [{ ...LIMIT, from: BEGIN - 2 * DAY, expires: BEGIN }, /expires/],
    [{ ...LIMIT, expires: BEGIN + 366 * DAY }, /365 days/],
    [{ ...LIMIT, rule: 'NO_SUCH_RULE' }, /rule/],
    [{ ...LIMIT, severity: 'info' }, /severity/],
    [{ ...LIMIT, limit: 'pain' }, /limit/],
    [{ ...LIMIT, value: 69.9 }, /70 to 100/],
    [{ ...LIMIT, rule: 'TREND_SPO2_DOWN', severity: 'alert' }, /limit/],
    [{ kind: 'enable', rule: 'HYDRATION_LOW', ...COMMON }, /every genotype/],
    [{ kind: 'baseline', value: 69, ...COMMON }, /type or length/],
    [{ ...floor, expires: BEGIN + 31 * DAY }, /30 days/],
    [{ ...floor, reason: 'Known for long' }, /reason/],
    [{ ...floor, kind: 'enable' }, /floor/],
  ])('%j', (input, message) => {
    let error: unknown;
    try {
      parse(input);
    } catch (thrown) {
      error = thrown;
    }
    expect(hasCode(error, 'INPUT_INVALID') && error.message).toMatch(message);
  });
});

describe('the rules in force', () => {
  test('have the limit of the override, from its beginning to its end', () => {
    const at = (now: number) => {
      const rules = effectiveRules(CATALOGUE, {
        age: { band: 'G5', known: true },
        genotype: undefined,
        baseline: undefined,
        overrides: [LIMIT],
        now,
      });
      return rules.rules.find(({ code }) => code === 'SPO2_LOW')?.levels.find(({ severity }) => severity === 'alert')?.limit;
    };
    expect(at(BEGIN - 1)).toBe('SpO2 <= 92 %');
    expect(at(BEGIN)).toBe('SpO2 <= 90 %');
    expect(at(LIMIT.expires - 1)).toBe('SpO2 <= 90 %');
    expect(at(LIMIT.expires)).toBe('SpO2 <= 92 %');
  });

  test('say what was changed', () => {
    const rule = rulesOf({ overrides: [LIMIT] }).rules.find(({ code }) => code === 'SPO2_LOW');
    expect(rule?.overrides).toEqual([LIMIT]);
    expect(rule?.limit).toContain('alert: SpO2 <= 90 %');
  });

  test('of two overrides of one limit obey the one that began last', () => {
    const later: Override = { ...LIMIT, value: 91, from: BEGIN - 1 };
    expect(stateAfter('SPO2_LOW', steady({ spo2: 91 }, 120), { overrides: [LIMIT, later] })).toBe('pending');
    expect(stateAfter('SPO2_LOW', steady({ spo2: 91 }, 600), { overrides: [LIMIT, later] })).toBe('warn');
  });

  test('lose a rule that is disabled, a floor among them, and only that', () => {
    const overrides = [{ kind: 'disable', rule: 'CRITICAL_SPO2', ...COMMON } as const];
    const fever = [reading(0, { spo2: 80, temperature: 38 })];
    expect(stateAfter('CRITICAL_SPO2', fever, { overrides })).toBe('absent');
    expect(stateAfter('CRITICAL_COMBINATION_FEVER_SPO2', fever, { overrides })).toBe('critical');
  });

  test('bring the fever columns into force where the floor was changed', () => {
    const overrides: Override[] = [
      { kind: 'limit', rule: 'CRITICAL_TEMPERATURE', severity: 'critical', limit: 'temperature', value: 38.8, ...COMMON },
    ];
    expect(stateAfter('CRITICAL_TEMPERATURE', [reading(0, { temperature: 38.79 })], { overrides })).toBe('between');
    expect(stateAfter('CRITICAL_TEMPERATURE', [reading(0, { temperature: 38.8 })], { overrides })).toBe('critical');
    expect(stateAfter('TEMPERATURE_HIGH', steady({ temperature: 38 }, 120), { overrides })).toBe('alert');
  });

  test('are enabled for another genotype, and follow a baseline that a clinician set', () => {
    const overrides: Override[] = [
      { kind: 'enable', rule: 'SPO2_BELOW_BASELINE', ...COMMON },
      { kind: 'baseline', value: 95, ...COMMON },
    ];
    const who = { genotype: 'AS', baseline: 97, overrides } as const;
    expect(stateAfter('SPO2_BELOW_BASELINE', steady({ spo2: 92 }, 120), who)).toBe('alert');
    expect(stateAfter('SPO2_BELOW_BASELINE', steady({ spo2: 92.01 }, 120), who)).toBe('between');
    expect(stateAfter('PERSISTENT_SPO2_LOW', steady({ spo2: 91 }, 180), who)).toBe('absent');
  });

  test('go back to the fixed levels where the tiers are disabled', () => {
    const who = { genotype: 'SS', baseline: 94, overrides: [{ kind: 'disable', rule: 'SPO2_BELOW_BASELINE', ...COMMON }] } as const;
    expect(stateAfter('SPO2_LOW', steady({ spo2: 93 }, 600), who)).toBe('warn');
  });

  test('for an unknown age are those of adults, and say so', () => {
    const rules = effectiveRules(CATALOGUE, {
      age: ageAt(undefined, BEGIN),
      genotype: undefined,
      baseline: undefined,
      overrides: [],
      now: BEGIN,
    });
    expect(rules).toMatchObject({ band: 'G5', ageKnown: false });
  });
});
