/** Clusters of brokers that live no longer than a run of tests. */

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isRunning, thisProcess } from '@kidjamo/connector-postgres';
import type { ProcessIdentity } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';

import { kafkaScript, kafkaScriptNow } from './kafka-script.ts';
import type { ClusterDescription } from './kafka-script.ts';

/** The environment variable with the folder where the clusters of a run of tests live. */
export const TEST_KAFKA = 'KIDJAMO_TEST_KAFKA';

const PREFIX = 'kidjamo-kafka-';

/** The folder of the broker that all test files of a run share. */
const SHARED = 'shared';

/** What a cluster is to have. */
export interface ClusterOptions {
  /** Number of brokers. Default 1. */
  readonly brokers?: 1 | 3;
  /** Listeners with user and password. */
  readonly sasl?: boolean;
  /** Listeners with TLS. */
  readonly tls?: boolean;
}

/** A running cluster of one's own. */
export interface TestCluster extends ClusterDescription {
  /** Starts a broker that was stopped, on its old ports; resolves when it answers. */
  startNode(id: number): Promise<void>;
  /** Ends a broker in good order. */
  stopNode(id: number): Promise<void>;
  /** Ends a broker as a crash does. */
  killNode(id: number): Promise<void>;
  /** What runs of it now. */
  describe(): Promise<ClusterDescription>;
  /** Ends all brokers and removes their data. */
  stop(): Promise<void>;
}

/** The folder of a run of tests. */
export interface TestRun {
  /** Ends every broker of the run and removes their data. */
  stop(): Promise<void>;
  /** The same within one call, for a process that is ending. */
  stopNow(): void;
}

/**
 * Makes room for the brokers of a run of tests and names it in the environment, which the processes of the tests inherit. Starts nothing:
 * the first test file that needs a broker does. A folder that is named there already belongs to another project of the run.
 */
export async function prepareTestKafka(): Promise<TestRun> {
  if ((process.env[TEST_KAFKA] ?? '') !== '') return { stop: async () => undefined, stopNow: () => undefined };
  await sweep();
  const home = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(join(home, 'owner.json'), JSON.stringify(thisProcess()));
  process.env[TEST_KAFKA] = home;
  return {
    stop: async () => {
      process.env[TEST_KAFKA] = '';
      await remove(home);
    },
    stopNow: () => {
      for (const data of existsSync(home) ? clusters(home) : []) kafkaScriptNow('stop', '--kill', '--data', data);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The one broker that the test files of a run share. The first that asks starts it, the others wait for that. */
export async function sharedBroker(): Promise<ClusterDescription> {
  return start(join(home(), SHARED), {});
}

/** Starts a cluster for one test file. Stop it at the end; the run stops what was forgotten. */
export async function startTestCluster(options: ClusterOptions): Promise<TestCluster> {
  const data = mkdtempSync(join(home(), 'cluster-'));
  const node = (id: number): string[] => ['--data', data, '--node', String(id)];
  return {
    ...(await start(data, options)),
    startNode: async (id) => {
      await kafkaScript('start', ...node(id));
    },
    stopNode: async (id) => {
      await kafkaScript('stop', ...node(id));
    },
    killNode: async (id) => {
      await kafkaScript('stop', '--kill', ...node(id));
    },
    describe: async () => JSON.parse(await kafkaScript('status', '--data', data)) as ClusterDescription,
    stop: async () => {
      await kafkaScript('stop', '--kill', '--data', data);
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function start(data: string, { brokers = 1, sasl = false, tls = false }: ClusterOptions): Promise<ClusterDescription> {
  const options = ['--data', data, '--brokers', String(brokers), ...(sasl ? ['--sasl'] : []), ...(tls ? ['--tls'] : [])];
  return JSON.parse(await kafkaScript('start', ...options)) as ClusterDescription;
}

function home(): string {
  const folder = process.env[TEST_KAFKA] ?? '';
  if (folder !== '') return folder;
  throw new KidjamoError(
    'CONFIG_INVALID',
    `no folder for test brokers: ${TEST_KAFKA} is empty. Remedy: name the file *.int.test.ts, or call prepareTestKafka()`,
  );
}

/** Ends the brokers of runs that were killed, and removes their data. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const left = join(tmpdir(), name);
    const owner = await readFile(join(left, 'owner.json'), 'utf8').catch(() => undefined);
    // Without a name on it, it may be one that is being made; one of another user is that user's to sweep.
    if (owner === undefined || isRunning(JSON.parse(owner) as ProcessIdentity)) continue;
    await remove(left);
  }
}

async function remove(folder: string): Promise<void> {
  for (const data of clusters(folder)) await kafkaScript('stop', '--kill', '--data', data);
  await rm(folder, { recursive: true, force: true });
}

/** The folders below that hold a cluster. */
function clusters(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((data) => existsSync(join(data, 'cluster.json')));
}
