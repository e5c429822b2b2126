import type { Lease, Sink } from '@kidjamo/stream';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { Meter } from '../src/roles/meter.ts';
import type { ThreadReport } from '../src/roles/meter.ts';
import { ThreadMetrics } from '../src/roles/thread-metrics.ts';

const LIMIT = 3;

/** The next report of a meter that runs for this alone. */
async function next(meter: Meter): Promise<ThreadReport> {
  const stop = new AbortController();
  return new Promise((resolve) => {
    void meter.run((report) => {
      stop.abort();
      resolve(report);
    }, stop.signal);
  });
}

test('commits, writes and circuits of the threads are shown, and what has ended is not', async () => {
  const meter = new Meter();
  const lease = (partition: number, generation = 1): Lease => ({ log: 'l', group: 'g', partition, generation });
  const seen: number[] = [];
  const observer = meter.watchTask({
    committed: (_, batch) => {
      seen.push(batch.records);
    },
    failed: () => undefined,
    assigned: () => undefined,
  });
  meter.watchGroups(observer).assigned('vitals', [0, 1]);
  for (const status of ['accepted', 'accepted', 'rejected']) meter.countForeign(status);
  observer.committed(lease(0), { records: 40, ms: 15, position: { offset: 40, logTime: 0 } });
  observer.committed(lease(1), { records: 2, ms: 3, position: { offset: 2, logTime: 0 } });
  expect(seen).toEqual([40, 2]);

  const failing = new Set([0]);
  const inner: Sink = {
    name: 'lake-raw',
    log: 'l',
    batching: { maxRecords: 1, maxBytes: 1, maxDelay: 1 },
    open: () => Promise.resolve(0),
    write: ({ lease: { partition } }) => (failing.has(partition) ? Promise.reject(new Error('away')) : Promise.resolve({ refused: [] })),
    close: () => Promise.resolve(),
  };
  const sink = meter.watchSink(inner, LIMIT);
  const write = (to: Lease): Promise<unknown> =>
    sink.write({ lease: to, from: 0, to: 1, records: [] }, new AbortController().signal).catch(() => 'failed');
  for (let i = 0; i < LIMIT - 1; i += 1) await write(lease(0));
  await write(lease(1));
  const first = await next(meter);
  expect(first).toMatchObject({
    commits: [
      { records: 40, ms: 15 },
      { records: 2, ms: 3 },
    ],
    circuits: { 'lake-raw': 0 },
  });
  expect(first.writes).toHaveLength(1);
  expect(first.heapUsed).toBeLessThan(first.heapLimit);

  await write(lease(0));
  const second = await next(meter);
  expect(second).toMatchObject({ commits: [], writes: [], circuits: { 'lake-raw': 1 } });
  // Another generation begins with a circuit of its own.
  await write(lease(0, 2));
  expect((await next(meter)).circuits).toEqual({ 'lake-raw': 0 });

  const registry = new Registry();
  const metrics = new ThreadMetrics(registry);
  metrics.take('task', first);
  metrics.take('lake', second);
  const text = await registry.metrics();
  for (const line of [
    'kidjamo_task_batch_records_sum 42',
    'kidjamo_task_commit_seconds_count 2',
    'kidjamo_group_rebalances_total{group="vitals"} 1',
    'kidjamo_foreign_messages_total{result="accepted"} 2',
    'kidjamo_foreign_messages_total{result="rejected"} 1',
    'kidjamo_task_commit_seconds_bucket{le="0.02"} 2',
    'kidjamo_sink_write_seconds_count{sink="lake-raw"} 1',
    'kidjamo_sink_circuit_open{sink="lake-raw"} 1',
    `kidjamo_thread_heap_limit_bytes{role="lake"} ${String(second.heapLimit)}`,
  ])
    expect(text).toContain(line);
  metrics.ended('lake');
  const after = await registry.metrics();
  expect(after).not.toContain('role="lake"');
  expect(after).not.toContain('kidjamo_sink_circuit_open{');
  expect(after).toContain('role="task"');
});
