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

/** Every group's place in every partition. A group on a topic whose end is not among `ends`, which are asked for last, is left out. */
export async function readPlaces(pool: Pool, ends: () => Ends | Promise<Ends>): Promise<Place[]> {
  const { rows } = await pool.query<Omit<Place, 'end'> & { end: number | null }>(
    `SELECT o.log, o.consumer_group AS "group", o.partition, p.next_offset::float8 AS "end", o.next_offset::float8 AS next
       FROM stream.consumer_offset o LEFT JOIN stream.log_partition p USING (log, partition) ORDER BY 1, 2, 3`,
  );
  const topics = await ends();
  return rows.flatMap(({ end, ...row }) => {
    const known = end ?? topics.get(row.log)?.[row.partition];
    return known === undefined ? [] : [{ ...row, end: known }];
  });
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
