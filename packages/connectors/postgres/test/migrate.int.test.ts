import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { migrate, pendingMigrations, STREAM_MIGRATIONS } from '../src/index.ts';
import type { MigrationSet } from '../src/index.ts';

let database: TestDatabase;
let client: pg.Client;
let folder: string;
let set: MigrationSet;

beforeEach(async () => {
  database = await createTestDatabase([]);
  client = await connect();
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-migrations-'));
  set = { name: 'shop', folder: pathToFileURL(`${folder}/`) };
  await write('0001_items.sql', 'CREATE TABLE items (id integer PRIMARY KEY);');
});

afterEach(async () => {
  await client.end();
  await database.drop();
  await rm(folder, { recursive: true });
});

async function connect(): Promise<pg.Client> {
  const made = new pg.Client({ connectionString: database.url });
  await made.connect();
  return made;
}

async function write(name: string, sql: string): Promise<void> {
  await writeFile(join(folder, name), sql);
}

describe('migrations', () => {
  test('are applied once, in order, and recorded with their checksum', async () => {
    await write('0002_more.sql', 'ALTER TABLE items ADD name text; INSERT INTO items VALUES (1, $$a$$);');
    expect((await pendingMigrations(client, [set])).map(({ version }) => version)).toEqual([1, 2]);
    expect((await migrate(client, [set])).map(({ set: of, version, name }) => [of, version, name])).toEqual([
      ['shop', 1, 'items'],
      ['shop', 2, 'more'],
    ]);
    expect(await migrate(client, [set])).toEqual([]);
    expect(await pendingMigrations(client, [set])).toEqual([]);
    const { rows } = await client.query<{ version: number; sha256: string }>(
      'SELECT version, sha256 FROM public.schema_migrations ORDER BY version',
    );
    expect(rows.map(({ version }) => version)).toEqual([1, 2]);
    for (const { sha256 } of rows) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect((await client.query('SELECT FROM items')).rowCount).toBe(1);
  });

  test('of several sets do not collide by number', async () => {
    const applied = await migrate(client, [STREAM_MIGRATIONS, set]);
    expect(applied.filter(({ version }) => version === 1).map((migration) => migration.set)).toEqual(['stream', 'shop']);
  });

  test('that were changed after they were applied are refused', async () => {
    await migrate(client, [set]);
    await write('0001_items.sql', 'CREATE TABLE items (id bigint PRIMARY KEY);');
    await expect(migrate(client, [set])).rejects.toMatchObject({
      code: 'MIGRATION_MISMATCH',
      message: expect.stringContaining('shop/0001_items') as string,
    });
    await expect(pendingMigrations(client, [set])).rejects.toMatchObject({ code: 'MIGRATION_MISMATCH' });
  });

  test('that the code does not know any more are refused', async () => {
    await migrate(client, [set]);
    await rm(join(folder, '0001_items.sql'));
    await write('0002_other.sql', 'SELECT 1;');
    await expect(migrate(client, [set])).rejects.toMatchObject({
      code: 'MIGRATION_MISMATCH',
      message: expect.stringContaining('newer') as string,
    });
  });

  test('that fail leave nothing of themselves, and what came before stays', async () => {
    await write('0002_bad.sql', 'CREATE TABLE half (id integer); SELECT 1 / 0;');
    await expect(migrate(client, [set])).rejects.toMatchObject({
      code: 'STORE_REJECTED',
      message: expect.stringContaining('shop/0002_bad') as string,
    });
    const { rows } = await client.query<{ half: string | null; items: string | null }>(
      "SELECT to_regclass('half') AS half, to_regclass('items') AS items",
    );
    expect(rows[0]).toEqual({ half: null, items: 'items' });
    await write('0002_bad.sql', 'CREATE TABLE whole (id integer);');
    expect((await migrate(client, [set])).map(({ version }) => version)).toEqual([2]);
  });

  test.each(['1_short.sql', '0002-dash.sql'])('with a wrong name (%s) are refused', async (name) => {
    await write(name, 'SELECT 1;');
    await expect(migrate(client, [set])).rejects.toMatchObject({ code: 'MIGRATION_MISMATCH' });
  });

  test('with the same number are refused', async () => {
    await write('0001_twice.sql', 'SELECT 1;');
    await expect(migrate(client, [set])).rejects.toMatchObject({ code: 'MIGRATION_MISMATCH' });
  });

  test('started by several processes at once are applied by one of them', async () => {
    const clients = await Promise.all([connect(), connect(), connect(), connect()]);
    const applied = await Promise.all(clients.map((each) => migrate(each, [set])));
    expect(applied.flat()).toHaveLength(1);
    await Promise.all(clients.map((each) => each.end()));
  });
});
