import { describe, expect, test } from 'vitest';

import type { Vital } from '../../src/contracts/reading.ts';
import { AGE_BANDS } from '../../src/domain/age.ts';
import type { AgeBand } from '../../src/domain/age.ts';
import type { Override } from '../../src/alarms/override.ts';
import { around, ON_DELAY, row, SINGLE } from './reference.ts';
import type { WrittenTerm } from './reference.ts';
import { BEGIN, stateAfter, steady, Story } from './rig.ts';
import type { Who } from './rig.ts';

const SEVERITIES = ['warn', 'alert', 'critical'] as const;

/** A line of a table. */
interface Line {
  readonly code: string;
  readonly severity: string;
  readonly term: WrittenTerm;
  readonly who: Who;
}

/** A floor that is put out of the way, so that the columns behind it come into force. */
const FLOOR_OFF: Override = {
  kind: 'disable',
  rule: 'CRITICAL_TEMPERATURE',
  by: '00000000-0000-4000-8000-000000000001',
  reason: 'Continuous fever under treatment in hospital',
  from: BEGIN - 1,
  expires: BEGIN + 86_400_000,
};

function threeLevels(code: string, name: string, { vital, op }: { vital: Vital; op: WrittenTerm[1] }): Line[] {
  return AGE_BANDS.flatMap((band) =>
    row(name, band).map((value, i) => ({ code, severity: SEVERITIES[i] ?? '', term: [vital, op, value], who: { band } }) satisfies Line),
  );
}

function oneLevel(code: string, name: string, vital: Vital): Line[] {
  return AGE_BANDS.map((band) => ({ code, severity: 'alert', term: [vital, '<', row(name, band)[0] ?? 0], who: { band } }));
}

const LINES: readonly Line[] = [
  ...threeLevels('SPO2_LOW', 'SpO2 warn', { vital: 'spo2', op: '<=' }),
  ...threeLevels('HEART_RATE_HIGH', 'HR warn', { vital: 'heart_rate', op: '>=' }),
  ...threeLevels('RESP_RATE_HIGH', 'RR warn', { vital: 'resp_rate', op: '>=' }),
  ...threeLevels('TEMPERATURE_HIGH', 'T warn', { vital: 'temperature', op: '>=' }).map((line) => ({
    ...line,
    who: { ...line.who, overrides: [FLOOR_OFF] },
  })),
  ...oneLevel('TEMPERATURE_LOW', 'T low', 'temperature'),
  ...oneLevel('HEART_RATE_LOW', 'HR low', 'heart_rate'),
  ...oneLevel('RESP_RATE_LOW', 'RR low', 'resp_rate'),
  ...AGE_BANDS.flatMap((band) => SINGLE.map(([code, severity, term]) => ({ code, severity, term, who: { band } }))),
];

const rank = (state: string): number => ['warn', 'alert', 'critical'].indexOf(state);

describe.each(LINES)('$code $severity $term in $who.band', ({ code, severity, term, who }) => {
  const [vital] = term;
  const { worse, better, atBreaches } = around(term);
  const delay = code === 'PAIN_SEVERE' ? 0 : (ON_DELAY[severity] ?? 0);
  const after = (value: number): string => stateAfter(code, steady({ [vital]: value }, delay), who);

  test('holds just beyond its bound', () => {
    expect(after(worse)).toBe(severity);
  });

  test('at its bound holds only where the table says so', () => {
    if (atBreaches) expect(after(term[2])).toBe(severity);
    else expect(rank(after(term[2]))).toBeLessThan(rank(severity));
  });

  test('does not hold just inside its bound', () => {
    expect(rank(after(better))).toBeLessThan(rank(severity));
  });
});

describe('on-delays', () => {
  test.each([
    ['HEART_RATE_HIGH', { heart_rate: 105 }, 'warn', 600],
    ['HEART_RATE_HIGH', { heart_rate: 115 }, 'alert', 120],
    ['HEART_RATE_HIGH', { heart_rate: 135 }, 'critical', 60],
    ['TEMPERATURE_LOW', { temperature: 35 }, 'alert', 120],
  ])('%s at %j is %s after %d s', (...[code, vitals, severity, seconds]) => {
    expect(stateAfter(code, steady(vitals, seconds - 0.001, { every: 10 }))).toBe('pending');
    expect(stateAfter(code, steady(vitals, seconds, { every: 10 }))).toBe(severity);
  });

  test('a graver level that has not held for long enough is told beside the one that has', () => {
    const story = new Story().play([...steady({ heart_rate: 115 }, 120), ...steady({ heart_rate: 135 }, 30, { from: 150 })]);
    expect(story.satisfied('HEART_RATE_HIGH')).toMatchObject({
      severity: 'alert',
      since: BEGIN,
      rising: { severity: 'critical', due: BEGIN + 210_000 },
    });
  });
});

describe('temperature', () => {
  test.each(AGE_BANDS)('is critical from 38.0 on in %s by the floor, and only warned of beneath', (band: AgeBand) => {
    const story = new Story({ band }).play(steady({ temperature: 38 }, 600));
    expect(story.state('CRITICAL_TEMPERATURE')).toBe('critical');
    expect(story.state('TEMPERATURE_HIGH')).toBe('warn');
    const below = new Story({ band }).play(steady({ temperature: 37.99 }, 600));
    expect(below.state('CRITICAL_TEMPERATURE')).toBe('between');
    expect(below.state('TEMPERATURE_HIGH')).toBe('warn');
  });
});
