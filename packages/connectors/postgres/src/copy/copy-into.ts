/** Writes many rows by COPY, plainly or as upserts through a temporary table. */

import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';

import { BinaryRows } from './binary.ts';
import type { Column } from './binary.ts';

/** Copies `rows` into `table`. Members of a row that are not columns are left out; identifiers come from code, never from input. */
export async function copyInto(
  client: PoolClient,
  table: { name: string; columns: readonly Column[] },
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return;
  const data = new BinaryRows(table.columns, rows.length * table.columns.length * 10);
  for (const row of rows) data.add(row as Readonly<Record<string, unknown>>);
  const stream = client.query(
    from(`COPY ${table.name} (${table.columns.map((column) => column.name).join(', ')}) FROM STDIN WITH (FORMAT binary)`),
  );
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(data.finish());
  });
}

/** A table whose rows are replaced when they exist. */
export interface UpsertTable {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Columns of the unique key. */
  readonly key: readonly string[];
}

/** Inserts or replaces `rows`, which MUST NOT repeat a key. MUST run inside a transaction. */
export async function upsertInto(client: PoolClient, table: UpsertTable, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  const stage = `stage_${table.name}`;
  const columns = table.columns.map((column) => column.name);
  await client.query(`CREATE TEMPORARY TABLE IF NOT EXISTS ${stage} (LIKE ${table.name} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS`);
  await copyInto(client, { name: stage, columns: table.columns }, rows);
  const updates = columns.filter((column) => !table.key.includes(column)).map((column) => `${column} = excluded.${column}`);
  await client.query({
    name: `upsert-${table.name}`,
    text: `INSERT INTO ${table.name} (${columns.join(', ')}) SELECT ${columns.join(', ')} FROM ${stage}
           ON CONFLICT (${table.key.join(', ')}) DO UPDATE SET ${updates.join(', ')}`,
  });
}
