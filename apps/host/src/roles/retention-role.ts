/** Removes from the logs what every consumer group has consumed and what is old enough. */

import { trimLog } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import { LOGS } from '@kidjamo/vitals';
import type { Pool } from 'pg';

import { isDatabaseAway } from '../stack/database-away.ts';
import type { RoleLogger } from './logger.ts';

const EVERY = 10 * 60_000;

/** Runs until `signal` aborts. Several processes may run it at once. */
export async function runRetention(options: { pool: Pool; hours: number; logger: RoleLogger }, signal: AbortSignal): Promise<void> {
  const { pool, hours, logger } = options;
  while (!signal.aborted) {
    await systemClock.sleep(EVERY, signal);
    if (signal.aborted) return;
    for (const log of Object.values(LOGS)) {
      try {
        const removed = await trimLog({ pool, log, olderThanMs: hours * 3_600_000, clock: systemClock });
        if (removed > 0) logger.info({ log, removed }, 'old batches removed from the log');
      } catch (error) {
        if (!isDatabaseAway(error)) throw error;
        logger.warn({ log, err: error }, 'the log was not trimmed; it will be next time');
      }
    }
  }
}
