/** Time and randomness, handed in so that tests move them by hand. The only place that reads the machine's. */

import { randomBytes } from 'node:crypto';

/** A source of wall-clock time and of delays. */
export interface Clock {
  /** Milliseconds since the Unix epoch. It may jump: boxes without a battery start in 1970. */
  now(): number;
  /** Resolves after `ms` milliseconds, or at once when `signal` aborts. Never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** A source of random bytes, for idempotency keys and the jitter of retries. */
export type Random = (bytes: number) => Uint8Array;

/** The longest delay of a timer, ms. */
const MAX_DELAY = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  // The core's clock is out of reach: the kit is published alone.
  // eslint-disable-next-line no-restricted-syntax -- this is where the kit reads the time
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.min(ms, MAX_DELAY));
      signal.addEventListener('abort', finish, { once: true });
    }),
};

/** The machine's own randomness. */
export const systemRandom: Random = (bytes) => randomBytes(bytes);

/** A number from 0 up to 1, 1 excluded. */
export function fraction(random: Random): number {
  return Buffer.from(random(4)).readUInt32BE(0) / 2 ** 32;
}
