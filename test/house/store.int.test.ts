import { LAKE_MIGRATIONS } from '@kidjamo/connector-lake';
import { NOTIFY_MIGRATIONS } from '@kidjamo/connector-notify';
import { STREAM_MIGRATIONS } from '@kidjamo/connector-postgres';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { VITALS_MIGRATIONS } from '@kidjamo/vitals';
import pg from 'pg';
import { expect, test } from 'vitest';
import { readRelations } from '../../scripts/gen-store.ts';

const TYPES: Readonly<Record<string, string>> = { 'timestamp with time zone': 'timestamptz' };

test('the reference of the store lists the tables, columns and types of a migrated database', async () => {
  const database = await createTestDatabase([STREAM_MIGRATIONS, VITALS_MIGRATIONS, NOTIFY_MIGRATIONS, LAKE_MIGRATIONS]);
  const client = new pg.Client({ connectionString: database.url });
  try {
    await client.connect();
    const { rows } = await client.query<{ relation: string; name: string; type: string; optional: boolean }>(`
      SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS relation,
             a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, NOT a.attnotnull AS optional
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
       WHERE n.nspname IN ('public', 'stream', 'lake') AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
         AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'schema_migrations'
       ORDER BY c.oid, a.attnum`);
    const real: Record<string, object[]> = {};
    for (const { relation, name, type, optional } of rows) {
      (real[relation] ??= []).push({ name, type: TYPES[type] ?? type, optional });
    }
    expect(Object.fromEntries(await readRelations())).toEqual(real);
  } finally {
    await client.end();
    await database.drop();
  }
});
