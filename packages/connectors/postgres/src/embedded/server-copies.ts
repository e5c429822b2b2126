/** Removes copies of the server that earlier versions made and that nobody runs any more. */

import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import type { Clock } from '@kidjamo/stream';

import type { ServerBinaries } from './server-binaries.ts';
import { run } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

/** What `copyBinaries` calls a finished copy; unfinished ones belong to whoever makes them now. */
const COPY = /^server-\d[\w.+-]*$/;
/** A copy used lately may be about to be started by another process. */
const UNTOUCHED_MS = 24 * 3_600_000;

/** Which copies to look at. */
export interface PruneOptions {
  /** Where copies lie. */
  readonly parent: string;
  /** What this process uses; the time of its use is noted there when it is a copy. */
  readonly used: ServerBinaries;
  readonly user: ServerUser | undefined;
  readonly clock: Clock;
}

/**
 * Removes the copies in `parent` that are ours, were not used for a day and run no server, and tells which. Where the system does not tell
 * what runs, nothing is removed.
 */
export async function pruneCopies({ parent, used, user, clock }: PruneOptions): Promise<string[]> {
  const now = clock.now();
  if (dirname(used.folder) === parent) await utimes(used.folder, now / 1000, now / 1000);
  const names = await readdir(parent).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const old: string[] = [];
  for (const name of names.filter((each) => COPY.test(each) && !each.endsWith('.partial'))) {
    const folder = join(parent, name);
    if (folder === used.folder) continue;
    const { uid, mtimeMs } = await stat(folder);
    if (uid === process.getuid?.() && now - mtimeMs > UNTOUCHED_MS) old.push(folder);
  }
  if (old.length === 0) return [];
  const running = await runningPrograms(user);
  if (running === undefined) return [];
  const unused = old.filter((folder) => !running.some((program) => program.startsWith(`${folder}/`)));
  for (const folder of unused) await rm(folder, { recursive: true, force: true });
  return unused.map((folder) => basename(folder));
}

/**
 * The files of all programs that run; undefined where that of a server cannot be seen. Asked as ourselves and as the server's user: in
 * containers, root may lack the right to look into the processes of others.
 */
async function runningPrograms(user: ServerUser | undefined): Promise<string[] | undefined> {
  if (process.platform !== 'linux') return undefined;
  const programs = new Map<string, string>();
  for (const as of user === undefined ? [undefined] : [undefined, user]) {
    const { output } = await run('/bin/sh', ['-c', 'ls -ld /proc/[0-9]*/exe 2>/dev/null'], as);
    for (const [, pid = '', path = ''] of output.matchAll(/\/proc\/(\d+)\/exe -> (.*)$/gm)) programs.set(pid, path);
  }
  const { output: servers } = await run('/bin/sh', ['-c', 'grep -lx postgres /proc/[0-9]*/comm 2>/dev/null']);
  for (const [, pid = ''] of servers.matchAll(/\/proc\/(\d+)\/comm/g)) if (!programs.has(pid)) return undefined;
  return [...programs.values()];
}
