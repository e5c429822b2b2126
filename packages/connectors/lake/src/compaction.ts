/**
 * Merges small files of one table and date into one. Readers and sinks go on meanwhile: the rows of the manifest are swapped in one
 * transaction, and what was merged stays on the disk until it is swept.
 */

import { join } from 'node:path';

import { storeError, withClient } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import { lakeError } from './duckdb-failure.ts';
import type { LakeEngine } from './engine.ts';
import { complete, discard, newPath, partOf } from './files.ts';
import type { LakeTable } from './lake-table.ts';
import { FILE_COLUMNS, fileRows } from './manifest.ts';
import { literal, literals } from './sql.ts';
import { orderBy, PARQUET } from './stage-sql.ts';

export interface CompactionOptions {
  readonly pool: Pool;
  readonly root: string;
  readonly engine: LakeEngine;
  readonly tables: readonly LakeTable[];
  /** How many small files a date has to have before they are merged; 2 at least. */
  readonly minFiles: number;
  /** A file of this many rows is large enough, and no merge makes one of more. Bounds the memory of a merge. */
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
}

/** What was done. */
export interface Compacted {
  /** Files taken out of the lake. */
  readonly merged: number;
  /** Files that hold their rows now. */
  readonly made: number;
}

const MAX_ROWS = 500_000;
/** With the name of the table, the advisory lock that one compactor holds. */
const LOCK_SPACE = 7_163_002;

interface Small {
  readonly file_id: string;
  readonly path: string;
  readonly rows: number;
  readonly first: string;
  readonly last: string;
}

interface Candidates {
  readonly date: string;
  readonly files: readonly Small[];
}

/**
 * Merges what is to be merged. A table that another compactor works on is left to it.
 * @throws KidjamoError DISK_FULL, SINK_UNAVAILABLE, STORE_UNAVAILABLE; what was swapped before stays swapped.
 */
export async function compactLake(options: CompactionOptions): Promise<Compacted> {
  const total = { merged: 0, made: 0 };
  const signal = options.signal ?? new AbortController().signal;
  for (const table of options.tables) {
    await withClient(options.pool, async (client) => {
      const lock = [LOCK_SPACE, table.name];
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine', lock);
      if (rows[0]?.mine !== true) return;
      // An error closes the connection, and the lock goes with it.
      for (const candidates of await findCandidates(client, table, options)) {
        for (const group of grouped(candidates.files, options)) {
          if (signal.aborted) break;
          if (!(await merge(client, { table, date: candidates.date, files: group }, { ...options, signal }))) continue;
          total.merged += group.length;
          total.made += 1;
        }
      }
      await client.query('SELECT pg_advisory_unlock($1, hashtext($2))', lock);
    });
  }
  return total;
}

async function findCandidates(client: PoolClient, table: LakeTable, { minFiles, maxRows }: CompactionOptions): Promise<Candidates[]> {
  const { rows } = await client.query<Candidates>(
    `SELECT event_date::text AS date,
            json_agg(json_build_object('file_id', file_id::text, 'path', path, 'rows', rows, 'first', min_time, 'last', max_time)
                     ORDER BY min_time, file_id) AS files
       FROM lake.file
      WHERE replaced_at IS NULL AND table_name = $1 AND rows < $3
      GROUP BY event_date HAVING count(*) >= $2 ORDER BY event_date`,
    [table.name, Math.max(2, minFiles), Math.ceil((maxRows ?? MAX_ROWS) / 2)],
  );
  return rows;
}

/** Cuts the files of a date into groups that are small enough to be merged. */
function grouped(files: readonly Small[], { maxRows }: CompactionOptions): Small[][] {
  const groups: Small[][] = [];
  let group: Small[] = [];
  let rows = 0;
  for (const file of files) {
    if (rows + file.rows > (maxRows ?? MAX_ROWS) && group.length > 0) {
      groups.push(group);
      group = [];
      rows = 0;
    }
    group.push(file);
    rows += file.rows;
  }
  groups.push(group);
  return groups.filter((each) => each.length > 1);
}

/** Merges one group. False when a file of it is no longer part of the lake. */
async function merge(
  client: PoolClient,
  group: { table: LakeTable; date: string; files: readonly Small[] },
  { root, engine, signal }: CompactionOptions & { signal: AbortSignal },
): Promise<boolean> {
  const { table, date, files } = group;
  const path = newPath(table.folder, date);
  const expected = files.reduce((sum, file) => sum + file.rows, 0);
  try {
    const part = await partOf(root, path);
    const inputs = literals(files.map((file) => join(root, file.path)));
    const rows = await engine.inSession(signal, async (session) => {
      await session.run(
        `COPY (SELECT * FROM read_parquet(${inputs}, union_by_name = true, hive_partitioning = false) ORDER BY ${orderBy(table)}) TO ${literal(part)} (${PARQUET})`,
      );
      const [written] = await session.rows<{ n: number }>(`SELECT count(*)::INTEGER AS n FROM read_parquet(${literal(part)})`);
      return written?.n ?? 0;
    });
    if (rows !== expected)
      throw new KidjamoError(
        'SINK_REJECTED',
        `a merge of ${table.name} has ${rows} rows in place of ${expected}: the files differ from the manifest`,
      );
    const [bytes = 0] = await complete(root, [path]);
    const first = files.map((file) => file.first).sort()[0] ?? '';
    const last =
      files
        .map((file) => file.last)
        .sort()
        .at(-1) ?? '';
    const swapped = await swap(client, {
      table,
      ids: files.map((file) => file.file_id),
      file: fileRows([{ date, path, rows, bytes, first, last }]),
    });
    if (!swapped) await discard(root, [path]);
    return swapped;
  } catch (error) {
    const known = lakeError(error);
    // A lost connection may have ended a swap that happened: then the file is part of the lake. If it is not, it is swept.
    if (known.code !== 'STORE_UNAVAILABLE') await discard(root, [path]).catch(() => undefined);
    throw known;
  }
}

/** Puts a file in the place of others, if all of those are still part of the lake. */
async function swap(client: PoolClient, change: { table: LakeTable; ids: readonly string[]; file: string }): Promise<boolean> {
  try {
    await client.query('BEGIN');
    // A compactor that is stopped here must not hold its rows for ever.
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '10s'`);
    const { rowCount } = await client.query(
      'UPDATE lake.file SET replaced_at = now() WHERE file_id = ANY ($1::bigint[]) AND replaced_at IS NULL',
      [change.ids],
    );
    if (rowCount !== change.ids.length) {
      await client.query('ROLLBACK');
      return false;
    }
    await client.query(
      `INSERT INTO lake.file (table_name, event_date, path, rows, bytes, min_time, max_time)
       SELECT $1, f.* FROM jsonb_to_recordset($2::jsonb) AS f(${FILE_COLUMNS})`,
      [change.table.name, change.file],
    );
    await client.query('COMMIT');
    return true;
  } catch (error) {
    throw storeError(error);
  }
}
