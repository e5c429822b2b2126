/** Waits until consumer groups have come as far as their logs reach now. What is appended meanwhile is not waited for. */

import { systemClock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { isDatabaseAway } from './database-away.ts';
import { lagOf, readPlaces } from './lag.ts';
import type { Place } from './lag.ts';
import { NO_ENDS } from './topic-ends.ts';
import type { TopicEnds } from './topic-ends.ts';

const LOOK_EVERY = 100;
/** How long a group that nobody has seen yet may take to join, ms. After that it does not run: a role of its own, or none. */
const JOINS_WITHIN = 30_000;

/** Whom to wait for, and how long. */
export interface Awaited {
  readonly pool: Pool;
  /** The topics of Kafka, where groups read them. */
  readonly topics: TopicEnds | undefined;
  /** Which groups; waited for as long as none of them has joined. */
  readonly groups: (group: string) => boolean;
  /** Those among them that a whole instance has: they are given some time to join. */
  readonly expected?: readonly string[];
  /** Asked before every look but the first: hurries the groups. */
  readonly nudge: () => Promise<void>;
  /** Told how many records are left whenever that gets less. */
  readonly onLag?: (records: number) => void;
  /** Told for how long it was waited, and since when nothing has moved, ms. */
  readonly giveUp: (waited: number, stuck: number) => boolean;
}

/** How many records are left: 0, or what was left when it gave up (infinity when the groups were never seen). */
export async function untilConsumed({ pool, topics, groups, expected = [], nudge, onLag, giveUp }: Awaited): Promise<number> {
  const started = systemClock.now();
  let moved = started;
  let least = Number.POSITIVE_INFINITY;
  let ends: ReadonlyMap<string, number> | undefined;
  for (;;) {
    const places = (await placesOrNone(pool, topics)).filter((place) => groups(place.group));
    if (places.length > 0) {
      ends ??= new Map(places.map(({ log, partition, end }) => [`${log}/${partition}`, end]));
      let left = 0;
      for (const place of places) left += lagOf({ ...place, end: ends.get(`${place.log}/${place.partition}`) ?? 0 });
      const coming = expected.some((group) => !places.some((place) => place.group === group));
      if (left === 0 && !(coming && systemClock.now() - started < JOINS_WITHIN)) return 0;
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

async function placesOrNone(pool: Pool, topics: TopicEnds | undefined): Promise<readonly Place[]> {
  try {
    return await readPlaces(pool, () => topics?.read() ?? NO_ENDS);
  } catch (error) {
    // Database or brokers may be restarting; whoever waits bounds how long that may take.
    if (isDatabaseAway(error)) return [];
    throw error;
  }
}
