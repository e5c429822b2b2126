/** The files of the lake on a local disk: written under another name, synced, renamed, synced again. */

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Ending of a file that is not complete. */
export const PART = '.part';
/** Ending of a complete one. */
export const PARQUET_ENDING = '.parquet';

/** Rows of one date, written by DuckDB but not yet part of the lake. */
export interface WrittenFile {
  readonly date: string;
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly rows: number;
  /** First and last event time, ISO 8601 with zone. */
  readonly first: string;
  readonly last: string;
}

/** A path that no other file has. Nothing in it tells whose data it holds. */
export function newPath(folder: string, date: string): string {
  return `${folder}/event_date=${date}/${randomUUID()}${PARQUET_ENDING}`;
}

/** Where the file is until it is complete; its folder is made. */
export async function partOf(root: string, path: string): Promise<string> {
  const full = join(root, path);
  const made = await mkdir(dirname(full), { recursive: true });
  // A folder lasts once the folder that it is in does, and so on up to the first one that was there before.
  if (made !== undefined) {
    for (let folder = dirname(full); folder.length >= dirname(made).length; folder = dirname(folder)) {
      await syncFolder(folder);
      if (folder === dirname(folder)) break;
    }
  }
  return `${full}${PART}`;
}

/** Makes files durable under their final names. Returns their sizes, bytes. */
export async function complete(root: string, paths: readonly string[]): Promise<number[]> {
  const sizes: number[] = [];
  for (const path of paths) {
    const full = join(root, path);
    const file = await open(`${full}${PART}`, 'r+');
    try {
      await file.sync();
      sizes.push((await file.stat()).size);
    } finally {
      await file.close();
    }
    await rename(`${full}${PART}`, full);
  }
  for (const folder of new Set(paths.map((path) => dirname(join(root, path))))) await syncFolder(folder);
  return sizes;
}

/** Removes files, complete or not. */
export async function discard(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await rm(join(root, path), { force: true });
    await rm(join(root, `${path}${PART}`), { force: true });
  }
}

/** When the file was last written, ms since the epoch; undefined when it is gone. */
export async function writtenAt(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no such call, and makes names durable by itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
