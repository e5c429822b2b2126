/** How long to wait before the next try. */

import { fraction } from './clock.ts';
import type { Random } from './clock.ts';

/** Bounds of the waits, ms. */
export interface RetryOptions {
  /** Bound of the first wait. Default 1,000. */
  readonly initialMs?: number;
  /** Bound of every wait. Default 300,000. */
  readonly maxMs?: number;
}

/** The longest time a server may ask us to wait, ms: a broken header must not silence a device for a day. */
const MAX_RETRY_AFTER = 3_600_000;

/** How a failed try is followed up. */
export interface Failure {
  /** Tries that failed in a row, this one included. */
  readonly failures: number;
  /** What the server asked for, ms. */
  readonly retryAfterMs?: number;
}

/**
 * Exponential with full jitter: anywhere from 0 to the bound, so that the devices of a town do not come back in step. What the
 * server asks for comes on top: never earlier than that.
 */
export function retryDelay(
  { failures, retryAfterMs = 0 }: Failure,
  { initialMs = 1000, maxMs = 300_000 }: RetryOptions,
  random: Random,
): number {
  const bound = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 40));
  return Math.min(retryAfterMs, MAX_RETRY_AFTER) + fraction(random) * bound;
}
