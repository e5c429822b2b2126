/** The manifest in PostgreSQL: which files are the lake, and how far each sink has come. */

import { sqlState, storeError } from '@kidjamo/connector-postgres';
import type { MigrationSet } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Lease } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { WrittenFile } from './files.ts';

/** The schema of the manifest. */
export const LAKE_MIGRATIONS: MigrationSet = { name: 'lake', folder: new URL('./migrations/', import.meta.url) };

/** A complete file that the manifest does not list yet. */
export interface CompleteFile extends WrittenFile {
  readonly bytes: number;
}

/** A step of a sink: its files, and the move of its position. */
export interface SinkStep {
  readonly lease: Lease;
  readonly table: string;
  readonly from: number;
  readonly to: number;
  readonly files: readonly CompleteFile[];
}

/** What PostgreSQL reads as a row of lake.file. */
export const FILE_COLUMNS = 'event_date date, path text, rows bigint, bytes bigint, min_time timestamptz, max_time timestamptz';

/** Files as {@link FILE_COLUMNS}. */
export function fileRows(files: readonly CompleteFile[]): string {
  return JSON.stringify(
    files.map(({ date, path, rows, bytes, first, last }) => ({ event_date: date, path, rows, bytes, min_time: first, max_time: last })),
  );
}

/** The manifest as one sink sees it. */
export class SinkManifest {
  readonly #pool: Pool;
  readonly #sink: string;

  constructor(pool: Pool, sink: string) {
    this.#pool = pool;
    this.#sink = sink;
  }

  /** Raises the fence and tells the next offset wanted. */
  async takeOver(lease: Lease): Promise<number> {
    const rows = await this.#query<{ next_offset: string }>(
      `INSERT INTO lake.position AS p (sink, partition, generation, next_offset) VALUES ($1, $2, $3, 0)
       ON CONFLICT (sink, partition) DO UPDATE SET generation = excluded.generation WHERE p.generation <= excluded.generation
       RETURNING next_offset`,
      [this.#sink, lease.partition, lease.generation],
    );
    const [row] = rows;
    if (row === undefined) throw fenced(lease);
    return Number(row.next_offset);
  }

  /** @throws KidjamoError FENCED unless the lease is current and the position is `from`. Spares the work of a batch that could not be committed. */
  async check(lease: Lease, from: number): Promise<void> {
    const rows = await this.#query(
      'SELECT FROM lake.position WHERE sink = $1 AND partition = $2 AND generation = $3 AND next_offset = $4',
      [this.#sink, lease.partition, lease.generation, from],
    );
    if (rows.length === 0) throw fenced(lease);
  }

  /**
   * Lists the files and moves the position. It is one statement, so a process that is stopped in the middle holds no lock: the server
   * ends it alone.
   */
  async commit({ lease, table, from, to, files }: SinkStep): Promise<void> {
    try {
      const { rows } = await this.#pool.query<{ moved: number }>(
        `WITH moved AS (
           UPDATE lake.position SET next_offset = $5
            WHERE sink = $1 AND partition = $2 AND generation = $3 AND next_offset = $4
           RETURNING 1),
         listed AS (
           INSERT INTO lake.file (table_name, event_date, path, rows, bytes, min_time, max_time, log, partition, from_offset, to_offset, generation)
           SELECT $6, f.event_date, f.path, f.rows, f.bytes, f.min_time, f.max_time, $7, $2, $4, $5, $3
             FROM moved, jsonb_to_recordset($8::jsonb) AS f(${FILE_COLUMNS}))
         SELECT count(*)::integer AS moved FROM moved`,
        [this.#sink, lease.partition, lease.generation, from, to, table, lease.log, fileRows(files)],
      );
      if (rows[0]?.moved !== 1) throw fenced(lease);
    } catch (error) {
      // A unique name taken already: the files lay unlisted for so long that they were swept as orphans.
      if (sqlState(error) === '23505')
        throw new KidjamoError('SINK_UNAVAILABLE', 'the files of the batch were swept before they were listed');
      throw storeError(error, 'SINK_UNAVAILABLE');
    }
  }

  async #query<Row extends object>(sql: string, values: unknown[]): Promise<Row[]> {
    try {
      return (await this.#pool.query<Row>(sql, values)).rows;
    } catch (error) {
      throw storeError(error, 'SINK_UNAVAILABLE');
    }
  }
}

/** Whether the statement that lists files surely did not. After a lost connection nobody knows. */
export function surelyUnlisted(error: unknown): boolean {
  if (!(error instanceof KidjamoError)) return false;
  return error.code === 'FENCED' || error.code === 'DISK_FULL' || error.code === 'STORE_REJECTED';
}

function fenced({ partition, generation }: Lease): KidjamoError {
  return new KidjamoError('FENCED', `partition ${partition} has a younger owner than generation ${generation}, or has moved on`);
}
