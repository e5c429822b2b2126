import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ExactSum } from '../src/index.ts';
import { addToSum, mergeSums, roundSum, ZERO_SUM } from '../src/index.ts';

/** Any finite double; with many near each other in size, near zero and near the largest, where rounding is decided by the last bits. */
const value = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -250, max: 250, noNaN: true }),
  fc.integer({ min: -2500, max: 2500 }).map((tenths) => tenths / 10),
  fc.constantFrom(2 ** 53, 1, -1, 2 ** -53, -(2 ** -53), 2 ** -1074, 2 ** 960, -(2 ** 960), Number.MAX_VALUE, -Number.MAX_VALUE, 0, -0),
);
const values = fc.array(value, { maxLength: 40 });

const fold = (list: readonly number[]): ExactSum => list.reduce(addToSum, ZERO_SUM);

describe('an exact sum', () => {
  test('is the double nearest to the true sum, ties to even', () => {
    fc.assert(
      fc.property(values, (list) => {
        expect(roundSum(fold(list))).toBe(nearest(list.reduce((sum, x) => sum + rational(x), 0n)));
      }),
    );
  });

  test('does not depend on the order', () => {
    fc.assert(
      fc.property(
        values.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          expect(roundSum(fold(shuffled))).toBe(roundSum(fold(list)));
        },
      ),
    );
  });

  test('of two parts, merged, is that of the whole', () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        expect(roundSum(mergeSums(fold(left), fold(right)))).toBe(roundSum(fold([...left, ...right])));
      }),
    );
  });

  test('survives JSON between any two additions', () => {
    fc.assert(
      fc.property(values, (list) => {
        const stored = list.reduce<ExactSum>((sum, x) => JSON.parse(JSON.stringify(addToSum(sum, x))) as ExactSum, ZERO_SUM);
        expect(roundSum(stored)).toBe(roundSum(fold(list)));
      }),
    );
  });
});

/** The reference works on integers alone: a double as a multiple of 2^-1074. */
function rational(x: number): bigint {
  if (x === 0) return 0n;
  let units = Math.abs(x);
  let shift = 1074;
  while (!Number.isInteger(units)) {
    units *= 2;
    shift -= 1;
  }
  return (x < 0 ? -1n : 1n) * (BigInt(units) << BigInt(shift));
}

/** The double nearest to a multiple of 2^-1074, found by bisection over the ordered doubles; ties go to the even significand. */
function nearest(units: bigint): number {
  if (units < 0n) return -nearest(-units);
  const view = new DataView(new ArrayBuffer(8));
  const double = (rank: bigint): number => {
    view.setBigUint64(0, rank);
    return view.getFloat64(0);
  };
  let low = 0n;
  let high = 0x7ff0000000000000n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (rational(double(middle)) <= units) low = middle;
    else high = middle;
  }
  const below = rational(double(low));
  const above = high === 0x7ff0000000000000n ? 1n << BigInt(1024 + 1074) : rational(double(high));
  const twice = 2n * units - below - above;
  if (twice !== 0n) return double(twice < 0n ? low : high);
  return double(low % 2n === 0n ? low : high);
}
