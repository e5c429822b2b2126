/**
 * Waits until everything that was in the logs has been consumed: first by the task, whose outputs are then all there, then by the
 * sinks. What others append meanwhile is not waited for.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { LAKE_GROUPS, LOGS } from '@kidjamo/vitals';

import { relayGroup, VITALS_GROUP } from '../roles/context.ts';
import { relayedTopics } from '../roles/relayed-topics.ts';
import { untilConsumed } from '../stack/consumed.ts';
import { patiently } from '../stack/database-away.ts';
import { recordedMode } from '../stack/input-mode.ts';
import { withTopics } from '../stack/instance.ts';
import type { Instance } from '../stack/instance.ts';
import type { TopicEnds } from '../stack/topic-ends.ts';

/** How long the pipeline may make no progress at all before it counts as stuck, ms. */
const PATIENCE = 120_000;

/** What is waited for. */
export interface DrainOptions {
  readonly pool: Pool;
  readonly instance: Instance;
  /** Told now and then how many records are left. */
  readonly onLag: (records: number) => void;
}

/** @throws KidjamoError STORE_UNAVAILABLE when nothing moves for two minutes. */
export async function drain(options: DrainOptions): Promise<void> {
  const { instance, pool } = options;
  await withTopics(instance, pool, (topics) => drainAll(options, topics));
}

async function drainAll({ pool, instance, onLag }: DrainOptions, topics: TopicEnds | undefined): Promise<void> {
  const giveUp = (_waited: number, stuck: number): boolean => stuck > PATIENCE;
  const reach = async (groups: (group: string) => boolean, nudge: () => Promise<void>, expected: readonly string[] = []): Promise<void> => {
    const left = await untilConsumed({ pool, topics, groups, expected, nudge, onLag, giveUp });
    if (left === 0) return;
    throw new KidjamoError(
      'STORE_UNAVAILABLE',
      `the pipeline has not moved for two minutes with ${left} records left: see \`kidjamo doctor\``,
    );
  };
  const nothing = (): Promise<void> => Promise.resolve();
  // With an outbox the task reads what was relayed, and is done when it has read everything after that.
  const mode = await patiently(() => recordedMode(pool));
  if (mode === 'outbox') await reach((group) => group === relayGroup(LOGS.input), nothing);
  // Not before the task has ended: sinks that are asked too early write many small files.
  await reach((group) => group === VITALS_GROUP, nothing);
  const relays = mode === undefined || mode === 'embedded' ? [] : relayedTopics(mode).map(({ log }) => relayGroup(log));
  await reach(() => true, instance.flush, [...LAKE_GROUPS, ...relays]);
}
