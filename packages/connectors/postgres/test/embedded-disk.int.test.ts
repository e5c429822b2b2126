import { spawnSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { systemClock } from '@kidjamo/stream';
import { describe, expect, onTestFinished, test } from 'vitest';

import { isRoot, newHome, query, start } from './embedded-homes.ts';

function shell(command: string, ...args: string[]): number | null {
  return spawnSync('/bin/sh', ['-c', command, ...args], { stdio: 'ignore' }).status;
}

/** A home on a disk of its own; undefined where none may be mounted. */
async function homeOnDiskOf(megabytes: number): Promise<string | undefined> {
  const home = await newHome();
  const mounted = shell('mount -t tmpfs -o "size=$0m,mode=755" none "$1"', String(megabytes), home);
  if (mounted !== 0) return undefined;
  // Before the home is removed, and after the server in it has stopped.
  onTestFinished(() => void shell('umount -l "$0"', home));
  return home;
}

/** Fills the disk to the last byte and gives the means to free it again. */
async function fill(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'filler');
  await writeFile(file, Buffer.alloc(256 * 1024 * 1024)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  });
  return () => rm(file);
}

// Only root can mount a small disk, and not in every container; where CI is said to be true, it must be able to.
const possible = isRoot && (process.env['CI'] === 'true' || shell('unshare --mount true') === 0);

describe.runIf(possible)('on a full disk', () => {
  test('the first start says so, leaves nothing behind, and works once there is space', async () => {
    const home = await homeOnDiskOf(120);
    if (home === undefined) throw new Error('no disk can be mounted here');
    const free = await fill(home);
    await expect(start(home)).rejects.toMatchObject({
      code: 'DISK_FULL',
      retryable: true,
      message: expect.stringContaining('Remedy') as string,
    });
    await free();
    await query((await start(home)).url, 'SELECT 1');
  });

  test('a first start that runs out of space half-way says so, and works once there is space', async () => {
    const home = await homeOnDiskOf(120);
    if (home === undefined) throw new Error('no disk can be mounted here');
    await writeFile(join(home, 'filler'), Buffer.alloc(100 * 1024 * 1024));
    await expect(start(home)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await rm(join(home, 'filler'));
    await query((await start(home)).url, 'SELECT 1');
  });

  test('a later start says so, loses nothing, and works once there is space', async () => {
    const home = await homeOnDiskOf(120);
    if (home === undefined) throw new Error('no disk can be mounted here');
    const server = await start(home);
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(server.pid, 'SIGKILL');
    await expect
      .poll(() => query(server.url, 'SELECT 1').catch((error: unknown) => (error as NodeJS.ErrnoException).code), { timeout: 30_000 })
      .toBe('ECONNREFUSED');
    const free = await fill(home);
    await expect(start(home)).rejects.toMatchObject({ code: 'DISK_FULL' });
    await free();
    expect(await query((await start(home)).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('a server that dies of it is back by itself when there is space', async () => {
    const home = await homeOnDiskOf(200);
    if (home === undefined) throw new Error('no disk can be mounted here');
    const server = await start(home);
    const ended = new AbortController();
    const supervision = server.supervise(ended.signal);
    onTestFinished(async () => {
      ended.abort();
      await supervision;
    });
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const free = await fill(home);
    // The write-ahead log cannot grow: the server gives up and cannot come back.
    await query(server.url, 'CREATE TABLE large AS SELECT n, repeat(md5(n::text), 20) AS t FROM generate_series(1, 200000) AS n').catch(
      () => undefined,
    );
    process.kill(server.pid, 'SIGKILL');
    await systemClock.sleep(1500);
    await free();
    await expect.poll(() => query(server.url, 'SELECT answer FROM kept').catch(() => []), { timeout: 40_000 }).toEqual([{ answer: 42 }]);
  });
});
