/** The migrations of everything that this host wires together, in order. */

import { LAKE_MIGRATIONS } from '@kidjamo/connector-lake';
import { NOTIFY_MIGRATIONS } from '@kidjamo/connector-notify';
import { migrate, pendingMigrations, STREAM_MIGRATIONS } from '@kidjamo/connector-postgres';
import type { Migration } from '@kidjamo/connector-postgres';
import { VITALS_MIGRATIONS } from '@kidjamo/vitals';
import type { Pool, PoolClient } from 'pg';

const SETS = [STREAM_MIGRATIONS, VITALS_MIGRATIONS, NOTIFY_MIGRATIONS, LAKE_MIGRATIONS];

/** Applies what is missing and tells what it was. */
export function migrateAll(pool: Pool): Promise<Migration[]> {
  return onOneConnection(pool, (client) => migrate(client, SETS));
}

/** What is missing. */
export function pendingSets(pool: Pool): Promise<Migration[]> {
  return onOneConnection(pool, (client) => pendingMigrations(client, SETS));
}

async function onOneConnection<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}
