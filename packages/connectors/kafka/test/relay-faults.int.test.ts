import { systemClock } from '@kidjamo/stream';
import type { Lease, SinkBatch } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { RelayProducer } from '../src/relay-producer.ts';
import { RelayTime } from '../src/relay-time.ts';
import { describeKafka } from '../src/testing/index.ts';
import { clusterOf, readPartition, relayOf, relayTopics } from './relay-trial.ts';

const never = new AbortController().signal;

function lease(generation: number, partition = 0): Lease {
  return { log: 'source', group: 'relay', partition, generation };
}

/** Values from offset 0 on. */
function batchOf(values: readonly string[], of: Lease, from = 0): SinkBatch {
  const records = values.map((value, i) => ({ partition: of.partition, offset: from + i, key: 'k', value, time: 1 }));
  return { lease: of, from, to: from + values.length, records };
}

describeKafka('Kafka relay and faults', (broker) => {
  test('messages too large for the topic are named, all at once, and the others arrive in order', async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, 1);
    const cluster = clusterOf(servers);
    const sink = relayOf(names, cluster, { maxMessageBytes: 3_000_000 });
    const values = Array.from({ length: 40 }, (_, i) => `${i}`);
    for (const large of [0, 7, 8, 39]) values[large] = 'x'.repeat(1_200_000);
    values[20] = 'x'.repeat(3_100_000);
    await sink.open(lease(1));
    const whole = batchOf(values, lease(1));
    const refused: number[] = [];
    let left = Array.from(whole.records);
    for (let calls = 0; calls < 3; calls += 1) {
      const result = await sink.write({ ...whole, records: left }, never);
      refused.push(...result.refused.map(({ offset }) => offset));
      left = left.filter(({ offset }) => !refused.includes(offset));
    }
    expect(refused).toEqual([20, 0, 7, 8, 39]);
    const seen = await readPartition(cluster, names.topic, 0);
    expect(seen.map(({ value }) => value)).toEqual(left.map(({ value }) => value));
    await sink.close();
    await cluster.close();
  });

  test('an old owner that shut the young one out for a moment stops nothing', async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, 1);
    const cluster = clusterOf(servers);
    const sink = relayOf(names, cluster);
    await sink.open(lease(2));
    await sink.write(batchOf(['0', '1'], lease(2)), never);
    const time = new RelayTime({ clock: systemClock, ms: 10_000, signal: never });
    const transactionalId = `kidjamo-${names.name}-0`;
    // As far as an old owner gets whose first look came before the young one's takeover.
    await new RelayProducer({ cluster, transactionalId, transactionTimeout: 10_000, compression: 'none' }).init(time);
    time.end();
    await expect(sink.write(batchOf(['2'], lease(2), 2), never)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
    expect(await sink.open(lease(2))).toBe(2);
    await sink.write(batchOf(['2'], lease(2), 2), never);
    expect((await readPartition(cluster, names.topic, 0)).map(({ value }) => value)).toEqual(['0', '1', '2']);
    await sink.close();
    await cluster.close();
  });

  test('a transaction of another relay that hangs holds nobody up', async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, 2);
    const cluster = clusterOf(servers);
    const time = new RelayTime({ clock: systemClock, ms: 10_000, signal: never });
    const hanging = new RelayProducer({ cluster, transactionalId: `${names.name}-hangs`, transactionTimeout: 50_000, compression: 'none' });
    await hanging.init(time);
    const positions = { topic: names.positions, partition: 0 };
    await hanging.begin(time, [positions]);
    await hanging.send(time, positions, [{ key: Buffer.from('other/0'), value: Buffer.from('{}'), headers: new Map() }]);
    const sink = relayOf(names, cluster);
    expect(await sink.open(lease(1, 1))).toBe(0);
    await sink.write(batchOf(['a'], lease(1, 1)), never);
    expect(await relayOf(names, cluster).open(lease(2, 1))).toBe(1);
    await hanging.end(time, 'abort');
    time.end();
    await sink.close();
    await cluster.close();
  });

  test('a name that connects another log is refused', async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, 1);
    const cluster = clusterOf(servers);
    await relayOf(names, cluster).open(lease(1));
    await expect(relayOf(names, cluster, { log: 'another' }).open(lease(2))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await cluster.close();
  });

  test('compressed messages arrive as they were', async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, 1);
    const cluster = clusterOf(servers);
    const values = Array.from({ length: 300 }, (_, i) => `${i} é ${'z'.repeat(i)}`);
    let from = 0;
    for (const compression of ['gzip', 'lz4', 'zstd'] as const) {
      const sink = relayOf(names, cluster, { compression });
      await sink.open(lease(1));
      await sink.write(batchOf(values, lease(1), from), never);
      from += values.length;
    }
    const seen = await readPartition(cluster, names.topic, 0);
    expect(seen.map(({ value }) => value)).toEqual([...values, ...values, ...values]);
    await cluster.close();
  });
});
