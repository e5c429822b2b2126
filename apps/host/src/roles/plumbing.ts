/** What the roles share: pool, wake-ups, logs, membership. */

import { randomUUID } from 'node:crypto';

import { PostgresLog, PostgresMembership, Wakeups } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import type { Membership } from '@kidjamo/stream';
import { LOGS } from '@kidjamo/vitals';
import type { Pool } from 'pg';

import { makePool } from '../stack/pool.ts';
import type { RoleSettings } from './context.ts';
import type { RoleLogger } from './logger.ts';

export interface Plumbing {
  readonly pool: Pool;
  readonly wakeups: Wakeups;
  readonly input: PostgresLog;
  /** The output logs, by name. */
  readonly outputs: ReadonlyMap<string, PostgresLog>;
  readonly log: (name: string) => PostgresLog;
  readonly membership: (log: string, group: string) => Membership;
  close(): Promise<void>;
}

/** Opens connections and logs for a role. */
export async function openPlumbing(
  settings: RoleSettings,
  role: { name: string; connections: number },
  logger: RoleLogger,
): Promise<Plumbing> {
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
    input,
    outputs,
    log: (name) => outputs.get(name) ?? input,
    membership: (log, group) =>
      new PostgresMembership({ pool, clock: systemClock, log, group, member, ttl: settings.leaseMs, patience: settings.leaseMs / 4 }),
    close: async () => {
      wakeups.close();
      await pool.end();
    },
  };
}
