/** Files that are there whole or not at all, whenever the process or the machine stops. */

import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Mode of files that only their owner may read. */
const PRIVATE = 0o600;

/** Puts a private file in place of what is there. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const partial = await writePartial(path, text);
  await rename(partial, path);
  await syncFolder(path);
}

/** Makes a private file; false when there already is one, which is left as it is. */
export async function createFile(path: string, text: string): Promise<boolean> {
  const partial = await writePartial(path, text);
  try {
    await link(partial, path);
    await syncFolder(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
}

async function writePartial(path: string, text: string): Promise<string> {
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
  const file = await open(partial, 'wx', PRIVATE);
  try {
    await file.writeFile(text);
    await file.sync();
    return partial;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** The name in the folder must survive a loss of power as well. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
