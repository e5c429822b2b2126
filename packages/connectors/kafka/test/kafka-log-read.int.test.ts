import { systemClock } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { describeKafka } from '../src/testing/index.ts';
import { makeTopic, openLog } from './kafka-log-subject.ts';

const RECORDS = 40;
/** Two records of a kilobyte to an answer of the broker, each append a batch of its own. */
const FETCH_BYTES = 2500;
const value = 'v'.repeat(1000);

/** Waits only end when they are broken off: what is on its way is waited for. */
const patient: Clock = {
  now: () => systemClock.now(),
  sleep: (_, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) resolve();
      signal?.addEventListener('abort', () => resolve(), { once: true });
    }),
};

/** Waits are over at once: nothing is in time. */
const impatient: Clock = { now: () => systemClock.now(), sleep: () => Promise.resolve() };

describeKafka('reads of the log on Kafka that take several answers', (broker) => {
  async function filled(): Promise<Awaited<ReturnType<typeof makeTopic>>> {
    const on = await makeTopic(broker().servers, { partitions: 1 });
    const log = await openLog(on);
    for (let i = 0; i < RECORDS; i += 1) await log.append([{ partition: 0, key: String(i), value }]);
    await log.close();
    return on;
  }

  test('a read goes on until it has what was asked for, or there is no more', async () => {
    const log = await openLog(await filled(), { clock: patient, fetchBytes: FETCH_BYTES });
    expect((await log.read(0, 0, 25)).map(({ key }) => Number(key))).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect((await log.read(0, 25, 1000)).map(({ key }) => Number(key))).toEqual(Array.from({ length: RECORDS - 25 }, (_, i) => 25 + i));
    expect(await log.read(0, RECORDS, 1000)).toEqual([]);
    await log.close();
  });

  test('what is read already is not held up by an answer that does not come soon', async () => {
    const log = await openLog(await filled(), { clock: impatient, fetchBytes: FETCH_BYTES });
    const first = await log.read(0, 0, 1000);
    expect(first.length).toBeGreaterThan(0);
    expect(first.length).toBeLessThan(10);
    // Nothing of what came later is lost.
    const keys = first.map(({ key }) => Number(key));
    while (keys.length < RECORDS) keys.push(...(await log.read(0, keys.length, 1000)).map(({ key }) => Number(key)));
    expect(keys).toEqual(Array.from({ length: RECORDS }, (_, i) => i));
    await log.close();
  });
});
