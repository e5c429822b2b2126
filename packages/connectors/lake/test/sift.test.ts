import type { LogRecord } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { sift } from '../src/sift.ts';
import { SAMPLES, START, value } from './trial-lake.ts';

const records = (values: readonly string[]): LogRecord[] =>
  values.map((text, offset) => ({ partition: 0, offset, key: 'k', value: text, time: START }));

/** A reader that stumbles over the offsets given, and counts how often it is asked. */
function stumbling(...offsets: number[]) {
  const asked: number[] = [];
  return {
    asked,
    canRead: async (some: readonly LogRecord[]) => {
      asked.push(some.length);
      return !some.some(({ offset }) => offsets.includes(offset));
    },
  };
}

test('what is plainly wrong is found without asking, with a reason that names the field and not its content', async () => {
  const values = [
    value(0),
    'no JSON',
    '{"kind":"sample"',
    '[1]',
    value(4, { at: undefined }),
    value(5, { at: 'in the evening' }),
    value(6, { at: 9e15 }),
    value(7, { vitals: 'fine' }),
    value(8, { vitals: { heart_rate: 'fast' } }),
    value(9, { codes: 'ok' }),
    value(10, { patient: null }),
    value(11),
  ];
  const { canRead, asked } = stumbling();
  const { refused, readable } = await sift(SAMPLES, records(values), canRead);
  expect(refused).toEqual([
    { offset: 1, reason: 'the value is not a JSON object' },
    { offset: 2, reason: 'the value is not JSON' },
    { offset: 3, reason: 'the value is not a JSON object' },
    { offset: 4, reason: 'at is missing' },
    { offset: 5, reason: 'at is not of type time' },
    { offset: 6, reason: 'at lies outside the years 1 to 9999' },
    { offset: 7, reason: 'vitals.heart_rate is not of type double' },
    { offset: 8, reason: 'vitals.heart_rate is not of type double' },
    { offset: 9, reason: 'codes is not of type texts' },
    { offset: 10, reason: 'patient is missing' },
  ]);
  expect(readable.map(({ offset }) => offset)).toEqual([0, 11]);
  expect(asked).toEqual([2]);
});

test('what only the reader finds is found by halving, exactly', async () => {
  const { canRead, asked } = stumbling(3, 77, 78);
  const { refused, readable } = await sift(SAMPLES, records(Array.from({ length: 100 }, (_, i) => value(i))), canRead);
  expect(refused.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual([3, 77, 78]);
  expect(readable).toHaveLength(97);
  expect(asked.length).toBeLessThan(45);
});

test('records of other tables are neither refused nor read, whatever they hold', async () => {
  const { refused, readable } = await sift(
    SAMPLES,
    records(['{"kind":"other","at":"soon","vitals":7}', '{}', value(2)]),
    stumbling().canRead,
  );
  expect(refused).toEqual([]);
  expect(readable.map(({ offset }) => offset)).toEqual([2]);
});
