/**
 * Fills the input topic through the gateway, as devices would, and derives from it what the others need: the same records unsealed for the
 * peer, and the rows that the task makes of them for the bare loop.
 */

import { join } from 'node:path';

import { applyTopics, KafkaLog } from '@kidjamo/connector-kafka';
import type { KafkaCodec, KafkaConnection } from '@kidjamo/connector-kafka';
import { systemClock } from '@kidjamo/stream';
import { InputCodec, TopicIdentities, TOPICS } from '@kidjamo/vitals';

import { openKeys } from '../../apps/host/src/home/index.ts';
import { binaryKey } from '../../apps/host/src/roles/context.ts';
import { runLoad } from '../load/client.ts';
import { address, BATCH_PATH } from '../scenarios/context.ts';
import { Instance } from '../system/instance.ts';
import { runJson } from '../system/kidjamo.ts';
import type { KafkaContext, Prepared } from './context.ts';
import { READINGS_PER_REQUEST } from './plan.ts';
import { exportRows } from './rows.ts';
import { drain } from './workers.ts';

/** Connections of the client. */
const CONNECTIONS = 16;
const PLAIN = 'bench-plain-input';
const READ = 4000;
/** Appends of the copy under way at a time. */
const AHEAD = 4;

export async function prepare(context: KafkaContext): Promise<Prepared> {
  const { databases, plan, say } = context;
  const acknowledged = await fill(context);
  say('the same records unsealed, for the peer');
  const { ends, records } = await copyPlain(context);
  if (records < acknowledged) throw new Error(`${acknowledged} readings were acknowledged, and the topic has ${records} records`);
  const filled = { ends, records, acknowledged, before: databases.first.name };
  say('the rows that the task makes of them, for the bare loop');
  const url = await databases.copy(filled.before, 'bench_rows');
  await drain({ ...context, ends, records }, { databaseUrl: url, workers: 1 });
  const rows = await exportRows(url, join(context.home, 'rows.bin'));
  if (rows.rows !== plan.readings) throw new Error(`the task made ${rows.rows} rows of ${plan.readings} readings`);
  return { ...filled, empty: 'bench_rows', plainTopic: PLAIN, rows };
}

/** Sends readings to a gateway in mode `direct`. Gives how many it acknowledged. */
async function fill({ broker, databases, home, plan, settings, signal, say }: KafkaContext): Promise<number> {
  const { url } = databases.first;
  const more = settings(url);
  for (const command of [['migrate'], ['topics', 'apply']]) {
    const { code, value } = await runJson(home, command, { signal, more });
    if (code !== 0) throw new Error(`kidjamo ${command.join(' ')} ended with ${code}: ${JSON.stringify(value)}`);
  }
  const instance = await Instance.start([], { command: 'gateway', home, more });
  try {
    say(`${plan.readings} readings through the gateway to Kafka ${broker.version}`);
    const { acknowledged } = await runLoad(
      {
        ...address(instance),
        path: BATCH_PATH,
        connections: CONNECTIONS,
        readingsPerRequest: READINGS_PER_REQUEST,
        population: 'bench',
        patients: plan.patients,
        criticals: { every: plan.criticalEvery, patients: plan.criticalPatients },
        pace: { kind: 'count', readings: plan.readings, spacingMs: plan.spacingMs },
      },
      signal,
    );
    if (acknowledged !== plan.readings) throw new Error(`${acknowledged} of ${plan.readings} readings were acknowledged`);
    return acknowledged;
  } finally {
    await instance.stop();
  }
}

/** Copies the input topic, unsealed, to a topic with as many partitions. */
async function copyPlain({ broker, home, plan }: KafkaContext): Promise<{ ends: readonly number[]; records: number }> {
  const connection: KafkaConnection = { servers: broker.servers, clientId: 'bench' };
  const config = { 'message.timestamp.type': 'LogAppendTime', 'max.message.bytes': String(8 << 20) };
  await applyTopics(connection, [{ name: PLAIN, partitions: plan.partitions, replication: 1, config }]);
  const keys = await openKeys(home, {});
  const seal = new InputCodec({ identities: new TopicIdentities(binaryKey(keys.pseudonym.topics)), sealed: binaryKey(keys.sealed) });
  const codec: KafkaCodec = { encode: (record) => seal.encode(record), decode: (message) => seal.decode(message) };
  const open = (topic: string, more: { codec?: KafkaCodec } = {}): Promise<KafkaLog> =>
    KafkaLog.open({ connection, topic, clock: systemClock, ...more });
  const [from, to] = [await open(TOPICS.input, { codec }), await open(PLAIN)];
  try {
    const ends = await from.ends();
    const pending: Promise<unknown>[] = [];
    for (const [partition, end] of ends.entries()) {
      for (let next = 0; next < end;) {
        const records = await from.read(partition, next, READ);
        next = (records.at(-1)?.offset ?? end) + 1;
        pending.push(to.append(records));
        if (pending.length > AHEAD) await pending.shift();
      }
    }
    await Promise.all(pending);
    return { ends, records: ends.reduce((sum, end) => sum + end, 0) };
  } finally {
    await from.close();
    await to.close();
  }
}
