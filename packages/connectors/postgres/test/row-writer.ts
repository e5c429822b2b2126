/** Rows of tests: one table for all groups of a database, in which nothing keeps a row from being there twice, so that a test sees it. */
import type { KnownKey } from '@kidjamo/stream';

import type { RowWriter } from '../src/index.ts';

/** Makes the table. */
export function rowsSql(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (subject text, id text, digest text, n integer)`;
}

/** Writes the rows of one group. */
export function rowWriter(table: string, subject: string): RowWriter {
  return {
    prepare: async () => undefined,
    pack: (rows) => rows,
    write: async (client, rows) => {
      const list = rows.get(table) ?? [];
      if (list.length === 0) return;
      await client.query(`INSERT INTO ${table} SELECT $1, id, digest, n FROM jsonb_populate_recordset(NULL::${table}, $2)`, [
        subject,
        JSON.stringify(list),
      ]);
    },
    known: async (pool, keys) => {
      const { rows } = await pool.query<KnownKey & { id: string }>(`SELECT id, digest FROM ${table} WHERE subject = $1 AND id = ANY ($2)`, [
        subject,
        keys.map((key) => key.id),
      ]);
      return new Map(rows.map(({ id, digest }) => [id, { digest }]));
    },
  };
}
