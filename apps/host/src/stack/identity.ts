/**
 * Keeps processes that share a database from writing one lake under two keys or into two folders: the first to come writes the id of
 * its key and of its lake folder into the database, the others compare.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Pool } from 'pg';

interface Identity {
  readonly lakeUsable: boolean;
  readonly notices: readonly string[];
}

export async function checkIdentity(pool: Pool, mine: { lakeKeyId: string; lakeRoot: string }): Promise<Identity> {
  const folder = await folderId(mine.lakeRoot);
  await pool.query(`INSERT INTO lake.identity (name, value) VALUES ('key', $1), ('folder', $2) ON CONFLICT (name) DO NOTHING`, [
    mine.lakeKeyId,
    folder,
  ]);
  const { rows } = await pool.query<{ name: string; value: string }>('SELECT name, value FROM lake.identity');
  const kept = new Map(rows.map((row) => [row.name, row.value]));
  const notices: string[] = [];
  if (kept.get('key') !== mine.lakeKeyId) {
    notices.push(
      'this database was set up with another lake key, so this process leaves the lake to others: give it the same KIDJAMO_KEY_LAKE or home to share it',
    );
  }
  if (kept.get('folder') !== folder) {
    notices.push(
      'this database belongs to another lake folder, so this process leaves the lake to others: set KIDJAMO_LAKE to that folder to share it',
    );
  }
  return { lakeUsable: notices.length === 0, notices };
}

async function folderId(root: string): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const path = join(root, '.lake-id');
  try {
    await writeFile(path, randomUUID(), { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}
