/** Draws that the medical simulator makes in many places. */

import type { Random } from '../random.ts';

/** The least and the greatest of something. */
export type Span = readonly [number, number];

const IRWIN_HALL_SD = Math.sqrt(4 / 12);

/**
 * Nearly normal, mean 0 and standard deviation 1: the sum of four uniform numbers. Never beyond 3.5, so that noise alone makes no absurd value,
 * and of additions only, so that it is the same on every machine.
 */
export function normal(random: Random): number {
  return (random.next() + random.next() + random.next() + random.next() - 2) / IRWIN_HALL_SD;
}

/** A waiting time with the given mean. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random.next()) * mean;
}

/** How many of something a day has when its mean is `rate`: one of the two whole numbers around it. */
export function quota(random: Random, rate: number): number {
  const whole = Math.floor(rate);
  return whole + (random.next() < rate - whole ? 1 : 0);
}

/** True with the given probability. */
export function chance(random: Random, probability: number): boolean {
  return random.next() < probability;
}

/** A number of a span, evenly. */
export function within(random: Random, [low, high]: Span): number {
  return low + (high - low) * random.next();
}

/** The number at `part` (0-1) of the way through a span. */
export function along([low, high]: Span, part: number): number {
  return low + (high - low) * part;
}

/** The nearest number of a span. */
export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** One decimal. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
