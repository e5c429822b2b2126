/** Writes many rows by COPY, plainly or as upserts through a temporary table. */

import type { PoolClient } from 'pg';
import { from } from 'pg-copy-streams';

import { BinaryRows, COPY_HEADER, COPY_TRAILER, CopyBlock } from './binary.ts';
import type { Column } from './binary.ts';

/** A table that is written by COPY. Identifiers come from code, never from input. */
export interface CopyTable {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** Turns rows of `table` into their binary form. Members of a row that are not columns are left out. */
export function packRows(table: CopyTable, rows: readonly object[]): CopyBlock {
  const data = new BinaryRows(table.columns, rows.length * table.columns.length * 10);
  for (const row of rows) data.add(row as Readonly<Record<string, unknown>>);
  return data.finish();
}

/** Copies `rows` into `table`: rows, blocks made by {@link packRows} of the same table, or both. */
export async function copyInto(client: PoolClient, table: CopyTable, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  const blocks = rows.filter((row) => row instanceof CopyBlock);
  if (blocks.length < rows.length)
    blocks.push(
      packRows(
        table,
        rows.filter((row) => !(row instanceof CopyBlock)),
      ),
    );
  const stream = client.query(
    from(`COPY ${table.name} (${table.columns.map((column) => column.name).join(', ')}) FROM STDIN WITH (FORMAT binary)`),
  );
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.write(COPY_HEADER);
    for (const { data } of blocks) stream.write(data);
    stream.end(COPY_TRAILER);
  });
}

/** A table whose rows are replaced when they exist. */
export interface UpsertTable extends CopyTable {
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
