/** Removes what nobody needs any more from the beginning of a log. */

import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { storeError } from '../failure.ts';

/** What to trim. */
export interface TrimOptions {
  readonly pool: Pool;
  readonly log: string;
  /** Records younger than this stay, ms. */
  readonly olderThanMs: number;
  readonly clock: Clock;
}

/** Rows removed by one transaction at most, so that no lock is held for long. */
const ROWS_PER_STEP = 500;

/*
 * Log time never decreases and groups consume in order, so what may go is always a prefix: the first rows are looked at, and no others.
 * The row of the partition is locked last and shortly, since appends wait for it.
 */
const TRIM = {
  name: 'stream-log-trim',
  text: `
  WITH first AS (
    SELECT base_offset, base_offset + record_count AS after, appended_at FROM stream.log_batch
     WHERE log = $1 AND partition = $2 ORDER BY base_offset LIMIT $4
  ), gone AS (
    DELETE FROM stream.log_batch b USING first
     WHERE b.log = $1 AND b.partition = $2 AND b.base_offset = first.base_offset
       AND first.appended_at < to_timestamp($3::float8 / 1000)
       AND first.after <= coalesce((SELECT min(next_offset) FROM stream.consumer_offset WHERE log = $1 AND partition = $2), first.after)
    RETURNING first.after
  ), moved AS (
    UPDATE stream.log_partition SET low_offset = greatest(low_offset, (SELECT max(after) FROM gone))
     WHERE log = $1 AND partition = $2 AND EXISTS (SELECT FROM gone)
  )
  SELECT count(*)::int AS removed FROM gone`,
};

/**
 * Removes the batches that every registered consumer group of the log has passed and that are older than the age given; a log that
 * nobody reads is trimmed by age alone. Readers below the new beginning go on at the first record kept.
 * @returns how many rows (batches) were removed.
 */
export async function trimLog({ pool, log, olderThanMs, clock }: TrimOptions): Promise<number> {
  const before = clock.now() - olderThanMs;
  let total = 0;
  try {
    const { rows } = await pool.query<{ partition: number }>('SELECT partition FROM stream.log_partition WHERE log = $1', [log]);
    for (const { partition } of rows) {
      let removed = ROWS_PER_STEP;
      while (removed === ROWS_PER_STEP) {
        const step = await pool.query<{ removed: number }>({ ...TRIM, values: [log, partition, before, ROWS_PER_STEP] });
        removed = step.rows[0]?.removed ?? 0;
        total += removed;
      }
    }
    return total;
  } catch (error) {
    throw storeError(error);
  }
}
