/**
 * One process at a time owns a home. Node has no lock that the system frees by itself, so ownership is a claim: a file in `lock/` named
 * after the process (pid and moment of start), which no other process ever writes.
 *
 * Safe: everyone writes its claim before looking at the others', so of two at once at least one sees the other and withdraws. Live: a
 * claim of a process that no longer runs counts for nothing and is removed by whoever sees it; its name is never used again, so
 * removing it can hit no newer owner, which is what goes wrong with a single lock file that several take over at once.
 */

import { randomInt } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isRunning, thisProcess } from '@kidjamo/connector-postgres';
import type { ProcessIdentity } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';

/** A claim held by this process. */
export interface HomeLock {
  /** Gives the home back. Idempotent. */
  release(): Promise<void>;
}

/** Two that start at once both withdraw and try again after waits of different length, ms. An owner never withdraws. */
const ATTEMPTS = 6;
const WAIT_MS = { min: 10, max: 120 };

/**
 * Takes ownership of a home.
 * @throws KidjamoError HOME_LOCKED naming the process that owns it and since when.
 */
export async function lockHome(home: string, clock: Clock): Promise<HomeLock> {
  const folder = join(home, 'lock');
  const own = claimName(thisProcess());
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let attempt = 1; ; attempt++) {
    await claim(folder, own, clock);
    const rival = await findRival(folder, own);
    if (rival === undefined) return { release: () => rm(join(folder, own), { force: true }) };
    await rm(join(folder, own), { force: true });
    if (attempt === ATTEMPTS) throw await locked(folder, rival);
    await clock.sleep(randomInt(WAIT_MS.min, WAIT_MS.max));
  }
}

async function claim(folder: string, own: string, clock: Clock): Promise<void> {
  try {
    await writeFile(join(folder, own), `${JSON.stringify({ started_at: new Date(clock.now()).toISOString() })}\n`, {
      flag: 'wx',
      mode: 0o600,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new KidjamoError('HOME_LOCKED', 'this process has already opened this home folder');
  }
}

async function findRival(folder: string, own: string): Promise<ProcessIdentity | undefined> {
  for (const name of await readdir(folder)) {
    const process = parseClaim(name);
    if (process === undefined || name === own) continue;
    if (isRunning(process)) return process;
    await rm(join(folder, name), { force: true });
  }
  return undefined;
}

async function locked(folder: string, rival: ProcessIdentity): Promise<KidjamoError> {
  const since = await stat(join(folder, claimName(rival))).catch(() => undefined);
  const started = since === undefined ? '' : `, started ${since.mtime.toISOString()}`;
  return new KidjamoError(
    'HOME_LOCKED',
    `another Kidjamo (process ${rival.pid}${started}) uses this home folder. Remedy: stop it (kill ${rival.pid}), or set KIDJAMO_HOME to another folder`,
  );
}

function claimName(process: ProcessIdentity): string {
  return `${process.pid}.${process.start}`;
}

function parseClaim(name: string): ProcessIdentity | undefined {
  const [, pid, start] = /^(\d+)\.(.+)$/.exec(name) ?? [];
  return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start };
}
