/**
 * Brings a database to the schema in the code. Migrations are SQL files `NNNN_name.sql` in the folder of a set, each applied once, in order,
 * in a transaction of its own that also records it. Processes that start at once take turns.
 */

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

import { KidjamoError } from '@kidjamo/stream';
import type { ClientBase } from 'pg';

import { sqlState, storeError } from './failure.ts';

/** A folder of migrations under a name of its own, so that several packages bring theirs to one database. */
export interface MigrationSet {
  readonly name: string;
  /** With a slash at its end. */
  readonly folder: URL;
}

/** One file of a set. */
export interface Migration {
  readonly set: string;
  readonly version: number;
  readonly name: string;
  readonly sha256: string;
  readonly sql: string;
}

/** The tables of the log and of task state. */
export const STREAM_MIGRATIONS: MigrationSet = { name: 'stream', folder: new URL('./migrations/', import.meta.url) };

/** Key of the advisory lock under which migrations run: "kjmigrat" in ASCII. */
const LOCK = '7740674034405933428';

const FILE = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/**
 * Applies what is missing, set by set in the order given, and returns what it applied.
 * @throws KidjamoError MIGRATION_MISMATCH when an applied migration differs from its file or has none; STORE_REJECTED or
 * STORE_UNAVAILABLE when the database does not take one (those before it stay applied).
 */
export async function migrate(client: ClientBase, sets: readonly MigrationSet[]): Promise<Migration[]> {
  const migrations = await readSets(sets);
  const applied: Migration[] = [];
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS public.schema_migrations (
      set text NOT NULL, version integer NOT NULL, name text NOT NULL, sha256 text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (set, version))`);
    for (const migration of await missing(client, migrations)) {
      await apply(client, migration);
      applied.push(migration);
    }
    return applied;
  } catch (error) {
    throw storeError(error);
  } finally {
    // Fails only with the connection, which takes the lock with it.
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
  }
}

/**
 * What {@link migrate} would apply. Changes nothing.
 * @throws KidjamoError MIGRATION_MISMATCH as there.
 */
export async function pendingMigrations(client: ClientBase, sets: readonly MigrationSet[]): Promise<Migration[]> {
  const migrations = await readSets(sets);
  try {
    const { rows } = await client.query<{ known: boolean }>("SELECT to_regclass('public.schema_migrations') IS NOT NULL AS known");
    return rows[0]?.known === true ? await missing(client, migrations) : migrations;
  } catch (error) {
    throw storeError(error);
  }
}

/** Reads the files of all sets, in order. */
export async function readSets(sets: readonly MigrationSet[]): Promise<Migration[]> {
  const read = await Promise.all(sets.map(readSet));
  return read.flat();
}

async function readSet(set: MigrationSet): Promise<Migration[]> {
  const names = (await readdir(set.folder)).filter((name) => name.endsWith('.sql')).sort();
  const migrations: Migration[] = [];
  for (const file of names) {
    const [, number, name] = FILE.exec(file) ?? [];
    if (number === undefined || name === undefined) {
      throw new KidjamoError('MIGRATION_MISMATCH', `${set.name}/${file} is not named NNNN_name.sql. Remedy: rename it`);
    }
    const version = Number(number);
    if (migrations.some((other) => other.version === version)) {
      throw new KidjamoError('MIGRATION_MISMATCH', `the set ${set.name} has two migrations ${number}. Remedy: number the newer one anew`);
    }
    const sql = await readFile(new URL(file, set.folder), 'utf8');
    migrations.push({ set: set.name, version, name, sha256: createHash('sha256').update(sql).digest('hex'), sql });
  }
  return migrations;
}

async function missing(client: ClientBase, migrations: readonly Migration[]): Promise<Migration[]> {
  const sets = [...new Set(migrations.map((migration) => migration.set))];
  const { rows } = await client.query<{ set: string; version: number; sha256: string }>(
    'SELECT set, version, sha256 FROM public.schema_migrations WHERE set = ANY ($1)',
    [sets],
  );
  const known = new Map(migrations.map((migration) => [`${migration.set}/${migration.version}`, migration]));
  const applied = new Set<Migration>();
  for (const row of rows) {
    const migration = known.get(`${row.set}/${row.version}`);
    if (migration === undefined) {
      throw new KidjamoError(
        'MIGRATION_MISMATCH',
        `the database has migration ${row.version} of the set ${row.set}, which this version of Kidjamo does not know. Remedy: start the newer version`,
      );
    }
    if (migration.sha256 !== row.sha256) {
      throw new KidjamoError(
        'MIGRATION_MISMATCH',
        `migration ${label(migration)} was changed after it was applied. Remedy: restore the file and put the change into a new migration`,
      );
    }
    applied.add(migration);
  }
  return migrations.filter((migration) => !applied.has(migration));
}

async function apply(client: ClientBase, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query('INSERT INTO public.schema_migrations (set, version, name, sha256) VALUES ($1, $2, $3, $4)', [
      migration.set,
      migration.version,
      migration.name,
      migration.sha256,
    ]);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw failure(error, migration);
  }
}

/** SQLSTATE classes of faults that pass: connection, conflicts, resources, operator. Any other is a fault of the file or of the data. */
const PASSING = /^(08|40|53|55|57|58)/;

function failure(error: unknown, migration: Migration): Error {
  const state = sqlState(error);
  const what = `migration ${label(migration)} was not applied`;
  if (state !== undefined && !PASSING.test(state)) {
    return new KidjamoError(
      'STORE_REJECTED',
      `${what}: the database refused it (SQLSTATE ${state}). Remedy: correct the file or the data`,
      { cause: error },
    );
  }
  const wrapped = storeError(error);
  return wrapped instanceof KidjamoError ? new KidjamoError(wrapped.code, `${what}: ${wrapped.message}`, { cause: error }) : wrapped;
}

function label(migration: Migration): string {
  return `${migration.set}/${String(migration.version).padStart(4, '0')}_${migration.name}`;
}
