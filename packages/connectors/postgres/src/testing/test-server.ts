/** The server of a test run. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '@kidjamo/stream';

import { isRunning, startEmbeddedPostgres, thisProcess } from '../embedded/index.ts';
import type { ProcessIdentity } from '../embedded/index.ts';
import { readServer } from '../embedded/postmaster-file.ts';
import { stopPostmaster } from '../embedded/postmaster.ts';
import { serverUser } from '../embedded/server-user.ts';

/** The environment variable with the address, as superuser, of the server that tests use. */
export const TEST_DATABASE_URL = 'KIDJAMO_TEST_DATABASE_URL';

const PREFIX = 'kidjamo-test-';

/** A server that lives as long as a test run. */
export interface TestServer {
  /** As superuser. */
  readonly url: string;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts the server and names it in the environment, which the processes of the tests inherit. A server that is named there already
 * (several projects of one run, or one of your own) is used as it is and left running.
 */
export async function startTestPostgres(): Promise<TestServer> {
  const given = process.env[TEST_DATABASE_URL];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  await sweep();
  const home = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(join(home, 'owner.json'), JSON.stringify(thisProcess()));
  // One password for both roles: a test database's address is made from the superuser's.
  const password = randomBytes(12).toString('hex');
  const server = await startEmbeddedPostgres({
    dataHome: home,
    clock: systemClock,
    password: { superuser: password, application: password },
  }).catch(async (error: unknown) => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  process.env[TEST_DATABASE_URL] = server.superuserUrl;
  return {
    url: server.superuserUrl,
    stop: async () => {
      process.env[TEST_DATABASE_URL] = '';
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Stops the servers of test runs that were killed, and removes their data. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const home = join(tmpdir(), name);
    const owner = await readFile(join(home, 'owner.json'), 'utf8').catch(() => undefined);
    // Without a name on it, it may be one that is being made; one of another user is that user's to sweep.
    if (owner === undefined || isRunning(JSON.parse(owner) as ProcessIdentity)) continue;
    const dataFolder = join(home, 'postgres', 'data');
    const left = await readServer({ dataFolder, user: await serverUser(dataFolder) });
    if (left !== undefined) await stopPostmaster({ process: left.process, port: left.port ?? 0 }, systemClock);
    await rm(home, { recursive: true, force: true });
  }
}
