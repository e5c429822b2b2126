/** Topics and logs for tests, on the broker of the run. */
import { systemClock } from '@kidjamo/stream';
import { deleteRecordsV2 } from '@platformatic/kafka';

import { clientOptions } from '../src/connection.ts';
import type { KafkaConnection } from '../src/connection.ts';
import { Cluster } from '../src/kafka-log-cluster.ts';
import { KafkaLog } from '../src/kafka-log.ts';
import type { KafkaLogOptions } from '../src/kafka-log.ts';
import { uniqueName } from '../src/testing/index.ts';
import { applyTopics } from '../src/topics.ts';

/** The largest batch that the topics of tests take, bytes. */
export const TEST_MAX_BYTES = 8 << 20;

/** A topic fit for a log. */
export async function makeTopic(
  servers: string,
  { partitions = 4, replication = 1, config = {} }: { partitions?: number; replication?: number; config?: Record<string, string> } = {},
): Promise<{ connection: KafkaConnection; topic: string }> {
  const connection = { servers, clientId: 'kidjamo-test' };
  const topic = uniqueName('log');
  const settings = { 'message.timestamp.type': 'LogAppendTime', 'max.message.bytes': String(TEST_MAX_BYTES), ...config };
  await applyTopics(connection, [{ name: topic, partitions, replication, config: settings }]);
  return { connection, topic };
}

/** Opens the log of a topic as a process of its own would. */
export function openLog(on: { connection: KafkaConnection; topic: string }, options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> {
  return KafkaLog.open({ ...on, clock: systemClock, ...options });
}

/** Removes the records of a partition before `offset`, as retention does. */
export async function trimTopic(on: { connection: KafkaConnection; topic: string }, partition: number, offset: number): Promise<void> {
  const cluster = new Cluster({ client: clientOptions(on.connection), clock: systemClock, timeout: 10_000 });
  try {
    const { broker } = (await cluster.places(on.topic))[partition] ?? {};
    const partitions = [{ partitionIndex: partition, offset: BigInt(offset) }];
    await deleteRecordsV2.api.async(await cluster.connect(broker, 'trim'), [{ name: on.topic, partitions }], 10_000);
  } finally {
    await cluster.close();
  }
}
