/**
 * Removes files that are not part of the lake: replaced ones, orphans of a crash, and parts. Safe beside sinks, compactors and readers: a file
 * goes only when it has been none of theirs for the time of grace.
 */

import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { storeError } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { lakeError } from './duckdb-failure.ts';
import { discard, PARQUET_ENDING, PART, writtenAt } from './files.ts';
import type { LakeTable } from './lake-table.ts';

export interface SweepOptions {
  readonly pool: Pool;
  readonly root: string;
  readonly tables: readonly LakeTable[];
  readonly clock: Clock;
  /** How long a replaced or unlisted file stays, ms: longer than any reader keeps its list of files. */
  readonly graceMs: number;
}

/** How many files were removed. */
export interface Swept {
  readonly replaced: number;
  readonly orphans: number;
  readonly parts: number;
}

/** @throws KidjamoError STORE_UNAVAILABLE, SINK_UNAVAILABLE; what was removed before stays removed. */
export async function sweepLake(options: SweepOptions): Promise<Swept> {
  const replaced = await sweepReplaced(options);
  const found = { parts: [] as string[], complete: [] as string[] };
  try {
    for (const { folder } of options.tables) await findOld(options, folder, found);
    await discard(options.root, found.parts);
    const orphans = await claim(options, found.complete);
    await discard(options.root, orphans);
    return { replaced, orphans: orphans.length, parts: found.parts.length };
  } catch (error) {
    throw lakeError(error);
  }
}

async function sweepReplaced({ pool, root, tables, graceMs }: SweepOptions): Promise<number> {
  const names = tables.map(({ name }) => name);
  try {
    // Time by the database's clock, which also stamped the row. Swept orphans (without date) keep theirs.
    const { rows } = await pool.query<{ file_id: string; path: string }>(
      `SELECT file_id, path FROM lake.file
        WHERE table_name = ANY ($1) AND event_date IS NOT NULL AND replaced_at <= now() - make_interval(secs => $2)`,
      [names, graceMs / 1000],
    );
    // The files first: a row whose file is gone is found again, a file whose row is gone is an orphan.
    await discard(
      root,
      rows.map(({ path }) => path),
    );
    await pool.query('DELETE FROM lake.file WHERE file_id = ANY ($1::bigint[])', [rows.map(({ file_id: id }) => id)]);
    return rows.length;
  } catch (error) {
    throw storeError(error);
  }
}

/** Collects files that were last written before the time of grace, relative to the root, with slashes. */
async function findOld(
  { root, clock, graceMs }: SweepOptions,
  folder: string,
  found: { parts: string[]; complete: string[] },
): Promise<void> {
  const before = clock.now() - graceMs;
  for (const entry of await entriesOf(join(root, folder))) {
    const path = relative(root, entry).split(sep).join('/');
    const list = path.endsWith(PART) ? found.parts : path.endsWith(PARQUET_ENDING) ? found.complete : undefined;
    if (list === undefined) continue;
    const at = await writtenAt(entry);
    if (at !== undefined && at <= before) list.push(path);
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Takes unlisted files for oneself by listing them as gone. A sink or compactor that wrote one, was stopped for longer than the grace and now
 * goes on, finds its name taken: it fails and lists nothing. A file claimed by a sweep that was cut short is claimed again.
 */
async function claim({ pool, tables }: SweepOptions, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  try {
    const { rows } = await pool.query<{ path: string }>(
      `INSERT INTO lake.file (table_name, path, rows, bytes, replaced_at)
       SELECT f.table_name, f.path, 0, 0, now() FROM unnest($1::text[], $2::text[]) AS f(table_name, path)
       ON CONFLICT (path) DO UPDATE SET replaced_at = excluded.replaced_at WHERE file.event_date IS NULL
       RETURNING path`,
      [paths.map((path) => tables.find(({ folder }) => path.startsWith(`${folder}/`))?.name ?? ''), paths],
    );
    return rows.map(({ path }) => path);
  } catch (error) {
    throw storeError(error);
  }
}
