/** Removes what has served its time: from the logs what every consumer group has consumed and what is old enough, and old idempotency keys. */

import { trimLog } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import { LOGS, purgeIdempotencyKeys } from '@kidjamo/vitals';
import type { Pool } from 'pg';

import { isDatabaseAway } from '../stack/database-away.ts';
import type { RoleLogger } from './logger.ts';

const EVERY = 10 * 60_000;

/** What retention works on. */
export interface RetentionOptions {
  readonly pool: Pool;
  /** How long records stay in the logs at least. */
  readonly hours: number;
  readonly logger: RoleLogger;
}

/** Runs until `signal` aborts. Several processes may run it at once. */
export async function runRetention(options: RetentionOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(EVERY, signal);
    if (signal.aborted) return;
    await removeOld(options, systemClock);
  }
}

/** Removes once what may go. What could not be removed now is left for the next time. */
export async function removeOld({ pool, hours, logger }: RetentionOptions, clock: Clock): Promise<void> {
  const steps: readonly (readonly [string, () => Promise<number>])[] = [
    ...Object.values(LOGS).map((log) => [log, () => trimLog({ pool, log, olderThanMs: hours * 3_600_000, clock })] as const),
    ['idempotency keys', () => purgeIdempotencyKeys(pool, clock)],
  ];
  for (const [from, remove] of steps) {
    try {
      const removed = await remove();
      if (removed > 0) logger.info({ from, removed }, 'what had served its time was removed');
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      logger.warn({ from, err: error }, 'nothing was removed here now; it will be next time');
    }
  }
}
