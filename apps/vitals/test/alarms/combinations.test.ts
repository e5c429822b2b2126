import { describe, expect, test } from 'vitest';

import type { Vitals } from '../../src/contracts/reading.ts';
import { AGE_BANDS } from '../../src/domain/age.ts';
import type { AgeBand } from '../../src/domain/age.ts';
import { ALL_OF, around, bandBounds, ON_DELAY } from './reference.ts';
import { reading, stateAfter, steady, Story } from './rig.ts';

const CASES = AGE_BANDS.flatMap((band) => ALL_OF.map(([code, severity, terms]) => ({ code, severity, band, terms: terms(band) })));

describe.each(CASES)('$code in $band', ({ code, severity, band, terms }) => {
  const delay = code.startsWith('CRITICAL_') ? 0 : (ON_DELAY[severity] ?? 0);
  const worst = Object.fromEntries(terms.map((term) => [term[0], around(term).worse]));
  const after = (vitals: Vitals): string => stateAfter(code, steady(vitals, delay), { band });

  test('holds when all its terms do, by the least', () => {
    expect(after(worst)).toBe(severity);
  });

  test('each term holds at its bound exactly where the reference says so', () => {
    for (const term of terms) {
      const state = after({ ...worst, [term[0]]: term[2] });
      expect([term, state === severity]).toEqual([term, around(term).atBreaches]);
    }
  });

  test('does not hold when one term is just inside', () => {
    for (const term of terms) expect(after({ ...worst, [term[0]]: around(term).better })).toMatch(/^(between|inside)$/);
  });

  test('cannot be told when a vital sign is missing', () => {
    if (terms.length === 1) return;
    for (const [vital] of terms) {
      const vitals = Object.fromEntries(Object.entries(worst).filter(([name]) => name !== vital));
      const story = new Story({ band }).play(steady(vitals, delay));
      expect(story.of(code)).toMatchObject({ status: 'unknown', missing: [vital] });
    }
  });
});

describe.each(AGE_BANDS)('COMBINATION_RESPIRATORY_DISTRESS in %s', (band: AgeBand) => {
  const { hrAlert, rrAlert } = bandBounds(band);
  const after = (vitals: Vitals): string => stateAfter('COMBINATION_RESPIRATORY_DISTRESS', steady(vitals, 60), { band });

  test('needs SpO2 <= 90 and either rate at its alert bound', () => {
    expect(after({ spo2: 90, resp_rate: rrAlert, heart_rate: hrAlert - 1 })).toBe('critical');
    expect(after({ spo2: 90, resp_rate: rrAlert - 0.01, heart_rate: hrAlert })).toBe('critical');
    expect(after({ spo2: 90, resp_rate: rrAlert - 0.01, heart_rate: hrAlert - 0.01 })).toBe('between');
    expect(after({ spo2: 90.01, resp_rate: rrAlert, heart_rate: hrAlert })).toBe('between');
  });

  test('one rate is enough, and the other is told as missing', () => {
    const story = new Story({ band }).play(steady({ spo2: 89, resp_rate: rrAlert }, 60));
    expect(story.satisfied('COMBINATION_RESPIRATORY_DISTRESS')).toMatchObject({ severity: 'critical', missing: ['heart_rate'] });
  });
});

describe.each(AGE_BANDS)('CRITICAL_HEART_RATE in %s', (band: AgeBand) => {
  test.each([
    [39.99, 'critical'],
    [40, 'between'],
    [45, 'inside'],
    [175, 'inside'],
    [180, 'between'],
    [180.01, 'critical'],
  ])('at %d is %s', (rate, state) => {
    expect(stateAfter('CRITICAL_HEART_RATE', [reading(0, { heart_rate: rate })], { band })).toBe(state);
  });
});

describe('the crisis score', () => {
  const bound = (band: AgeBand): number => (['G5', 'G6'].includes(band) ? 120 : 140);
  const terms = (band: AgeBand) =>
    [
      ['spo2', 91.99, 92, 2],
      ['pain', 6, 5.99, 2],
      ['temperature', 38, 37.99, 1],
      ['heart_rate', bound(band) + 0.01, bound(band), 1],
      ['hydration', 49.99, 50, 1],
    ] as const;

  test.each(AGE_BANDS)('in %s adds its points, and is critical from 3 on', (band: AgeBand) => {
    for (let subset = 0; subset < 32; subset += 1) {
      let points = 0;
      const vitals: Record<string, number> = {};
      for (const [i, [vital, held, free, worth]] of terms(band).entries()) {
        const holds = (subset & (1 << i)) !== 0;
        vitals[vital] = holds ? held : free;
        if (holds) points += worth;
      }
      const story = new Story({ band, genotype: 'SS', baseline: 94 }).play(steady(vitals, 60));
      expect([vitals, story.state('CRISIS_SUSPECTED') === 'critical']).toEqual([vitals, points >= 3]);
      if (points >= 3) expect(story.satisfied('CRISIS_SUSPECTED').points).toBe(points);
    }
  });

  test.each([
    ['SS', true],
    ['SC', true],
    ['Sβ0', true],
    ['Sβ+', false],
    ['AS', false],
    [undefined, false],
  ] as const)('for genotype %s: %s', (genotype, inForce) => {
    const who = genotype === undefined ? {} : { genotype, baseline: 95 };
    expect(stateAfter('CRISIS_SUSPECTED', steady({ spo2: 85, pain: 9 }, 60), who)).toBe(inForce ? 'critical' : 'absent');
  });

  test('is to be acknowledged within 3 minutes', () => {
    const story = new Story({ genotype: 'SC', baseline: 96.7 }).play(steady({ spo2: 85, pain: 9 }, 60));
    expect(story.of('CRISIS_SUSPECTED').rule.acknowledgeWithin).toBe(3);
  });

  test('clears when too few of its signs are left outside their margins, and not because one is no more told', () => {
    const who = { genotype: 'SS', baseline: 94 } as const;
    const crisis = steady({ spo2: 90, pain: 7, temperature: 37 }, 60);
    const silent = new Story(who).play([...crisis, ...steady({ temperature: 37 }, 4000, { from: 90 })]);
    expect(silent.state('CRISIS_SUSPECTED')).toBe('unknown');
    const better = new Story(who).play([...crisis, ...steady({ spo2: 95, pain: 7, temperature: 37 }, 120, { from: 90 })]);
    expect(better.state('CRISIS_SUSPECTED')).toBe('inside');
  });
});

test('vital signs that come in different readings are taken together while they are fresh', () => {
  const story = new Story();
  story.add(reading(0, { temperature: 38.5 }, { device: 'thermometer' }));
  expect(story.state('COMBINATION_FEVER_HYPOXIA')).toBe('unknown');
  story.add(reading(30, { spo2: 93 }));
  expect(story.state('COMBINATION_FEVER_HYPOXIA')).toBe('pending');
  story.add(reading(90, { spo2: 93 }));
  expect(story.satisfied('COMBINATION_FEVER_HYPOXIA').values).toEqual({ spo2: 93, temperature: 38.5 });
  // Three expected intervals of 30 s after it was taken.
  story.add(reading(91, { spo2: 93 }));
  expect(story.of('COMBINATION_FEVER_HYPOXIA')).toMatchObject({ status: 'unknown', missing: ['temperature'] });
});
