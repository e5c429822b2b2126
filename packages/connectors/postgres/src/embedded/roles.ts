/** The roles and the database inside the embedded server, brought to what they should be at every start. */

import { KidjamoError } from '@kidjamo/stream';
import pg from 'pg';

import { sqlState, storeError } from '../failure.ts';
import { SUPERUSER } from './cluster.ts';

/** The role that the application connects as, which owns the database of the same name and is no superuser. */
export const APPLICATION = 'kidjamo';

/** Passwords of the embedded server. */
export interface DatabasePasswords {
  readonly superuser: string;
  readonly application: string;
}

/** The address of a database of the embedded server. */
export function databaseUrl(given: { role: string; password: string; port: number; database: string }): string {
  return `postgres://${given.role}:${encodeURIComponent(given.password)}@127.0.0.1:${given.port}/${given.database}`;
}

/**
 * The data folder that the server on `port` works in; undefined when nothing there answers, or it is about to end.
 * @throws KidjamoError KEY_FILE_INVALID when it refuses the password.
 */
export async function dataFolderOf(port: number, passwords: DatabasePasswords): Promise<string | undefined> {
  try {
    return await asSuperuser(port, passwords, async (client) => {
      const { rows } = await client.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
      return rows[0]?.folder;
    });
  } catch (error) {
    // No SQLSTATE: the connection failed. Class 57: it is starting or stopping.
    if (!(error instanceof KidjamoError) && /^57|^$/.test(sqlState(error) ?? '')) return undefined;
    throw storeError(error);
  }
}

/**
 * Makes the application's role and database where they are missing, and renews its password when the key file has another one.
 * @throws KidjamoError KEY_FILE_INVALID, DISK_FULL, or STORE_UNAVAILABLE when the server dies meanwhile.
 */
export async function ensureRoles(port: number, passwords: DatabasePasswords): Promise<void> {
  await asSuperuser(port, passwords, (client) => bringUp(client, port, passwords)).catch((error: unknown) => {
    throw storeError(error);
  });
}

async function bringUp(client: pg.Client, port: number, passwords: DatabasePasswords): Promise<void> {
  const password = client.escapeLiteral(passwords.application);
  const role = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [APPLICATION]);
  if (role.rowCount === 0) await client.query(`CREATE ROLE ${APPLICATION} LOGIN PASSWORD ${password}`);
  // Ending sessions that hold locks, and reading the server's figures.
  await client.query(`GRANT pg_signal_backend, pg_monitor TO ${APPLICATION}`);
  const database = await client.query('SELECT FROM pg_database WHERE datname = $1', [APPLICATION]);
  if (database.rowCount === 0) await client.query(`CREATE DATABASE ${APPLICATION} OWNER ${APPLICATION}`);
  if (!(await accepts(port, passwords.application))) await client.query(`ALTER ROLE ${APPLICATION} PASSWORD ${password}`);
}

async function accepts(port: number, password: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl({ role: APPLICATION, password, port, database: APPLICATION }) });
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (sqlState(error) === '28P01') return false;
    throw error;
  } finally {
    await client.end();
  }
}

async function asSuperuser<R>(port: number, passwords: DatabasePasswords, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({
    connectionString: databaseUrl({ role: SUPERUSER, password: passwords.superuser, port, database: 'postgres' }),
    connectionTimeoutMillis: 10_000,
  });
  // The server may die while we are connected; the query in flight tells.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    if (sqlState(error) === '28P01') {
      throw new KidjamoError(
        'KEY_FILE_INVALID',
        'the embedded database was made with another password than the one in the key file. Remedy: restore the key file of this home',
        { cause: error },
      );
    }
    throw error;
  } finally {
    await client.end();
  }
}
