/** Tells a database that is away for now from a mistake. */

import { sqlState, storeError } from '@kidjamo/connector-postgres';
import { backoffDelay, isRetryable, KidjamoError, systemClock } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';

/** How long a command waits for a database that is away, ms: as long as for a gateway. */
const PATIENCE = 120_000;

/** Whether the server is there and says that it is starting or stopping. */
export function isStarting(error: unknown): boolean {
  return /^57P0[123]$/.test(sqlState(error) ?? '');
}

/** Whether nobody listens at the address of the server. */
export function isRefused(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ECONNREFUSED';
}

export function isDatabaseAway(error: unknown): boolean {
  return isRetryable(storeError(error));
}

/**
 * Asks a database that may be starting again until it answers: a command that has sent for hours does not end because one question met a restart.
 * @throws KidjamoError STORE_UNAVAILABLE when it stays away for two minutes, STORE_REJECTED at once where waiting would change nothing.
 */
export async function patiently<T>(ask: () => Promise<T>, clock: Clock = systemClock): Promise<T> {
  const until = clock.now() + PATIENCE;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isDatabaseAway(error)) throw storeError(error);
      if (clock.now() >= until)
        throw new KidjamoError('STORE_UNAVAILABLE', 'the database has been away for two minutes: see `kidjamo doctor`', { cause: error });
    }
    await clock.sleep(backoffDelay({ initial: 100, max: 2000 }, attempt, Math.random));
  }
}
