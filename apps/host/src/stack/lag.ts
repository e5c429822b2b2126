/** How far each consumer group has come, and what the task has counted. */

import type { Pool } from 'pg';

import type { Ends } from './topic-ends.ts';

/** A group's place in a partition of its log. */
export interface Place {
  readonly group: string;
  /** The log, or the topic. */
  readonly log: string;
  readonly partition: number;
  /** The offset that the next record will get. */
  readonly end: number;
  /** The next offset wanted. */
  readonly next: number;
}

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

/**
 * Every group's place in every partition of its log; at the beginning where it has not taken the partition yet. A group on a topic whose ends
 * are not among `ends`, which are asked for last, is left out.
 */
export async function readPlaces(pool: Pool, ends: () => Ends | Promise<Ends>): Promise<Place[]> {
  const { rows } = await pool.query<Group>(
    `SELECT o.log, o.consumer_group AS "group",
            (SELECT json_object_agg(p.partition, p.next_offset) FROM stream.log_partition p WHERE p.log = o.log) AS stored,
            json_object_agg(o.partition, o.next_offset) AS taken
       FROM stream.consumer_offset o GROUP BY 1, 2 ORDER BY 1, 2`,
  );
  const topics = await ends();
  return rows.flatMap(({ log, group, stored, taken }) =>
    Object.entries(stored ?? topics.get(log) ?? {}).map(([partition, end]) => ({
      log,
      group,
      partition: Number(partition),
      end,
      next: taken[partition] ?? 0,
    })),
  );
}

/** A group on a log, with offsets by partition. */
interface Group {
  readonly log: string;
  readonly group: string;
  /** Where the partitions end; null for a topic. */
  readonly stored: Readonly<Record<string, number>> | null;
  readonly taken: Readonly<Record<string, number>>;
}

/** How many records a place is behind. */
export function lagOf({ end, next }: Place): number {
  return Math.max(0, end - next);
}

/** The same by group. */
export function sumLags(places: readonly Place[]): GroupLag[] {
  const sums = new Map<string, GroupLag>();
  for (const place of places) {
    const { log, group, end, next } = place;
    const key = `${log}\n${group}`;
    const sum = sums.get(key) ?? { log, group, end: 0, next: 0, lag: 0 };
    sums.set(key, { log, group, end: sum.end + end, next: sum.next + next, lag: sum.lag + lagOf(place) });
  }
  return [...sums.values()];
}

/** The durable counters of a group, summed over partitions. */
export async function readCounters(pool: Pool, group: string): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pool.query<{ name: string; value: number }>(
    'SELECT name, sum(value)::float8 AS value FROM stream.counter WHERE consumer_group = $1 GROUP BY 1',
    [group],
  );
  return new Map(rows.map((row) => [row.name, row.value]));
}
