/** Consumer groups that nobody serves any more: a log keeps its records for them for ever, until they are retired. */

import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { withClient } from '../client.ts';
import { storeError } from '../failure.ts';

/** A group without a member, for which old records are kept. */
export interface AbandonedGroup {
  readonly log: string;
  readonly group: string;
  /** When the oldest record was appended that is kept for it. */
  readonly since: Date;
}

/** The groups without a member that hold back records appended before `before` (ms since the epoch). */
export async function abandonedGroups(pool: Pool, before: number): Promise<AbandonedGroup[]> {
  try {
    const { rows } = await pool.query<AbandonedGroup>(
      `SELECT o.log, o.consumer_group AS "group", min(waiting.appended_at) AS since
         FROM stream.consumer_offset o
         JOIN LATERAL (SELECT b.appended_at FROM stream.log_batch b
                        WHERE b.log = o.log AND b.partition = o.partition AND b.base_offset >= o.next_offset
                        ORDER BY b.base_offset LIMIT 1) waiting ON true
        WHERE NOT EXISTS (SELECT FROM stream.consumer_member m
                           WHERE m.log = o.log AND m.consumer_group = o.consumer_group AND m.lease_until > now())
        GROUP BY 1, 2 HAVING min(waiting.appended_at) < to_timestamp($1::float8 / 1000) ORDER BY 1, 2`,
      [before],
    );
    return rows;
  } catch (error) {
    throw storeError(error);
  }
}

/** A log that a retired group was registered at. */
export interface RetiredFrom {
  readonly log: string;
  /** Records that it had not consumed. */
  readonly unread: number;
}

/**
 * Forgets a group, so that logs keep nothing for it any more. Should it come back, it begins where its logs begin then, a sink where its
 * own position says.
 * @throws KidjamoError NOT_FOUND; INPUT_INVALID while it has a member, or where it has the state of a task, which would be worth nothing
 * without its position.
 */
export function retireGroup(pool: Pool, group: string): Promise<RetiredFrom[]> {
  return withClient(pool, async (client) => {
    await client.query('BEGIN');
    // Whoever joins the group now waits here, and registers it anew.
    await client.query('LOCK TABLE stream.consumer_member IN SHARE ROW EXCLUSIVE MODE');
    const { rows: found } = await client.query<{ alive: boolean; state: boolean }>(
      `SELECT EXISTS (SELECT FROM stream.consumer_member WHERE consumer_group = $1 AND lease_until > now()) AS alive,
              EXISTS (SELECT FROM stream.task_state WHERE consumer_group = $1) AS state`,
      [group],
    );
    if (found[0]?.alive === true) throw new KidjamoError('INPUT_INVALID', 'the group has a member that works for it: stop that first');
    if (found[0]?.state === true) throw new KidjamoError('INPUT_INVALID', 'the group is that of a task, whose state needs its position');
    const { rows } = await client.query<RetiredFrom>(
      `SELECT o.log, sum(p.next_offset - o.next_offset)::float8 AS unread
         FROM stream.consumer_offset o JOIN stream.log_partition p USING (log, partition) WHERE o.consumer_group = $1 GROUP BY 1 ORDER BY 1`,
      [group],
    );
    if (rows.length === 0) throw new KidjamoError('NOT_FOUND', 'no group has this name: `kidjamo doctor` names those there are');
    for (const table of ['consumer_member', 'consumer_lease', 'consumer_offset'])
      await client.query(`DELETE FROM stream.${table} WHERE consumer_group = $1`, [group]);
    await client.query('COMMIT');
    return rows;
  });
}
