/** Delays between attempts: exponential with full jitter, so that many clients that failed together do not come back together. */

/** Bounds of the delays, ms. */
export interface BackoffOptions {
  readonly initial: number;
  readonly max: number;
}

/** The delay before attempt `attempt` (1 = first retry). `random` gives numbers in [0, 1). At least a tenth of the bound, so that it is never a hot loop. */
export function backoffDelay(options: BackoffOptions, attempt: number, random: () => number): number {
  const bound = Math.min(options.max, options.initial * 2 ** Math.min(attempt - 1, 30));
  return bound * (0.1 + 0.9 * random());
}
