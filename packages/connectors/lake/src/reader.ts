/**
 * Reading the lake: DuckDB with a view for each table over exactly the files that the manifest lists at the moment of opening. It reads those
 * files and nothing else of the machine, and changes nothing.
 */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import { DuckDBInstance, StatementType } from '@duckdb/node-api';
import type { DuckDBConnection, Json } from '@duckdb/node-api';
import type { Pool } from 'pg';

import { lakeError } from './duckdb-failure.ts';
import { toJson } from './json-value.ts';
import { checkTable, viewColumns } from './lake-table.ts';
import type { LakeTable } from './lake-table.ts';
import { checkFolder, ident, literals } from './sql.ts';

/** A view over the views of the tables. */
export interface LakeView {
  readonly name: string;
  /** A SELECT. */
  readonly sql: string;
}

export interface LakeReaderOptions {
  readonly root: string;
  readonly pool: Pool;
  readonly tables: readonly LakeTable[];
  /** In an order in which each needs only those before it. */
  readonly views?: readonly LakeView[];
  /** A folder for what DuckDB spills; made when missing. */
  readonly scratch: string;
  readonly memoryLimit?: string;
  readonly threads?: number;
}

/** The answer to a query. */
export interface LakeAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Objects that JSON can hold: see `toJson`. Of columns of one name, the later ones get a number. */
  readonly rows: readonly Readonly<Record<string, Json>>[];
}

const DEFAULTS = { memoryLimit: '256MB', threads: 2 };

/** Opens the lake as it is now. Files that are listed later are not seen, and those replaced later are read until they are swept: open it anew. */
export async function openLake(options: LakeReaderOptions): Promise<Lake> {
  const { root, pool, tables, views = [], scratch, memoryLimit, threads } = { ...DEFAULTS, ...options };
  checkFolder(root);
  checkFolder(scratch);
  for (const table of tables) checkTable(table);
  const files = await listFiles(pool, tables, resolve(root));
  let folder: string | undefined;
  let instance: DuckDBInstance | undefined;
  try {
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    folder = await mkdtemp(join(scratch, `lake-${process.pid}-`));
    instance = await DuckDBInstance.create(':memory:', {
      memory_limit: memoryLimit,
      threads: String(threads),
      temp_directory: folder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    const connection = await instance.connect();
    for (const table of tables) await connection.run(tableView(table, files.get(table.name) ?? []));
    for (const { name, sql } of views) await connection.run(`CREATE VIEW ${ident(name)} AS ${sql}`);
    await connection.run(`SET allowed_paths = ${literals([...files.values()].flat())}`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
    connection.closeSync();
    return new Lake(instance, folder);
  } catch (error) {
    instance?.closeSync();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    throw lakeError(error);
  }
}

/** The open lake. Queries may run side by side. */
export class Lake {
  readonly #instance: DuckDBInstance;
  readonly #folder: string;

  /** Made by {@link openLake}. */
  constructor(instance: DuckDBInstance, folder: string) {
    this.#instance = instance;
    this.#folder = folder;
  }

  /**
   * Runs one query: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE, or EXPLAIN of one.
   * @throws KidjamoError QUERY_REFUSED, with DuckDB's own words, when it is something else or wrong.
   */
  async query(sql: string): Promise<LakeAnswer> {
    const connection = await this.#instance.connect();
    try {
      await requireReadOnly(connection, sql);
      const reader = await connection.runAndReadAll(sql);
      return {
        columns: reader.deduplicatedColumnNames().map((name, index) => ({ name, type: reader.columnType(index).toString() })),
        rows: reader.convertRowObjects(toJson),
      };
    } catch (error) {
      if (error instanceof KidjamoError) throw error;
      const known = lakeError(error);
      if (known.retryable) throw known;
      // The asker wrote the statement, so DuckDB's words about it are theirs to read.
      throw new KidjamoError('QUERY_REFUSED', error instanceof Error ? error.message : 'the query failed');
    } finally {
      connection.closeSync();
    }
  }

  async close(): Promise<void> {
    this.#instance.closeSync();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** EXPLAIN of something that reads. EXPLAIN ANALYZE runs its statement, whatever it is, so it is not among them. */
const EXPLAIN = /^\s*explain\s+(select|with|from|values|table|describe|show|summarize)\b/i;

async function requireReadOnly(connection: DuckDBConnection, sql: string): Promise<void> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw new KidjamoError('QUERY_REFUSED', `the lake takes one statement at a time, not ${statements.count}`);
  const prepared = await statements.prepare(0);
  const { statementType } = prepared;
  prepared.destroySync();
  if (statementType === StatementType.SELECT) return;
  if (statementType === StatementType.EXPLAIN && EXPLAIN.test(sql)) return;
  throw new KidjamoError('QUERY_REFUSED', 'the lake is read-only: it takes SELECT, WITH, DESCRIBE, SHOW, SUMMARIZE, and EXPLAIN of one');
}

/** The view of a table. Older files may lack columns, which are null then; a table without files is empty, and has all its columns. */
function tableView(table: LakeTable, files: readonly string[]): string {
  const columns = viewColumns(table);
  const empty = `SELECT ${columns.map(({ name, sql }) => `NULL::${sql} AS ${ident(name)}`).join(', ')} WHERE false`;
  const source =
    files.length === 0
      ? empty
      : `${empty} UNION ALL BY NAME SELECT * FROM read_parquet(${literals(files)}, union_by_name = true, hive_partitioning = true, hive_types = {'event_date': DATE})`;
  return `CREATE VIEW ${ident(table.name)} AS SELECT ${columns.map(({ name }) => ident(name)).join(', ')} FROM (${source})`;
}

async function listFiles(pool: Pool, tables: readonly LakeTable[], root: string): Promise<Map<string, string[]>> {
  try {
    const { rows } = await pool.query<{ table_name: string; path: string }>(
      'SELECT table_name, path FROM lake.file WHERE replaced_at IS NULL AND table_name = ANY ($1) ORDER BY table_name, event_date, file_id',
      [tables.map(({ name }) => name)],
    );
    const files = new Map<string, string[]>();
    for (const { table_name: table, path } of rows) {
      const list = files.get(table) ?? [];
      list.push(join(root, path));
      files.set(table, list);
    }
    return files;
  } catch (error) {
    throw storeError(error);
  }
}
