/** Takes the rows that the task stored out of a database, in the form in which a COPY takes them. */

import { open } from 'node:fs/promises';

import { packRows } from '@kidjamo/connector-postgres';
import type { Column, ColumnType } from '@kidjamo/connector-postgres';
import { Client } from 'pg';

import type { RowFile } from './context.ts';

/** The table of readings. */
export const TABLE = 'measurements';
/** Rows that the bare loop writes at least at a time. */
const BLOCK_ROWS = 2000;

const TYPES: Readonly<Record<string, ColumnType>> = {
  uuid: 'uuid',
  timestamptz: 'timestamptz',
  float8: 'float8',
  int4: 'int4',
  bool: 'bool',
  text: 'text',
  _text: 'text[]',
  jsonb: 'jsonb',
};

/** Writes all rows of the table to a file, and empties the tables. */
export async function exportRows(databaseUrl: string, path: string): Promise<RowFile> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const file = await open(path, 'w');
  try {
    const columns = await columnsOf(client);
    const list = columns.map(({ name, type }) => (type === 'timestamptz' ? `extract(epoch FROM ${name})::float8 * 1000 AS ${name}` : name));
    const blockEnds: number[] = [];
    let rows = 0;
    let bytes = 0;
    await client.query('BEGIN');
    await client.query(`DECLARE rows CURSOR FOR SELECT ${list.join(', ')} FROM ${TABLE}`);
    for (;;) {
      const { rows: some } = await client.query<Record<string, unknown>>(`FETCH ${BLOCK_ROWS} FROM rows`);
      if (some.length === 0) break;
      const { data } = packRows({ name: TABLE, columns }, some);
      await file.write(data);
      bytes += data.length;
      rows += some.length;
      blockEnds.push(bytes);
    }
    await client.query('COMMIT');
    await client.query(`TRUNCATE ${TABLE}, window_panes`);
    return { path, columns: columns.map(({ name }) => name), rows, blockRows: BLOCK_ROWS, blockEnds };
  } finally {
    await file.close();
    await client.end();
  }
}

/** The columns that are written: those without a default. */
async function columnsOf(client: Client): Promise<Column[]> {
  const { rows } = await client.query<{ name: string; type: string }>(
    `SELECT column_name AS name, udt_name AS type FROM information_schema.columns
      WHERE table_schema = 'public' AND table_name = $1 AND column_default IS NULL ORDER BY ordinal_position`,
    [TABLE],
  );
  return rows.map(({ name, type }) => {
    const known = TYPES[type];
    if (known === undefined) throw new Error(`${TABLE}.${name} is of type ${type}, which the bench does not know`);
    return { name, type: known };
  });
}
