import { describe, expect, test } from 'vitest';

import type { Vital } from '../../src/contracts/reading.ts';
import { completedMonths } from '../../src/domain/age.ts';
import { news2 } from '../../src/alarms/scores/news2.ts';
import { pews } from '../../src/alarms/scores/pews.ts';

/** Section 2: points by range, from low to high; the ends belong to the range. */
const NEWS2: readonly (readonly [Vital, step: number, ranges: readonly (readonly [from: number, to: number, points: number])[]])[] = [
  [
    'resp_rate',
    1,
    [
      [0, 8, 3],
      [9, 11, 1],
      [12, 20, 0],
      [21, 24, 2],
      [25, 99, 3],
    ],
  ],
  [
    'spo2',
    1,
    [
      [50, 91, 3],
      [92, 93, 2],
      [94, 95, 1],
      [96, 100, 0],
    ],
  ],
  [
    'heart_rate',
    1,
    [
      [0, 40, 3],
      [41, 50, 1],
      [51, 90, 0],
      [91, 110, 1],
      [111, 130, 2],
      [131, 250, 3],
    ],
  ],
  [
    'temperature',
    0.1,
    [
      [30, 35, 3],
      [35.1, 36, 1],
      [36.1, 38, 0],
      [38.1, 39, 1],
      [39.1, 45, 2],
    ],
  ],
];

describe.each(NEWS2)('NEWS2 %s', (vital, step, ranges) => {
  test.each(ranges)('from %d to %d: %d', (from, to, points) => {
    // Readings are rounded to the resolution of the table.
    for (const value of [from, to, from - step * 0.49, to + step * 0.49]) {
      expect([value, news2({ [vital]: value }, 30, false)?.points]).toEqual([value, points]);
    }
  });
});

describe('NEWS2', () => {
  const fine = { resp_rate: 16, spo2: 97, heart_rate: 70, temperature: 37 };

  test('is for 16 years and over; an unknown age counts as adult', () => {
    expect(news2(fine, 15, false)).toBeUndefined();
    expect(news2(fine, 16, false)?.points).toBe(0);
    expect(news2(fine, undefined, false)?.points).toBe(0);
  });

  test.each([
    [{ ...fine, resp_rate: 22, heart_rate: 112 }, 4, 'routine'],
    [{ ...fine, resp_rate: 22, heart_rate: 112, temperature: 38.5 }, 5, 'urgent'],
    [{ ...fine, spo2: 91 }, 3, 'urgent'],
    [{ ...fine, resp_rate: 22, heart_rate: 112, spo2: 93 }, 6, 'urgent'],
    [{ ...fine, resp_rate: 25, heart_rate: 112, spo2: 93 }, 7, 'emergency'],
  ])('%j has %d points: %s', (vitals, points, response) => {
    expect(news2(vitals, 30, false)).toMatchObject({ points, response });
  });

  test('is always partial, and says what is missing and how far it can be trusted', () => {
    expect(news2(fine, 30, true)).toMatchObject({
      missing: ['systolic_blood_pressure', 'consciousness', 'supplemental_oxygen'],
      lowConfidence: true,
    });
    expect(news2({ spo2: 97 }, 30, false)?.missing).toEqual(expect.arrayContaining(['resp_rate', 'heart_rate', 'temperature']));
    expect(news2({ pain: 9 }, 30, false)).toBeUndefined();
  });
});

/** Section 2, as it stands there. */
const PEWS_TABLE = `
| 0-3 months | >=150 or <=110 / >=180 or <=90 / >=190 or <=80 | >=61 or <=29 / >=81 or <=19 / >=91 or <=15 |
| 3-12 months | >=150 or <=100 / >=170 or <=80 / >=180 or <=70 | >=51 or <=24 / >=71 or <=19 / >=81 or <=15 |
| 1-4 years | >=120 or <=90 / >=150 or <=70 / >=170 or <=60 | >=41 or <=19 / >=61 or <=15 / >=71 or <=12 |
| 4-12 years | >=110 or <=70 / >=130 or <=60 / >=150 or <=50 | >=31 or <=19 / >=41 or <=14 / >=51 or <=10 |
| over 12 | >=100 or <=60 / >=120 or <50 / >=140 or <=40 | >=17 or <=11 / >=23 or <=10 / >=30 or <=9 |
`;
const PEWS_MONTHS: readonly (readonly [name: string, first: number, last: number])[] = [
  ['0-3 months', 0, 2],
  ['3-12 months', 3, 11],
  ['1-4 years', 12, 47],
  ['4-12 years', 48, 143],
  ['over 12', 144, 191],
];

describe.each(PEWS_MONTHS)('PEWS %s', (name, first, last) => {
  const cells = PEWS_TABLE.split('\n')
    .find((line) => line.startsWith(`| ${name}`))
    ?.split('|')
    .slice(2, 4);

  test.each([
    ['heart_rate', 0],
    ['resp_rate', 1],
  ] as const)('%s', (vital, column) => {
    const bounds = (cells?.[column] ?? '').split('/').map((cell) => /(>=)(\d+) or (<=?)(\d+)/.exec(cell) ?? []);
    expect(bounds).toHaveLength(3);
    for (let value = 0; value <= 200; value += 1) {
      let points = 0;
      for (const [i, [, , high, op, low]] of bounds.entries()) {
        const reached = value >= Number(high) || (op === '<' ? value < Number(low) : value <= Number(low));
        if (reached) points = [1, 2, 4][i] ?? 0;
      }
      for (const months of [first, last]) expect([value, pews({ [vital]: value }, months, false)?.points]).toEqual([value, points]);
    }
  });
});

describe('PEWS', () => {
  test.each([
    [95, 0],
    [94, 1],
    [91, 1],
    [90, 2],
  ])('SpO2 %d: %d', (spo2, points) => {
    expect(pews({ spo2 }, 60, false)?.points).toBe(points);
  });

  test('is for under 16 years of known age', () => {
    expect(pews({ spo2: 90 }, 191, false)).toBeDefined();
    expect(pews({ spo2: 90 }, 192, false)).toBeUndefined();
    expect(pews({ spo2: 90 }, undefined, false)).toBeUndefined();
    expect(pews({ spo2: 90 }, -1, false)).toBeUndefined();
    expect(pews({ pain: 9 }, 60, false)).toBeUndefined();
  });

  test('is always partial, and says what is missing', () => {
    expect(pews({ spo2: 97 }, 60, true)).toEqual({
      points: 0,
      items: { spo2: 0 },
      missing: ['heart_rate', 'resp_rate', 'systolic_blood_pressure', 'capillary_refill', 'respiratory_effort', 'oxygen_therapy'],
      lowConfidence: true,
    });
  });
});

test.each([
  ['2020-01-31', '2020-02-29', 0],
  ['2020-01-31', '2020-03-01', 1],
  ['2019-12-15', '2020-01-20', 1],
  ['2020-01-31', '2021-01-30', 11],
  ['2020-01-31', '2021-01-31', 12],
  ['2010-06-01', '2026-05-31', 191],
  ['2010-06-01', '2026-06-01', 192],
])('who is born on %s has on %s completed %d months', (born, day, months) => {
  expect(completedMonths(born, Date.parse(day))).toBe(months);
});

test('before birth or without a date no months are completed', () => {
  expect(completedMonths('2020-05-01', Date.parse('2020-04-30'))).toBeLessThan(0);
  expect(completedMonths('', 0)).toBeNaN();
});
