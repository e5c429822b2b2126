/** Removes idempotency keys that have served their time. */

import { storeError } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { MAX_AGE } from './intake.ts';

/**
 * How long a key is kept, ms. A body of a device that comes again later is too old to be taken, whatever its key; imports and alerts,
 * which may be older, have identities of their own. A day more, for clocks that differ.
 */
export const KEY_KEPT = MAX_AGE + 86_400_000;

/** Keys removed by one statement at most, so that no lock is held for long. */
const PURGED_PER_STEP = 5000;

/**
 * Removes the keys that nobody needs any more, and tells how many they were. Several processes may do so at once.
 * @throws KidjamoError STORE_UNAVAILABLE.
 */
export async function purgeIdempotencyKeys(pool: Pool, clock: Clock): Promise<number> {
  const before = clock.now() - KEY_KEPT;
  let total = 0;
  try {
    for (;;) {
      const { rowCount } = await pool.query(
        `DELETE FROM idempotency_keys WHERE id IN
           (SELECT id FROM idempotency_keys WHERE created_at < to_timestamp($1::float8 / 1000) LIMIT ${PURGED_PER_STEP} FOR UPDATE SKIP LOCKED)`,
        [before],
      );
      total += rowCount ?? 0;
      if ((rowCount ?? 0) < PURGED_PER_STEP) return total;
    }
  } catch (error) {
    throw storeError(error);
  }
}
