/** Waits until consumer groups have come as far as their logs reach now. What is appended meanwhile is not waited for. */

import { systemClock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { isDatabaseAway } from './database-away.ts';

const LOOK_EVERY = 100;

/** Whom to wait for, and how long. */
export interface Awaited {
  readonly pool: Pool;
  /** Which groups; one that has not joined yet is waited for as long as none of them has. */
  readonly groups: (group: string) => boolean;
  /** Asked before every look but the first: hurries the groups. */
  readonly nudge: () => Promise<void>;
  /** Told how many records are left whenever that gets less. */
  readonly onLag?: (records: number) => void;
  /** Told for how long it was waited, and since when nothing has moved, ms. */
  readonly giveUp: (waited: number, stuck: number) => boolean;
}

/** How many records are left: 0, or what was left when it gave up (infinity when the groups were never seen). */
export async function untilConsumed({ pool, groups, nudge, onLag, giveUp }: Awaited): Promise<number> {
  const started = systemClock.now();
  let moved = started;
  let least = Number.POSITIVE_INFINITY;
  let ends: ReadonlyMap<string, number> | undefined;
  for (;;) {
    const places = (await placesOrNone(pool)).filter((place) => groups(place.group));
    if (places.length > 0) {
      ends ??= new Map(places.map(({ log, partition, end }) => [`${log}/${partition}`, end]));
      let left = 0;
      for (const { log, partition, next } of places) left += Math.max(0, (ends.get(`${log}/${partition}`) ?? 0) - next);
      if (left === 0) return 0;
      if (left < least) {
        least = left;
        moved = systemClock.now();
        onLag?.(left);
      }
    }
    const now = systemClock.now();
    if (giveUp(now - started, now - moved)) return least;
    await nudge();
    await systemClock.sleep(LOOK_EVERY);
  }
}

/** How far a group has come in a partition. */
interface Place {
  readonly group: string;
  readonly log: string;
  readonly partition: number;
  readonly end: number;
  readonly next: number;
}

async function placesOrNone(pool: Pool): Promise<readonly Place[]> {
  try {
    const { rows } = await pool.query<Place>(
      `SELECT o.consumer_group AS "group", o.log, o.partition, p.next_offset::float8 AS "end", o.next_offset::float8 AS next
         FROM stream.consumer_offset o JOIN stream.log_partition p USING (log, partition)`,
    );
    return rows;
  } catch (error) {
    // The database may be restarting; whoever waits bounds how long that may take.
    if (isDatabaseAway(error)) return [];
    throw error;
  }
}
