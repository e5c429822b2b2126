/**
 * Where the server's programs and data lie. Normally the programs stay in node_modules and the data in the home. As root, the server's
 * user may be unable to enter one or the other (a home under /root, a checkout under a private folder): then a copy of the programs, the
 * data, or both lie under /var/lib/kidjamo. The choice is written down once and kept, since a second choice would show an empty database.
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { KidjamoError } from '@kidjamo/stream';

import { copyBinaries, locateBinaries, whyNotRunnable } from './server-binaries.ts';
import type { ServerBinaries } from './server-binaries.ts';
import { run, serverUser } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

/** Where root puts what the server's user must reach. */
export const SHARED_FOLDER = '/var/lib/kidjamo';

/** Where everything of one embedded server is. */
export interface Placement {
  readonly binaries: ServerBinaries;
  /** Holds `data`, the configuration and the server's log. Owned by whoever runs this process. */
  readonly folder: string;
  /** The data folder of PostgreSQL. */
  readonly dataFolder: string;
  readonly user: ServerUser | undefined;
  /** Remembers the choice: in the home, whatever was chosen. */
  readonly pointerFile: string;
  /** The port of last time. */
  readonly port: number | undefined;
  /** One line for people when things lie elsewhere than expected. */
  readonly notice: string | undefined;
}

interface Pointer {
  readonly folder?: string;
  readonly port?: number;
}

/**
 * Decides where the server of a home lies and makes its folders.
 * @throws KidjamoError DATABASE_START when the server's user can reach no place, or the folder of last time is gone.
 */
export async function place(home: string): Promise<Placement> {
  const own = join(await realpath(home), 'postgres');
  await makeFolder(own);
  const pointerFile = join(own, 'placement.json');
  const pointer = await readPointer(pointerFile);
  const before = pointer?.folder === undefined ? own : pointer.folder;
  const user = await serverUser(join(before, 'data'));
  const located = await locateBinaries();
  if (user === undefined) {
    const why = await whyNotRunnable(located, undefined);
    if (why !== undefined) throw notRunnable(why);
    return { binaries: located, folder: own, dataFolder: join(own, 'data'), user, pointerFile, port: pointer?.port, notice: undefined };
  }

  const binaries = await reachableBinaries(located, user);
  const folder = pointer?.folder === undefined ? await chooseFolder(home, own, user) : await sameFolder(pointer.folder, user);
  return {
    binaries,
    folder,
    dataFolder: join(folder, 'data'),
    user,
    pointerFile,
    port: pointer?.port,
    notice: describeMove(binaries.folder !== located.folder, folder === own ? undefined : folder, user),
  };
}

function describeMove(serverCopied: boolean, folder: string | undefined, user: ServerUser): string | undefined {
  if (!serverCopied && folder === undefined) return undefined;
  const what = [
    ...(serverCopied ? [`a copy of the server is in ${SHARED_FOLDER}`] : []),
    ...(folder === undefined ? [] : [`the database is in ${folder}`]),
  ];
  return `PostgreSQL does not run as root, and the user it runs as (uid ${user.uid}) may not enter this folder: ${what.join(', and ')}`;
}

/** Writes down where the server lies and its port. */
export async function rememberPlacement(placement: Placement, port: number): Promise<void> {
  // A folder in the home is not written down, so that the home can be moved.
  const elsewhere = placement.folder === dirname(placement.pointerFile) ? {} : { folder: placement.folder };
  const text = `${JSON.stringify({ ...elsewhere, port })}\n`;
  if ((await readFile(placement.pointerFile, 'utf8').catch(() => '')) === text) return;
  await writeFile(`${placement.pointerFile}.new`, text, { mode: 0o600 });
  await rename(`${placement.pointerFile}.new`, placement.pointerFile);
}

async function readPointer(file: string): Promise<Pointer | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Pointer;
  } catch (error) {
    throw new KidjamoError('DATABASE_START', `${file} is damaged. Remedy: restore it, or remove it if the data folder lies beside it`, {
      cause: error,
    });
  }
}

async function reachableBinaries(located: ServerBinaries, user: ServerUser): Promise<ServerBinaries> {
  if ((await whyNotRunnable(located, user)) === undefined) return located;
  await makeFolder(SHARED_FOLDER);
  const copy = await copyBinaries(located, SHARED_FOLDER, user);
  const why = await whyNotRunnable(copy, user);
  if (why !== undefined) throw notRunnable(why);
  return copy;
}

async function chooseFolder(home: string, own: string, user: ServerUser): Promise<string> {
  if (await canEnter(own, user)) return own;
  // Private folders of our own let the server's group pass through, and no one else; folders above are not ours to open.
  const { uid, mode } = await stat(home);
  if (uid === 0 && (mode & 0o077) === 0) {
    await chown(home, 0, user.gid);
    await chmod(home, 0o710);
    if (await canEnter(own, user)) return own;
  }
  if (existsSync(join(own, 'data'))) throw cannotEnter(own, user);
  const shared = join(
    SHARED_FOLDER,
    createHash('sha256')
      .update(await realpath(home))
      .digest('hex')
      .slice(0, 16),
  );
  await makeFolder(SHARED_FOLDER);
  await makeFolder(shared);
  if (await canEnter(shared, user)) return shared;
  throw new KidjamoError(
    'DATABASE_START',
    `PostgreSQL does not run as root, and the user it runs as (uid ${user.uid}) can enter neither ${own} nor ${shared}. ` +
      'Remedy: set KIDJAMO_HOME to a folder that every user may enter, or start Kidjamo as an ordinary user',
  );
}

async function sameFolder(folder: string, user: ServerUser): Promise<string> {
  if (existsSync(folder) && (await canEnter(folder, user))) return folder;
  throw cannotEnter(folder, user);
}

function cannotEnter(folder: string, user: ServerUser): KidjamoError {
  return new KidjamoError(
    'DATABASE_START',
    `the database of this home lies in ${folder}, which the user that PostgreSQL runs as (uid ${user.uid}) cannot enter any more. ` +
      'Remedy: restore that folder or its permissions',
  );
}

async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  return (await run('/bin/sh', ['-c', 'cd "$0"', folder], user)).code === 0;
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  // The umask may have taken away the right to pass through.
  if ((await stat(folder)).uid === process.getuid?.()) await chmod(folder, 0o711);
}

function notRunnable(why: string): KidjamoError {
  return new KidjamoError(
    'DATABASE_START',
    `the embedded PostgreSQL does not run on this machine (${why}). Remedy: a system with glibc and a folder that may hold programs, ` +
      'or DATABASE_URL of an existing PostgreSQL',
  );
}
