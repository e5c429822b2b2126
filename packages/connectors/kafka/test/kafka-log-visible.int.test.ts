import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

import { hasCode } from '@kidjamo/stream';
import type { LogRecord } from '@kidjamo/stream';
import { Producer } from '@platformatic/kafka';
import { expect, test } from 'vitest';

import { clientOptions } from '../src/connection.ts';
import type { KafkaConnection } from '../src/connection.ts';
import type { KafkaLog } from '../src/kafka-log.ts';
import { describeKafka, uniqueName } from '../src/testing/index.ts';
import { makeTopic, openLog, TEST_MAX_BYTES, trimTopic } from './kafka-log-subject.ts';

const CHILD = fileURLToPath(new URL('kafka-log-child.ts', import.meta.url));

/** Everything in a partition, as a task would read it. */
async function readAll(log: KafkaLog, partition = 0, from = 0): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  for (let at = from; ;) {
    const more = await log.read(partition, at, 7);
    if (more.length === 0) return all;
    all.push(...more);
    at = (more.at(-1)?.offset ?? at) + 1;
  }
}

const one = (value: string, partition = 0) => [{ partition, key: 'k', value }];

describeKafka('what a reader of the log on Kafka sees', (broker) => {
  /** A writer with transactions, as another program has it. */
  async function writer(on: { connection: KafkaConnection; topic: string }) {
    const producer = new Producer({ ...clientOptions(on.connection), idempotent: true, retries: 5, transactionalId: uniqueName('tx') });
    return {
      transact: async (values: readonly string[], how: 'commit' | 'abort'): Promise<void> => {
        const transaction = await producer.beginTransaction();
        for (const value of values) {
          const message = { topic: on.topic, partition: 0, key: Buffer.from('k'), value: Buffer.from(value) };
          await transaction.send({ messages: [message] });
        }
        await transaction[how]();
      },
      close: () => producer.close(),
    };
  }

  test('markers and aborted transactions are skipped, and a position after the last record is the end', async () => {
    const on = await makeTopic(broker().servers);
    const log = await openLog(on);
    const other = await writer(on);
    await log.append(one('0'));
    await other.transact(['a', 'b'], 'commit');
    await other.transact(
      Array.from({ length: 30 }, (_, i) => `no-${i}`),
      'abort',
    );
    await other.transact(['c'], 'commit');
    await other.transact(['no'], 'abort');
    await other.transact(['no'], 'abort');
    // Markers are written some moments after the transaction has ended for its writer.
    await expect.poll(async () => (await readAll(log)).map((record) => record.value)).toEqual(['0', 'a', 'b', 'c']);
    const records = await readAll(log);
    const end = (records.at(-1)?.offset ?? -1) + 1;
    expect((await log.ends())[0]).toBe(end);
    expect(await log.read(0, end, 10)).toEqual([]);
    // A handle that has read nothing finds the same end.
    const second = await openLog(on);
    expect((await second.ends())[0]).toBe(end);

    await log.append(one('d'));
    const [next] = await log.read(0, end, 10);
    expect(next).toMatchObject({ value: 'd' });
    expect(next?.offset).toBeGreaterThan(end);
    expect((await log.ends())[0]).toBe((next?.offset ?? 0) + 1);
    expect((await second.ends())[0]).toBe((next?.offset ?? 0) + 1);
    await other.close();
    await second.close();
    await log.close();
  });

  test('a partition with nothing but aborted transactions is empty', async () => {
    const on = await makeTopic(broker().servers);
    const log = await openLog(on);
    const other = await writer(on);
    await other.transact(['no', 'no'], 'abort');
    await other.transact(['no'], 'abort');
    expect(await readAll(log)).toEqual([]);
    expect(await log.ends()).toEqual([0, 0, 0, 0]);
    await other.close();
    await log.close();
  });

  test('an open transaction hides what comes after it until it is decided, and a wait ends then', async () => {
    const on = await makeTopic(broker().servers);
    const log = await openLog(on);
    const producer = new Producer({ ...clientOptions(on.connection), idempotent: true, retries: 5, transactionalId: uniqueName('tx') });
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: [{ topic: on.topic, partition: 0, key: Buffer.from('k'), value: Buffer.from('late') }] });
    await log.append(one('after'));
    expect(await readAll(log)).toEqual([]);
    expect((await log.ends())[0]).toBe(0);
    const waited = log.wait(0, 600_000, new AbortController().signal);
    await transaction.commit();
    await waited;
    await expect.poll(async () => (await readAll(log)).map((record) => record.value)).toEqual(['late', 'after']);
    await producer.close();
    await log.close();
  });

  test('a codec writes and reads messages in its own form; messages of others are skipped, counted, and no part of the end', async () => {
    const on = await makeTopic(broker().servers);
    const codec = {
      encode: ({ key, value }: { key: string; value: string }) => ({
        key: `k:${key}`,
        value: `v:${value}`,
        headers: { 'kidjamo-schema': 'x/1' },
      }),
      decode: ({ key, value, headers }: { key: Buffer | null; value: Buffer | null; headers: ReadonlyMap<string, Buffer | null> }) =>
        headers.get('kidjamo-schema')?.toString() === 'x/1'
          ? { key: key?.toString().slice(2) ?? '', value: value?.toString().slice(2) ?? '' }
          : undefined,
    };
    const [plain, coded] = [await openLog(on), await openLog(on, { codec })];
    await coded.append(one('ours'));
    await plain.append([...one('theirs'), ...one('theirs')]);
    expect(await readAll(coded)).toMatchObject([{ offset: 0, key: 'k', value: 'ours' }]);
    expect(coded.left).toEqual({ skipped: 2, lost: 0 });
    expect((await coded.ends())[0]).toBe(1);
    expect((await readAll(plain)).map((record) => [record.key, record.value])).toEqual([
      ['k:k', 'v:ours'],
      ['k', 'theirs'],
      ['k', 'theirs'],
    ]);
    await coded.append(one('more'));
    expect(await coded.read(0, 1, 10)).toMatchObject([{ offset: 3, value: 'more' }]);
    await plain.close();
    await coded.close();
  });

  test('records gone by retention end a reader, or are told and left out, as it was opened', async () => {
    const on = await makeTopic(broker().servers);
    const lost: unknown[] = [];
    const strict = await openLog(on, { onDataLoss: 'fail' });
    const lenient = await openLog(on, { onDataLoss: 'continue', onLost: (what) => lost.push(what) });
    for (let i = 0; i < 10; i += 1) await strict.append(one(String(i)));
    expect(await strict.read(0, 0, 3)).toHaveLength(3);
    await trimTopic(on, 0, 6);
    const fresh = await openLog(on, { onDataLoss: 'fail' });
    const failure = await fresh.read(0, 3, 3).catch((error: unknown) => error);
    expect(hasCode(failure, 'NOT_FOUND')).toBe(true);
    expect(failure).toMatchObject({ retryable: false, message: expect.stringContaining('records 3 to 5 of partition 0') as string });
    expect((await lenient.read(0, 3, 3)).map((record) => record.value)).toEqual(['6', '7', '8']);
    expect(lost).toEqual([{ partition: 0, from: 3, to: 6 }]);
    expect(lenient.left).toEqual({ skipped: 0, lost: 3 });
    for (const log of [strict, lenient, fresh]) await log.close();
  });

  test.for(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'compression %s: all of it comes back, large ones too',
    async (compression) => {
      const on = await makeTopic(broker().servers);
      const log = await openLog(on, { compression });
      const values = Array.from({ length: 50 }, (_, i) => `${i} ${'é😀 and more '.repeat(i * 40)}`);
      await log.append(values.map((value) => ({ partition: 0, key: 'k', value })));
      expect((await readAll(log)).map((record) => record.value)).toEqual(values);
      await log.close();
    },
  );

  test('a record as large as the topic takes goes through, the next larger one is refused with the limit, and all or none', async () => {
    const on = await makeTopic(broker().servers);
    const log = await openLog(on, { fetchBytes: 1000 });
    const room = TEST_MAX_BYTES - 200;
    await log.append(one('x'.repeat(room)));
    const refused = log.append([...one('small'), ...one('x'.repeat(TEST_MAX_BYTES))]);
    await expect(refused).rejects.toMatchObject({
      code: 'BATCH_TOO_LARGE',
      message: expect.stringContaining(String(TEST_MAX_BYTES - 100)) as string,
    });
    await log.append(Array.from({ length: 30 }, (_, i) => ({ partition: 0, key: 'k', value: 'y'.repeat(600_000) + String(i) })));
    expect((await readAll(log)).map((record) => record.value.length)).toEqual([
      room,
      ...Array.from({ length: 30 }, (_, i) => 600_000 + String(i).length),
    ]);
    expect((await log.ends())[0]).toBe(31);
    await log.close();
  });

  test('more than may wait to be written is refused for now', async () => {
    const on = await makeTopic(broker().servers);
    const log = await openLog(on, { maxWaitingBytes: 10_000 });
    const [first, second] = await Promise.allSettled([log.append(one('x'.repeat(9000))), log.append(one('x'.repeat(9000)))]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED', retryable: true } });
    await log.append(one('again'));
    expect((await log.ends())[0]).toBe(2);
    await log.close();
  });

  test('admission is asked first', async () => {
    const on = await makeTopic(broker().servers);
    const full = new Error('full');
    const log = await openLog(on, {
      admit: () => {
        throw full;
      },
    });
    await expect(log.append(one('x'))).rejects.toBe(full);
    expect(await log.ends()).toEqual([0, 0, 0, 0]);
    await log.close();
  });

  test('several readers of a partition, each at its own place, see everything once', async () => {
    const on = await makeTopic(broker().servers);
    const log = await openLog(on, { fetchBytes: 2000 });
    await log.append(Array.from({ length: 500 }, (_, i) => ({ partition: 0, key: 'k', value: String(i) })));
    const expected = Array.from({ length: 500 }, (_, i) => String(i));
    const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => readAll(log)));
    for (const records of all) expect(records.map((record) => record.value)).toEqual(expected);
    await log.close();
  });

  test('a topic that keeps the writers’ time is refused', async () => {
    const on = await makeTopic(broker().servers, { config: { 'message.timestamp.type': 'CreateTime' } });
    await expect(openLog(on)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('close ends waits and calls under way, and lets the process end', async () => {
    const on = await makeTopic(broker().servers);
    const child = spawn(process.execPath, [CHILD, JSON.stringify(on)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/^1 (kept|refused)$/) as string });

    const log = await openLog(on);
    await log.close();
    await expect(log.append(one('x'))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    await expect(log.read(0, 1, 1)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  });

  test('brokers that are away, or take connections and say nothing, are told with a code in bounded time', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    for (const servers of ['127.0.0.1:1', `127.0.0.1:${port}`]) {
      await expect(openLog({ connection: { servers, clientId: 'kidjamo-test' }, topic: 'any' }, { timeout: 1500 })).rejects.toMatchObject({
        code: 'LOG_UNAVAILABLE',
        retryable: true,
      });
    }
    silent.close();
  });
});
