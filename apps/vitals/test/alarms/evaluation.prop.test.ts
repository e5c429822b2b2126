import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Vital, Vitals } from '../../src/contracts/reading.ts';
import { breaches, FLOOR_CODES } from '../../src/domain/floors.ts';
import { rankOf } from '../../src/domain/severity.ts';
import { arrivals, course, RANGES, vitals, who } from './arbitraries.ts';
import { BEGIN, reading, steady, Story } from './rig.ts';
import type { Who } from './rig.ts';

const outcomesOf = (story: Story) => story.outcomes.map(({ rule, ...outcome }) => ({ code: rule.code, ...outcome }));

describe('order', () => {
  test('of arrival changes neither the outcomes nor what is remembered, within the watermark', () => {
    fc.assert(
      fc.property(who, course, fc.array(fc.integer({ min: 0, max: 600 }), { minLength: 1, maxLength: 20 }), (patient, readings, delays) => {
        const inOrder = new Story(patient).play(readings);
        const disordered = new Story(patient);
        for (const each of arrivals(readings, delays)) expect(disordered.add(each)).toBe('judged');
        expect(outcomesOf(disordered)).toEqual(outcomesOf(inOrder));
        expect(disordered.history).toEqual(inOrder.history);
      }),
    );
  });

  test('what is behind the watermark changes nothing', () => {
    const story = new Story().play(steady({ spo2: 85 }, 1200));
    const before = JSON.stringify(story.history);
    expect(story.add(reading(599.999, { spo2: 99 }))).toBe('late');
    expect(JSON.stringify(story.history)).toBe(before);
    expect(story.add(reading(600.5, { spo2: 99 }))).toBe('judged');
  });
});

describe('a worse value never gives a lesser severity', () => {
  const sides: readonly (readonly [Vital, 'up' | 'down'])[] = [
    ['spo2', 'down'],
    ['heart_rate', 'up'],
    ['heart_rate', 'down'],
    ['resp_rate', 'up'],
    ['resp_rate', 'down'],
    ['temperature', 'up'],
    ['temperature', 'down'],
    ['hydration', 'down'],
    ['heat_index', 'up'],
    ['ambient_temp', 'up'],
    ['ambient_temp', 'down'],
    ['pain', 'up'],
  ];
  /** Where each side begins: what is well for every age. */
  const MIDDLE: Readonly<Record<Vital, number>> = {
    heart_rate: 95,
    resp_rate: 20,
    spo2: 95,
    temperature: 36.5,
    ambient_temp: 20,
    hydration: 80,
    activity: 5,
    heat_index: 30,
    pain: 3,
  };

  const gravest = (patient: Who, all: Vitals, seconds: number): number => {
    const clinical = new Story(patient).play(steady(all, seconds)).outcomes.filter(({ rule }) => rule.kind !== 'technical');
    return Math.max(-1, ...clinical.map((outcome) => (outcome.status === 'satisfied' ? rankOf(outcome.severity) : -1)));
  };

  test.each(sides)('%s %s', (vital, side) => {
    const [low, high] = RANGES[vital];
    const middle = MIDDLE[vital];
    const oneSide = side === 'up' ? ([middle, high] as const) : ([low, middle] as const);
    const tenths = fc.integer({ min: oneSide[0] * 10, max: oneSide[1] * 10 });
    fc.assert(
      fc.property(
        fc.tuple(who, vitals),
        fc.tuple(tenths, tenths),
        fc.constantFrom(0, 30, 60, 120, 300, 900),
        ([patient, others], pair, seconds) => {
          const [lower, upper] = [Math.min(...pair) / 10, Math.max(...pair) / 10];
          const [better, worse] = side === 'up' ? [lower, upper] : [upper, lower];
          const severities = [better, worse].map((each) => gravest(patient, { ...others, [vital]: each }, seconds));
          expect(severities[1]).toBeGreaterThanOrEqual(severities[0] ?? 0);
        },
      ),
    );
  });
});

test('the floors of the catalogue and those of every reading are the same', () => {
  fc.assert(
    fc.property(who, vitals, (patient, all) => {
      const story = new Story(patient).play([reading(0, all)]);
      const found = FLOOR_CODES.filter((code) => story.state(code) === 'critical');
      expect(found).toEqual([...breaches(all)]);
    }),
  );
});

test('a rule that is satisfied has been so since its stretch began, and pending ones are due after now', () => {
  fc.assert(
    fc.property(who, course, (patient, readings) => {
      const story = new Story(patient);
      for (const each of readings) {
        story.add(each);
        for (const outcome of story.outcomes) {
          if (outcome.status === 'satisfied') expect(outcome.since).toBeLessThanOrEqual(outcome.at);
          if (outcome.status === 'pending') expect(outcome.due).toBeGreaterThan(outcome.at);
          if (outcome.status === 'satisfied' || outcome.status === 'pending') expect(outcome.since).toBeGreaterThanOrEqual(BEGIN);
        }
      }
    }),
  );
});

test('what is remembered survives as JSON', () => {
  fc.assert(
    fc.property(who, course, (patient, readings) => {
      const story = new Story(patient).play(readings);
      expect(JSON.parse(JSON.stringify(story.history))).toEqual(story.history);
    }),
  );
});
