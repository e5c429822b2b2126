import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { expect, test } from 'vitest';

import { describeKafka } from '../src/testing/index.ts';
import { carry, draws, loadRecord } from './relay-load.ts';
import type { RelayOrders } from './relay-process.ts';
import { clusterOf, readPartition, relayOf, relayTopics } from './relay-trial.ts';

const PARTITIONS = [0, 1, 2, 3];

function start(orders: RelayOrders): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, 'relay-process.ts'), JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** Fails unless a reader of committed records sees exactly the input of a partition, in order. */
async function expectExactly(servers: string, topic: string, { partition, total }: { partition: number; total: number }): Promise<void> {
  const cluster = clusterOf(servers);
  const records = await readPartition(cluster, topic, partition);
  await cluster.close();
  expect(records.length).toBe(total);
  const wrong = records.findIndex(({ key, value }, i) => key !== loadRecord(partition, i).key || value !== loadRecord(partition, i).value);
  expect(wrong).toBe(-1);
}

describeKafka('Kafka relay processes', (broker) => {
  // KIDJAMO_SEED replays a run.
  const seed = process.env['KIDJAMO_SEED'] ?? '20261121';

  test(`100,000 records of four partitions arrive once, whichever request the process dies before (seed ${seed})`, async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, PARTITIONS.length);
    const draw = draws(seed);
    const total = 25_000;
    let deaths = 0;
    for (let generation = 1; ; generation += 1) {
      // A batch is six requests, and opening four partitions about fifty: so it dies in both.
      const child = start({ names, partitions: PARTITIONS, total, generation, maxRecords: 1000, dieAt: deaths < 10 ? 1 + draw(120) : 0 });
      child.stdout?.resume();
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      if (code === 0) break;
      expect(signal).toBe('SIGKILL');
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(4);
    for (const partition of PARTITIONS) await expectExactly(servers, names.topic, { partition, total });
  }, 240_000);

  test('a process that was stopped and wakes after a takeover is fenced, and nothing is doubled', async () => {
    const { servers } = broker();
    const names = await relayTopics(servers, 1);
    const total = 6000;
    const child = start({ names, partitions: [0], total, generation: 1, maxRecords: 50, dieAt: 0 });
    const lines = createInterface({ input: child.stdout ?? process.stdin });
    const ended = once(child, 'exit');
    for await (const line of lines) if ((JSON.parse(line) as { position: number }).position >= 500) break;
    child.kill('SIGSTOP');
    const cluster = clusterOf(servers);
    const heir = relayOf(names, cluster);
    await carry({ sink: heir, partitions: [0], total, generation: 2 });
    child.kill('SIGCONT');
    child.stdout?.resume();
    // It ends by itself, without an error: it was told that it is not the owner any more.
    expect(await ended).toEqual([0, null]);
    await expectExactly(servers, names.topic, { partition: 0, total });
    await heir.close();
    await cluster.close();
  });
});
