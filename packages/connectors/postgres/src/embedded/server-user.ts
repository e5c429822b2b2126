/**
 * The operating system's user that the server runs as. PostgreSQL refuses to run as root, so root starts it as the owner of the data, or
 * as the user `postgres`, which is made when the machine has none.
 */

import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';

import { KidjamoError } from '@kidjamo/stream';

/** Whom to become before running a program of the server. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** What a program said, and how it ended. */
export interface RunResult {
  /** Exit code; -1 when it could not be started or was ended by a signal. */
  readonly code: number;
  readonly output: string;
}

/** The user that the server runs as when Kidjamo runs as root. */
const SERVER_USER = 'postgres';

/**
 * The user to run the server as; undefined when that is whoever runs this process. Data that exists belongs to the user who made it.
 * @throws KidjamoError DATABASE_START when this process is root and there is no way to make a user.
 */
export async function serverUser(dataFolder: string | undefined): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (dataFolder !== undefined) {
    const owner = await stat(dataFolder).catch(() => undefined);
    if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  return findOrCreateUser(SERVER_USER);
}

/**
 * Finds a user of the operating system, or makes a system user without a home and a shell.
 * @throws KidjamoError DATABASE_START when it can be neither found nor made.
 */
export async function findOrCreateUser(name: string): Promise<ServerUser> {
  const found = await findUser(name);
  if (found !== undefined) return found;
  // Debian, Red Hat and their like have useradd; Alpine has BusyBox's adduser.
  await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  if ((await findUser(name)) === undefined) await run('adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', name]);
  const made = await findUser(name);
  if (made !== undefined) return made;
  throw new KidjamoError(
    'DATABASE_START',
    `PostgreSQL does not run as root, and there is no user ${name} and no way to make one (useradd, adduser). ` +
      'Remedy: start Kidjamo as an ordinary user, or make that user',
  );
}

async function findUser(name: string): Promise<ServerUser | undefined> {
  const uid = await run('id', ['-u', name]);
  const gid = await run('id', ['-g', name]);
  return uid.code === 0 && gid.code === 0 ? { uid: Number(uid.output), gid: Number(gid.output) } : undefined;
}

/**
 * Runs a program to its end as `user`, in a plain environment: variables such as PGDATA or PGPORT of whoever started Kidjamo must not
 * steer the server.
 */
export async function run(program: string, args: readonly string[], user?: ServerUser): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...user, cwd: '/', env: serverEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? -1, output }));
  });
}

/** The environment of the server's programs: messages in English, since they are read here, and times in UTC. */
export function serverEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C', TZ: 'UTC' };
}
