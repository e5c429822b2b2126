import { describe, expect, test } from 'vitest';

import { addToSum, hasCode, mergeSums, roundSum, ZERO_SUM } from '../src/index.ts';

const sum = (...values: number[]): number => roundSum(values.reduce(addToSum, ZERO_SUM));

describe('an exact sum', () => {
  test('keeps what plain addition loses', () => {
    expect([0.1, 0.2, 0.3].reduce((a, b) => a + b, 0)).not.toBe(0.6);
    expect(sum(0.1, 0.2, 0.3)).toBe(0.6);
    expect(sum(1e16, 1, -1e16)).toBe(1);
    expect(sum(...Array.from({ length: 10 }, () => 0.1))).toBe(1);
  });

  test('rounds a tie the way that the bits below it say', () => {
    expect(sum(2 ** 53, 1)).toBe(2 ** 53);
    expect(sum(2 ** 53, 1, 2 ** -60)).toBe(2 ** 53 + 2);
    expect(sum(2 ** 53 + 2, 1, -(2 ** -60))).toBe(2 ** 53 + 2);
    expect(sum(2 ** 53 + 2, 1)).toBe(2 ** 53 + 4);
  });

  test('does not overflow on the way', () => {
    expect(sum(Number.MAX_VALUE, Number.MAX_VALUE, -Number.MAX_VALUE)).toBe(Number.MAX_VALUE);
    expect(sum(Number.MAX_VALUE, 0.1, -Number.MAX_VALUE)).toBe(0.1);
    expect(sum(Number.MAX_VALUE, Number.MAX_VALUE)).toBe(Number.POSITIVE_INFINITY);
    expect(sum(-Number.MAX_VALUE, -Number.MAX_VALUE)).toBe(Number.NEGATIVE_INFINITY);
  });

  test('of nothing, or of minus zero, is zero', () => {
    expect(sum()).toBe(0);
    expect(sum(-0)).toBe(0);
    expect(roundSum(mergeSums(ZERO_SUM, ZERO_SUM))).toBe(0);
  });

  test('of one decimal vital signs stays small as JSON', () => {
    const values = Array.from({ length: 12 }, (_, i) => 36.7 + i / 10);
    expect(JSON.stringify(values.reduce(addToSum, ZERO_SUM)).length).toBeLessThan(50);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %s', (value) => {
    expect(() => addToSum(ZERO_SUM, value)).toThrow(expect.toSatisfy((error) => hasCode(error, 'INPUT_INVALID')));
  });
});
