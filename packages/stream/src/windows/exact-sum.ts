/**
 * Exact sums of doubles. Binary floating-point addition is not associative, so a plain running sum depends on the order of arrival.
 * Here the sum is kept without any rounding, and rounded once, when it is read. Method: Shewchuk, "Adaptive Precision Floating-Point
 * Arithmetic and Fast Robust Geometric Predicates" (1997): a sum is a list of doubles that do not overlap, smallest first.
 */

import { KidjamoError } from '../errors.ts';

/**
 * An exact sum, as JSON: one double, or several that do not overlap, or, once a value beyond {@link HUGE} has come, hexadecimal text of
 * the sum in units of 2^-1074. Different texts may stand for the same sum; {@link roundSum} tells them equal.
 */
export type ExactSum = number | number[] | string;

/** Adding up to 2^60 doubles below this never overflows. Above it, sums are kept as big integers, which never do. */
const HUGE = 2 ** 960;
/** Exponent of the smallest double. */
const UNIT_EXPONENT = 1074;
const SIGNIFICAND_BITS = 52;

/** The sum of nothing. */
export const ZERO_SUM: ExactSum = 0;

/**
 * Adds `value` to `sum`, which MUST NOT be used afterwards: it may have been changed in place.
 * @throws KidjamoError INPUT_INVALID unless `value` is finite.
 */
export function addToSum(sum: ExactSum, value: number): ExactSum {
  if (!Number.isFinite(value)) throw new KidjamoError('INPUT_INVALID', 'only finite numbers have an exact sum');
  if (typeof sum === 'string' || value >= HUGE || value <= -HUGE) return toText(toUnits(sum) + doubleToUnits(value));
  if (typeof sum === 'number') {
    const high = sum + value;
    const low = Math.abs(sum) < Math.abs(value) ? sum - (high - value) : value - (high - sum);
    return low === 0 ? high : [low, high];
  }
  let rest = value;
  let kept = 0;
  for (const partial of sum) {
    const high = rest + partial;
    const low = Math.abs(rest) < Math.abs(partial) ? rest - (high - partial) : partial - (high - rest);
    if (low !== 0) sum[kept++] = low;
    rest = high;
  }
  sum[kept] = rest;
  sum.length = kept + 1;
  return sum;
}

/** Adds two sums, which MUST NOT be used afterwards. */
export function mergeSums(a: ExactSum, b: ExactSum): ExactSum {
  if (typeof b === 'string') return toText(toUnits(a) + toUnits(b));
  if (typeof b === 'number') return addToSum(a, b);
  let merged = a;
  for (const partial of b) merged = addToSum(merged, partial);
  return merged;
}

/** The double nearest to the sum, ties to even; infinite when the sum is beyond the largest double. */
export function roundSum(sum: ExactSum): number {
  if (typeof sum === 'number') return sum + 0;
  if (typeof sum === 'string') return unitsToDouble(toUnits(sum));
  let i = sum.length - 1;
  let high = sum[i] ?? 0;
  let low = 0;
  while (i > 0 && low === 0) {
    i -= 1;
    const before = high;
    const partial = sum[i] ?? 0;
    high = before + partial;
    low = partial - (high - before);
  }
  // When `low` is exactly half a unit of `high`, the partials below it decide which way the tie really goes.
  const next = i > 0 ? (sum[i - 1] ?? 0) : 0;
  if ((low < 0 && next < 0) || (low > 0 && next > 0)) {
    const doubled = low * 2;
    const rounded = high + doubled;
    if (rounded - high === doubled) high = rounded;
  }
  return high + 0;
}

const bits = new DataView(new ArrayBuffer(8));

/** A finite double in units of 2^-1074. */
function doubleToUnits(value: number): bigint {
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const fraction = word & 0xfffffffffffffn;
  const units = exponent === 0 ? fraction : (fraction | (1n << BigInt(SIGNIFICAND_BITS))) << BigInt(exponent - 1);
  return value < 0 ? -units : units;
}

/** The double nearest to `units` times 2^-1074, ties to even. */
function unitsToDouble(units: bigint): number {
  const negative = units < 0n;
  const size = negative ? -units : units;
  const length = size.toString(2).length;
  // Number() rounds a big integer to nearest, ties to even; 64 leading bits, the last one set when anything follows, decide the same way.
  const shift = Math.max(0, length - 64);
  const head = size >> BigInt(shift);
  const exact = head << BigInt(shift) === size;
  const magnitude = Number(exact ? head : head | 1n) * 2 ** (shift - UNIT_EXPONENT);
  return negative ? -magnitude : magnitude;
}

function toUnits(sum: ExactSum): bigint {
  if (typeof sum === 'string') return sum.startsWith('-') ? -BigInt(`0x${sum.slice(1)}`) : BigInt(`0x${sum}`);
  if (typeof sum === 'number') return doubleToUnits(sum);
  let units = 0n;
  for (const partial of sum) units += doubleToUnits(partial);
  return units;
}

function toText(units: bigint): string {
  return units.toString(16);
}
