/** What the roles share: pool, wake-ups, logs, membership. With Kafka, the input is read from its topic; all outputs stay in PostgreSQL. */

import { randomUUID } from 'node:crypto';

import type { KafkaLog } from '@kidjamo/connector-kafka';
import { PostgresLog, PostgresMembership, Wakeups } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import type { Log, Membership } from '@kidjamo/stream';
import { LOGS, TOPICS } from '@kidjamo/vitals/pipeline';
import type { Pool } from 'pg';

import { makePool } from '../stack/pool.ts';
import type { RoleSettings } from './context.ts';
import type { RoleLogger } from './logger.ts';

/** What a role needs of PostgreSQL. */
export interface StoredPlumbing {
  readonly pool: Pool;
  readonly wakeups: Wakeups;
  /** The output logs, by name. */
  readonly outputs: ReadonlyMap<string, PostgresLog>;
  /** A log of the database. */
  readonly stored: (name: string) => PostgresLog;
  /** The same log, asking `admit` before every append. */
  readonly guarded: (name: string, admit: () => void) => Promise<PostgresLog>;
  /** Membership of a group that reads a log of the database. */
  readonly storedMembership: (log: string, group: string) => Membership;
  close(): Promise<void>;
}

/** What a consumer needs. */
export interface Plumbing extends StoredPlumbing {
  /** What the gateway takes in: the log of the database, or the topic. */
  readonly input: Log;
  readonly log: (name: string) => Log;
  readonly membership: (log: string, group: string) => Membership;
}

/** Who asks. */
export interface PlumbedRole {
  readonly name: string;
  readonly connections: number;
}

/** Opens connections and the logs of the database for a role. */
export async function openStored(settings: RoleSettings, role: PlumbedRole, logger: RoleLogger): Promise<StoredPlumbing> {
  const pool = makePool({ url: settings.databaseUrl, name: role.name, max: role.connections }, (error) => {
    logger.warn({ err: error }, 'an idle database connection was lost');
  });
  const wakeups = new Wakeups('log');
  const open = (name: string): Promise<PostgresLog> => PostgresLog.open({ name, pool, wakeups }, settings.partitions);
  const input = await open(LOGS.input);
  const outputs = new Map<string, PostgresLog>();
  for (const name of Object.values(LOGS)) if (name !== LOGS.input) outputs.set(name, await open(name));
  const member = randomUUID();
  return {
    pool,
    wakeups,
    outputs,
    stored: (name) => outputs.get(name) ?? input,
    guarded: (name, admit) => PostgresLog.open({ name, pool, wakeups, admit }, settings.partitions),
    storedMembership: (log, group) =>
      new PostgresMembership({ pool, clock: systemClock, log, group, member, ttl: settings.leaseMs, patience: settings.leaseMs / 4 }),
    close: async () => {
      wakeups.close();
      await pool.end();
    },
  };
}

/** The same with the input as its consumers read it. Waits for Kafka where it is used. */
export async function openPlumbing(
  settings: RoleSettings,
  role: PlumbedRole,
  around: { readonly logger: RoleLogger; readonly signal: AbortSignal },
): Promise<Plumbing> {
  const { logger, signal } = around;
  const base = await openStored(settings, role, logger);
  const { kafka } = settings;
  if (kafka === undefined) {
    return { ...base, input: base.stored(LOGS.input), log: base.stored, membership: base.storedMembership };
  }
  const { openKafkaInput, untilThere } = await import('./kafka-input.ts');
  const { kafkaMembership } = await import('./kafka-membership.ts');
  let topic: KafkaLog;
  try {
    topic = await untilThere(() => openKafkaInput({ ...settings, kafka }, {}, logger), logger, signal);
  } catch (error) {
    await base.close();
    throw error;
  }
  return {
    ...base,
    input: topic,
    log: (name) => (name === LOGS.input ? topic : base.stored(name)),
    membership: (log, group) =>
      log === LOGS.input
        ? kafkaMembership({ ...settings, kafka }, base.pool, { topic: TOPICS.input, group, startingOffsets: 'earliest' })
        : base.storedMembership(log, group),
    close: async () => {
      await topic.close();
      await base.close();
    },
  };
}
