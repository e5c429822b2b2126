/** Runs the job in Kafka Streams, until it has committed everything. */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import { applyTopics, withAdmin } from '@kidjamo/connector-kafka';
import type { KafkaConnection } from '@kidjamo/connector-kafka';

import type { KafkaContext, Prepared } from './context.ts';
import { cpuSeconds } from './cpu.ts';
import { now } from './positions.ts';
import { steadyRate, wholeRate } from './rate.ts';
import type { Look } from './rate.ts';

const LOOK_EVERY_MS = 20;
const ENDS_WITHIN_MS = 600_000;
const OUTPUTS = ['readings', 'alerts', 'windows', 'errors'];
/** What a person who sets it up with care would give it on a machine like this. */
const JAVA = ['-Xms512m', '-Xmx2g'];

/** How fast the peer is, readings/s, and the processor time of it and the broker, s. */
export interface Peer {
  readonly whole: number;
  readonly steady: number;
  readonly cpu: number;
}

/** What the peer prints. */
interface Said {
  readonly began?: boolean;
  readonly windows?: number;
  readonly readings?: number;
  readonly breaches?: number;
}

export async function measurePeer(context: KafkaContext, prepared: Prepared): Promise<Peer> {
  const { broker, plan, peer, run, say } = context;
  const application = `bench-peer-${run}`;
  const connection: KafkaConnection = { servers: broker.servers, clientId: 'bench' };
  const topics = OUTPUTS.map((name) => ({ name: `${application}-${name}`, partitions: plan.partitions, replication: 1, config: {} }));
  await applyTopics(connection, topics);
  const state = await mkdtemp(join(tmpdir(), 'kidjamo-bench-peer-'));
  const before = await cpuSeconds(broker.pids);
  const args = [broker.servers, prepared.plainTopic, application, state, String(plan.peerThreads)];
  const java = spawn('java', [...JAVA, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error', '-cp', peer, 'kidjamo.peer.Main', ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const last = (): boolean => java.kill('SIGKILL');
  process.once('exit', last);
  try {
    const said = listen(java);
    const looks = await watch(context, prepared, application);
    const own = await cpuSeconds(java.pid === undefined ? [] : [java.pid]);
    const cpu = own + (await cpuSeconds(broker.pids)) - before;
    const { began, sums } = await said.end();
    if (sums.readings !== prepared.acknowledged)
      throw new Error(`the windows of Kafka Streams hold ${sums.readings ?? 0} of ${prepared.acknowledged} readings`);
    const measured = { whole: wholeRate(looks, prepared.records, began), steady: steadyRate(looks, prepared.records), cpu };
    say(`Kafka Streams: ${Math.round(measured.whole)} readings/s, in full swing ${Math.round(measured.steady)}`);
    return measured;
  } finally {
    if (java.exitCode === null) java.kill('SIGKILL');
    process.off('exit', last);
    await rm(state, { recursive: true, force: true });
    await clear(connection, application);
  }
}

/** Hears when the first record was processed, and, when it is told to end, what the stores came to. */
function listen(java: ChildProcess): { end(): Promise<{ began: number; sums: Said }> } {
  let began = Number.NaN;
  let sums: Said = {};
  if (java.stdout === null) throw new TypeError('its output is a pipe');
  createInterface({ input: java.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as Said;
    if (said.began === true) began = now();
    else sums = said;
  });
  const closed = once(java, 'close');
  return {
    end: async () => {
      java.stdin?.end();
      await closed;
      return { began, sums };
    },
  };
}

/** Looks at what the group has committed until it is everything. Offsets of exactly-once are committed with the transaction. */
async function watch({ broker, signal }: KafkaContext, { ends, records, plainTopic }: Prepared, group: string): Promise<readonly Look[]> {
  const looks: Look[] = [];
  const patience = ENDS_WITHIN_MS + 1000;
  return withAdmin(
    { servers: broker.servers, clientId: 'bench' },
    { what: 'watching Kafka Streams', patienceMs: patience },
    async (admin) => {
      for (const until = now() + ENDS_WITHIN_MS / 1000; now() < until;) {
        signal.throwIfAborted();
        const [found] = await admin.listConsumerGroupOffsets({
          groups: [{ groupId: group, topics: [{ name: plainTopic, partitionIndexes: ends.map((_, partition) => partition) }] }],
        });
        const offsets = found?.topics.find(({ name }) => name === plainTopic)?.partitions ?? [];
        const done = offsets.reduce((sum, { committedOffset }) => sum + Math.max(0, Number(committedOffset)), 0);
        looks.push({ at: now(), done });
        if (done >= records) return looks;
        await delay(LOOK_EVERY_MS);
      }
      throw new Error('Kafka Streams did not come to an end');
    },
  );
}

/** Removes the topics of an application, its own and those that Streams made. */
async function clear(connection: KafkaConnection, application: string): Promise<void> {
  await withAdmin(connection, { what: 'removing topics' }, async (admin) => {
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${application}-`));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  });
}
