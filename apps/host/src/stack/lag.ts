/** How far each consumer group has come, and what the task has counted. */

import type { Pool } from 'pg';

/** A group's place in its log, over all partitions. */
export interface GroupLag {
  readonly log: string;
  readonly group: string;
  /** Records appended. */
  readonly end: number;
  /** Records consumed. */
  readonly next: number;
  readonly lag: number;
}

export async function readLag(pool: Pool): Promise<GroupLag[]> {
  const { rows } = await pool.query<GroupLag>(`
    SELECT o.log, o.consumer_group AS "group",
           sum(p.next_offset)::float8 AS "end", sum(o.next_offset)::float8 AS next, sum(p.next_offset - o.next_offset)::float8 AS lag
      FROM stream.consumer_offset o JOIN stream.log_partition p USING (log, partition)
     GROUP BY 1, 2 ORDER BY 1, 2`);
  return rows;
}

/** The durable counters of a group, summed over partitions. */
export async function readCounters(pool: Pool, group: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ name: string; value: number }>(
    'SELECT name, sum(value)::float8 AS value FROM stream.counter WHERE consumer_group = $1 GROUP BY 1',
    [group],
  );
  return new Map(rows.map((row) => [row.name, row.value]));
}
