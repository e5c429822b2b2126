/**
 * Waits until everything that was in the logs has been consumed: first by the task, whose outputs are then all there, then by the
 * sinks. What others append meanwhile is not waited for.
 */

import { KidjamoError, systemClock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { VITALS_GROUP } from '../roles/context.ts';
import { isDatabaseAway } from '../stack/database-away.ts';

/** How long the pipeline may make no progress at all before it counts as stuck, ms. */
const PATIENCE = 120_000;
const LOOK_EVERY = 100;

/** What is waited for. */
export interface DrainOptions {
  readonly pool: Pool;
  /** Asks the sinks to write what they hold. */
  readonly flush: () => Promise<void>;
  /** Told now and then how many records are left. */
  readonly onLag: (records: number) => void;
}

/** @throws KidjamoError STORE_UNAVAILABLE when nothing moves for two minutes. */
export async function drain(options: DrainOptions): Promise<void> {
  // Not before the task has ended: sinks that are asked too early write many small files.
  await reach(options, { groups: [VITALS_GROUP], nudge: () => Promise.resolve() });
  await reach(options, { groups: undefined, nudge: options.flush });
}

/** Waits until groups (all where undefined) have consumed what their logs hold now. */
async function reach(
  { pool, onLag }: DrainOptions,
  goal: { groups: readonly string[] | undefined; nudge: () => Promise<void> },
): Promise<void> {
  let ends: ReadonlyMap<string, number> | undefined;
  let least = Number.POSITIVE_INFINITY;
  let moved = systemClock.now();
  for (;;) {
    const places = await placesOrUndefined(pool, goal.groups);
    // No row at all: the task of an instance just started has not joined its group yet.
    if (places !== undefined && places.length > 0) {
      ends ??= new Map(places.map(({ log, partition, end }) => [`${log}/${partition}`, end]));
      let left = 0;
      for (const { log, partition, next } of places) left += Math.max(0, (ends.get(`${log}/${partition}`) ?? 0) - next);
      if (left === 0) return;
      if (left < least) {
        least = left;
        moved = systemClock.now();
        onLag(left);
      }
    }
    if (systemClock.now() - moved > PATIENCE) {
      throw new KidjamoError(
        'STORE_UNAVAILABLE',
        `the pipeline has not moved for two minutes with ${least} records left: see \`kidjamo doctor\``,
      );
    }
    await goal.nudge();
    await systemClock.sleep(LOOK_EVERY);
  }
}

/** How far a group has come in a partition. */
interface Place {
  readonly log: string;
  readonly partition: number;
  readonly end: number;
  readonly next: number;
}

async function placesOrUndefined(pool: Pool, groups: readonly string[] | undefined): Promise<readonly Place[] | undefined> {
  try {
    const { rows } = await pool.query<Place>(
      `SELECT o.log, o.partition, p.next_offset::float8 AS "end", o.next_offset::float8 AS next
         FROM stream.consumer_offset o JOIN stream.log_partition p USING (log, partition)
        WHERE $1::text[] IS NULL OR o.consumer_group = ANY ($1)`,
      [groups ?? null],
    );
    return rows;
  } catch (error) {
    // The database may be restarting; the patience above bounds how long that is waited for.
    if (isDatabaseAway(error)) return undefined;
    throw error;
  }
}
