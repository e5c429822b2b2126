/** `kidjamo query`: read-only SQL on the store (PostgreSQL) or the lake (DuckDB over Parquet). */

import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Command } from 'commander';
import pg from 'pg';

import { readSettings } from '../config/settings.ts';
import { withInstance } from '../stack/instance.ts';
import { queryLake } from '../stack/lake.ts';
import { print } from './output.ts';
import { table } from './table.ts';

interface QueryOptions {
  readonly store: boolean;
  readonly lake: boolean;
  readonly flush: boolean;
  readonly json: boolean;
}

type Row = Readonly<Record<string, unknown>>;

export function queryCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('query')
    .description('read-only SQL: the store (PostgreSQL, the default) or the lake (DuckDB, one view per table)')
    .argument('<sql>', 'one SELECT')
    .option('--store', 'ask the store', false)
    .option('--lake', 'ask the lake, after what the sinks hold has been written', false)
    .option('--no-flush', 'with --lake: do not ask the sinks to write first')
    .option('--json', 'print an array of row objects', false)
    .action(async (sql: string, options: QueryOptions) => {
      if (options.store && options.lake) throw new KidjamoError('CONFIG_INVALID', 'choose one of --store and --lake');
      const rows = await withInstance(readSettings(process.env), (instance) =>
        options.lake ? queryLake(instance, { sql, flush: options.flush }) : queryStore(instance.databaseUrl, sql),
      );
      print(options.json, rows, table(rows));
      exit(0);
    });
}

/** int8 and numeric as numbers, where no digit is lost. */
const TYPES = new pg.TypeOverrides();
TYPES.setTypeParser(pg.types.builtins.INT8, exactNumber);
TYPES.setTypeParser(pg.types.builtins.NUMERIC, exactNumber);

/** SQLSTATE classes by which it is the server that cannot answer now: connection, resources, shutdown. */
const SERVER_AWAY = /^(08|53|57P)/;

async function queryStore(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'kidjamo-query', connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
    await client.query('BEGIN TRANSACTION READ ONLY');
    // The extended protocol takes one statement only.
    const { rows, fields } = await client.query<unknown[]>({
      text: sql,
      values: [],
      queryMode: 'extended',
      rowMode: 'array',
      types: TYPES,
    } as pg.QueryArrayConfig);
    await client.query('ROLLBACK');
    if (fields.length === 0) throw new KidjamoError('QUERY_REFUSED', 'the statement gives no rows: one SELECT is expected');
    const names = distinct(fields.map((field) => field.name));
    return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index]])));
  } catch (error) {
    // The person at the terminal wrote the statement, so the server's own words are theirs to read.
    if (error instanceof pg.DatabaseError && !SERVER_AWAY.test(error.code ?? '')) throw new KidjamoError('QUERY_REFUSED', error.message);
    throw storeError(error);
  } finally {
    await client.end();
  }
}

/** Of columns of one name, the later ones get a number. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const earlier = seen.get(name) ?? 0;
    seen.set(name, earlier + 1);
    return earlier === 0 ? name : `${name}_${earlier}`;
  });
}

function exactNumber(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) || (text.includes('.') && text.length <= 17) ? value : text;
}
