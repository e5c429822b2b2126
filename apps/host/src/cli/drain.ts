/**
 * Waits until everything that was in the logs has been consumed: first by the task, whose outputs are then all there, then by the
 * sinks. What others append meanwhile is not waited for.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { VITALS_GROUP } from '../roles/context.ts';
import { untilConsumed } from '../stack/consumed.ts';

/** How long the pipeline may make no progress at all before it counts as stuck, ms. */
const PATIENCE = 120_000;

/** What is waited for. */
export interface DrainOptions {
  readonly pool: Pool;
  /** Asks the sinks to write what they hold. */
  readonly flush: () => Promise<void>;
  /** Told now and then how many records are left. */
  readonly onLag: (records: number) => void;
}

/** @throws KidjamoError STORE_UNAVAILABLE when nothing moves for two minutes. */
export async function drain({ pool, flush, onLag }: DrainOptions): Promise<void> {
  const giveUp = (_waited: number, stuck: number): boolean => stuck > PATIENCE;
  const reach = async (groups: (group: string) => boolean, nudge: () => Promise<void>): Promise<void> => {
    const left = await untilConsumed({ pool, groups, nudge, onLag, giveUp });
    if (left === 0) return;
    throw new KidjamoError(
      'STORE_UNAVAILABLE',
      `the pipeline has not moved for two minutes with ${left} records left: see \`kidjamo doctor\``,
    );
  };
  // Not before the task has ended: sinks that are asked too early write many small files.
  await reach(
    (group) => group === VITALS_GROUP,
    () => Promise.resolve(),
  );
  await reach(() => true, flush);
}
