import { hasCode, systemClock } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import type { KafkaLog } from '../src/kafka-log.ts';
import { describeKafkaCluster } from '../src/testing/index.ts';
import { makeTopic, openLog } from './kafka-log-subject.ts';

const PARTITIONS = 4;

describeKafkaCluster('the log on Kafka while brokers fail', { brokers: 3 }, (cluster) => {
  /** Appends numbered records until told to stop; an append whose outcome is unknown is not made again. */
  function writing(log: KafkaLog, acknowledged: Map<string, number>, unknown: Set<string>) {
    let going = true;
    let n = 0;
    const ended = (async () => {
      while (going) {
        const records = Array.from({ length: 20 }, () => ({ partition: n % PARTITIONS, key: 'k', value: String(n++) }));
        try {
          const { offsets } = await log.append(records);
          records.forEach(({ value }, i) => acknowledged.set(value, offsets[i]?.offset ?? -1));
        } catch (error) {
          if (!hasCode(error, 'LOG_UNAVAILABLE')) throw error;
          for (const { value } of records) unknown.add(value);
        }
        await systemClock.sleep(5);
      }
    })();
    return {
      stop: async () => {
        going = false;
        await ended;
      },
    };
  }

  /** Follows all partitions until told to stop and at the end. */
  function reading(log: KafkaLog, seen: Map<string, number>[]) {
    let going = true;
    const ended = Promise.all(
      seen.map(async (values, partition) => {
        for (let at = 0; ;) {
          const wasGoing = going;
          const records = await log.read(partition, at, 100).catch((error: unknown) => {
            if (!hasCode(error, 'LOG_UNAVAILABLE')) throw error;
            return undefined;
          });
          for (const { offset, value } of records ?? []) {
            expect(offset).toBeGreaterThanOrEqual(at);
            expect(values.has(value), 'read twice').toBe(false);
            values.set(value, offset);
            at = offset + 1;
          }
          if (records?.length === 0) {
            if (!wasGoing) return;
            await log.wait(partition, 100, new AbortController().signal);
          }
        }
      }),
    );
    return {
      stop: async () => {
        going = false;
        await ended;
      },
    };
  }

  test(
    'a broker killed and started again, one after the other, loses nothing, doubles nothing and keeps the order',
    { timeout: 240_000 },
    async () => {
      const on = await makeTopic(cluster().servers, { partitions: PARTITIONS, replication: 3 });
      const [log, reader] = [await openLog(on), await openLog(on)];
      const acknowledged = new Map<string, number>();
      const unknown = new Set<string>();
      const seen = Array.from({ length: PARTITIONS }, () => new Map<string, number>());
      const write = writing(log, acknowledged, unknown);
      const read = reading(reader, seen);
      for (const node of [1, 2]) {
        const before = acknowledged.size;
        await expect.poll(() => acknowledged.size).toBeGreaterThan(before + 100);
        await cluster().killNode(node);
        // Goes on without it.
        const without = acknowledged.size;
        await expect.poll(() => acknowledged.size).toBeGreaterThan(without + 100);
        await cluster().startNode(node);
      }
      await write.stop();
      await read.stop();
      const all = new Map(seen.flatMap((values) => [...values]));
      for (const [value, offset] of acknowledged) expect(all.get(value)).toBe(offset);
      for (const value of all.keys()) expect(acknowledged.has(value) || unknown.has(value)).toBe(true);
      for (const values of seen) {
        const order = [...values.keys()].map(Number);
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
      expect((await log.ends()).reduce((a, b) => a + b)).toBe(all.size);
      await log.close();
      await reader.close();
    },
  );

  test('without brokers calls fail in bounded time with a code, and the log can be closed', { timeout: 240_000 }, async () => {
    const on = await makeTopic(cluster().servers, { partitions: PARTITIONS, replication: 3 });
    const log = await openLog(on, { timeout: 3000 });
    const one = (value: string) => [0, 1, 2, 3].map((partition) => ({ partition, key: 'k', value }));
    await log.append(one('before'));
    for (const node of [1, 2, 3]) await cluster().killNode(node);
    for (const call of [() => log.append(one('no')), () => log.read(0, 0, 10), () => log.ends()]) {
      await expect(call()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
    }
    await log.wait(0, 50, new AbortController().signal);
    await log.close();
  });
});
