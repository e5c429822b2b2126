/** A database for one test file. */

import { createHash, randomBytes } from 'node:crypto';

import { KidjamoError, systemClock } from '@kidjamo/stream';
import pg from 'pg';

import { migrate, readSets } from '../migrate.ts';
import type { MigrationSet } from '../migrate.ts';
import { TEST_DATABASE_URL } from './test-server.ts';

/** The role that owns test databases, as the application's role owns the real one. */
const OWNER = 'kidjamo';

/** A database of one's own. */
export interface TestDatabase {
  /** As the application's role, which owns it and is no superuser. */
  readonly url: string;
  /** As superuser. */
  readonly superuserUrl: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/**
 * Makes an empty database with these migrations applied, under a name that no one else has. Call `drop` in `afterAll`.
 * @throws KidjamoError CONFIG_INVALID where no server runs for the tests.
 */
export async function createTestDatabase(sets: readonly MigrationSet[]): Promise<TestDatabase> {
  const server = process.env[TEST_DATABASE_URL] ?? '';
  if (server === '') {
    throw new KidjamoError(
      'CONFIG_INVALID',
      `no test server: ${TEST_DATABASE_URL} is empty. Remedy: name the file *.int.test.ts, or call startTestPostgres()`,
    );
  }
  const name = `test_${randomBytes(8).toString('hex')}`;
  await withClient(server, async (client) => {
    const template = await ensureTemplate(client, server, sets);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${OWNER}`);
  });
  return {
    url: address(server, name, OWNER),
    superuserUrl: address(server, name),
    drop: async () => {
      await withClient(server, async (client) => {
        await untilLeft(client, name);
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      });
    },
  };
}

/** How long backends of connections that were closed may take to end, ms. */
const LEAVE_WITHIN = 2000;

/**
 * Waits for backends that are about to end. A pool that has ended only said goodbye: a backend that is terminated meanwhile sends an error,
 * to which nobody listens any more.
 */
async function untilLeft(client: pg.Client, name: string): Promise<void> {
  for (const until = systemClock.now() + LEAVE_WITHIN; systemClock.now() < until;) {
    const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = $1', [name]);
    if (rows[0]?.n === 0) return;
    await systemClock.sleep(10);
  }
}

/** The template for these migrations. It appears under its name when it is complete, since no one may be connected to it afterwards. */
async function ensureTemplate(client: pg.Client, server: string, sets: readonly MigrationSet[]): Promise<string> {
  const contents = (await readSets(sets)).map((migration) => [migration.set, migration.version, migration.sha256]);
  const name = `template_${createHash('sha256').update(JSON.stringify(contents)).digest('hex').slice(0, 16)}`;
  // Test files start at once: one makes it, the others wait.
  await client.query("SELECT pg_advisory_lock(hashtext('kidjamo test template'))");
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return name;
    await client.query(`DROP DATABASE IF EXISTS ${name}_new`);
    await client.query(`CREATE DATABASE ${name}_new OWNER ${OWNER}`);
    await withClient(address(server, `${name}_new`, OWNER), (owner) => migrate(owner, sets));
    await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
    return name;
  } finally {
    await client.query("SELECT pg_advisory_unlock(hashtext('kidjamo test template'))");
  }
}

function address(server: string, database: string, role?: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  if (role !== undefined) url.username = role;
  return url.href;
}

async function withClient<R>(url: string, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
