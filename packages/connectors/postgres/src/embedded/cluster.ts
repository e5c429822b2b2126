/** Makes the data folder of a new server (`initdb`) and checks one that exists. */

import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KidjamoError } from '@kidjamo/stream';

import type { Placement } from './placement.ts';
import { program, SERVER_MAJOR } from './server-binaries.ts';
import { run } from './server-user.ts';

/** The superuser of the embedded server. The application never connects as this user. */
export const SUPERUSER = 'postgres';

/**
 * Makes the data folder when there is none. It appears under its name only when it is complete, so that a process killed in between
 * leaves nothing that looks like data.
 * @throws KidjamoError DATABASE_VERSION for data of another major version, DISK_FULL, DATABASE_START.
 */
export async function prepareCluster(placement: Placement, superuserPassword: string): Promise<void> {
  const entries = await readdir(placement.dataFolder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    // The folder belongs to the server's user and is closed to all others, root excepted.
    throw new KidjamoError(
      'DATABASE_START',
      `the data folder ${placement.dataFolder} cannot be read. Remedy: start Kidjamo as its owner, or as root`,
      {
        cause: error,
      },
    );
  });
  if (entries === undefined || entries.length === 0) {
    await create(placement, superuserPassword);
    return;
  }
  await checkVersion(placement.dataFolder);
}

async function checkVersion(dataFolder: string): Promise<void> {
  const version = (await readFile(join(dataFolder, 'PG_VERSION'), 'utf8').catch(() => '')).trim();
  if (version === String(SERVER_MAJOR)) return;
  if (version === '') {
    throw new KidjamoError('DATABASE_START', `${dataFolder} holds files, but is no data folder of PostgreSQL. Remedy: move it away`);
  }
  throw new KidjamoError(
    'DATABASE_VERSION',
    `the data folder ${dataFolder} was made by PostgreSQL ${version}, and this is PostgreSQL ${SERVER_MAJOR}. ` +
      `Remedy: dump it with PostgreSQL ${version} (pg_dumpall) and restore it here, or move it away to start empty`,
  );
}

async function create(placement: Placement, superuserPassword: string): Promise<void> {
  const { binaries, dataFolder, folder, user } = placement;
  const fresh = `${dataFolder}.new`;
  const passwordFile = join(folder, `.password.${randomBytes(6).toString('hex')}`);
  await rm(fresh, { recursive: true, force: true });
  try {
    await mkdir(fresh);
    await chmod(fresh, 0o700);
    await writeFile(passwordFile, superuserPassword, { mode: 0o600 });
    if (user !== undefined) {
      await chown(fresh, user.uid, user.gid);
      await chown(passwordFile, user.uid, user.gid);
    }
    // What it made is kept when it fails, until it is known whether it filled the disk.
    // Sorting by code point (builtin C.UTF-8) depends on no library of the machine, so the data can move between machines.
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const args = [
      `--pgdata=${fresh}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--no-clean',
      ...locale,
    ];
    const { code, output } = await run(program(binaries, 'initdb'), args, user);
    if (code !== 0) throw await programFailure(folder, output, `initdb ended with ${code}`);
    await rm(dataFolder, { recursive: true, force: true });
    await rename(fresh, dataFolder);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error instanceof KidjamoError ? error : startFailure(String(error), 'the data folder could not be made');
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Names what kept the server or initdb from starting, from what they printed. */
export function startFailure(output: string, what: string): KidjamoError {
  if (/No space left on device|ENOSPC|Disk quota exceeded|EDQUOT/.test(output)) return diskFull();
  const lines = output.split('\n').filter((line) => /FATAL|PANIC|error|Error/.test(line));
  const reason = (lines.at(-1) ?? output.trim().split('\n').at(-1) ?? '').trim().slice(0, 300);
  return new KidjamoError('DATABASE_START', `the embedded PostgreSQL did not start: ${what}${reason === '' ? '' : ` (${reason})`}`);
}

/** A segment of the write-ahead log: with less than this the server cannot work. */
const LEAST_SPACE_BYTES = 16 * 1024 * 1024;

/**
 * The failure of a program of the server that works in `folder`. On a full disk its last words may be missing, since the log lies on the
 * same disk, or it was ended by a signal: so the space is looked at as well.
 */
export async function programFailure(folder: string, output: string, what: string): Promise<KidjamoError> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < LEAST_SPACE_BYTES ? diskFull() : startFailure(output, what);
}

function diskFull(): KidjamoError {
  return new KidjamoError('DISK_FULL', 'the disk of the embedded PostgreSQL has no space left. Remedy: free space on it and start again');
}
