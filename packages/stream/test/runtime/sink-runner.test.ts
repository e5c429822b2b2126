import { KidjamoError, runSink, TICK_KEY, TICK_VALUE } from '@kidjamo/stream';
import type { DeadLetter, Lease, SinkRunnerOptions } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { ManualClock, MemoryLog } from '../../src/testing/index.ts';
import { until } from './harness.ts';
import { MemorySink } from './memory-sink.ts';

const LEASE: Lease = { log: 'readings', group: 'memory', partition: 0, generation: 1 };
const away = () => new KidjamoError('SINK_UNAVAILABLE', 'away');

interface Run {
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly sink: MemorySink;
  readonly flush: { requests: number };
  readonly letters: DeadLetter[];
  readonly errors: unknown[];
  readonly reported: number[];
  append(...values: string[]): Promise<void>;
  start(changes?: Partial<SinkRunnerOptions>): { readonly ended: Promise<void>; stop(): Promise<void> };
}

function setUp(log?: MemoryLog, clock = new ManualClock(1000)): Run {
  const used = log ?? new MemoryLog('readings', 1, clock);
  const sink = new MemorySink();
  const flush = { requests: 0 };
  const letters: DeadLetter[] = [];
  const errors: unknown[] = [];
  const reported: number[] = [];
  return {
    clock,
    log: used,
    sink,
    flush,
    letters,
    errors,
    reported,
    append: async (...values) => {
      await used.append(values.map((value) => ({ partition: 0, key: 'k', value })));
    },
    start: (changes = {}) => {
      const stop = new AbortController();
      const ended = runSink(
        {
          sink,
          log: used,
          clock,
          observer: { committed: () => undefined, failed: (_, error) => void errors.push(error), assigned: () => undefined },
          random: () => 1,
          flush,
          report: async (_, offset) => void reported.push(offset),
          deadLetter: async (_, more) => void letters.push(...more),
          pollEvery: 10,
          backoff: { initial: 100, max: 1000 },
          circuit: { failures: 3, openFor: 5000 },
          ...changes,
        },
        LEASE,
        stop.signal,
      );
      return {
        ended,
        stop: async () => {
          stop.abort();
          await ended;
        },
      };
    },
  };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Moves time by small steps until `condition` holds, as time does. */
async function passTime(clock: ManualClock, condition: () => boolean): Promise<number> {
  const from = clock.now();
  await turns();
  while (!condition()) {
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return clock.now() - from;
}

test('a full batch is written at once, the rest when it is old enough', async () => {
  const { clock, sink, append, start, reported } = setUp();
  await append(...Array.from({ length: 14 }, (_, i) => String(i)));
  const run = start();
  await until(() => sink.stored.length === 10);
  await turns();
  expect(sink.stored).toHaveLength(10);
  const waited = await passTime(clock, () => sink.stored.length === 14);
  expect(waited).toBe(100);
  expect(reported).toEqual([10, 14]);
  await run.stop();
});

test('the limits on records and bytes hold, whatever the log gives', async () => {
  const { sink, append, start, log } = setUp();
  sink.batching = { maxRecords: 4, maxBytes: 10, maxDelay: 1 };
  await append('1', '2', '3', '4', '5', '66666666', '777', '8'.repeat(50), '9');
  const generous = Object.assign(Object.create(log) as MemoryLog, {
    read: (partition: number, offset: number) => log.read(partition, offset, 1000),
    wait: (...rest: Parameters<MemoryLog['wait']>) => log.wait(...rest),
  });
  const run = start({ log: generous, flush: { requests: 0 } });
  await until(() => sink.batches.length === 4);
  expect(sink.batches.map((batch) => [batch.from, batch.to, batch.records.length])).toEqual([
    [0, 4, 4],
    [4, 6, 2],
    [6, 7, 1],
    [7, 8, 1],
  ]);
  await run.stop();
});

test('reads that a log ends early, because the records are long, follow each other at once', async () => {
  const { sink, append, start, log } = setUp();
  sink.batching = { maxRecords: 100, maxBytes: 5 << 20, maxDelay: 3_600_000 };
  await append(...Array.from({ length: 5 }, () => '1'.repeat(1 << 20)));
  const early = Object.assign(Object.create(log) as MemoryLog, {
    read: (partition: number, offset: number) => log.read(partition, offset, 1),
    wait: (...rest: Parameters<MemoryLog['wait']>) => log.wait(...rest),
  });
  // Time stands still: a pause between two reads would never end.
  const run = start({ log: early });
  await until(() => sink.stored.length === 5);
  await run.stop();
});

test('a flush writes what is there without waiting for more, and only once', async () => {
  const { clock, sink, append, start, flush } = setUp();
  sink.batching = { maxRecords: 100, maxBytes: 1e6, maxDelay: 3_600_000 };
  flush.requests = 7;
  await append('1', '2');
  const run = start();
  await turns();
  clock.advance(50);
  await turns();
  expect(sink.stored).toEqual([]);
  flush.requests += 1;
  await passTime(clock, () => sink.stored.length === 2);
  await append('3');
  clock.advance(50);
  await turns();
  expect(sink.stored).toHaveLength(2);
  await run.stop();
});

test('a flush asked for while the sink was away is answered when it is back', async () => {
  const { clock, sink, append, start, flush } = setUp();
  sink.batching = { maxRecords: 2, maxBytes: 1e6, maxDelay: 3_600_000 };
  let failures = 1;
  sink.during = () => {
    if (failures-- > 0) throw away();
  };
  await append('1', '2');
  const run = start();
  await until(() => sink.batches.length === 1);
  sink.batching = { maxRecords: 100, maxBytes: 1e6, maxDelay: 3_600_000 };
  flush.requests += 1;
  await passTime(clock, () => sink.stored.length === 2);
  expect(clock.now()).toBeLessThan(1000 + 3_600_000);
  await run.stop();
});

test('ticks are not written, but the position passes them', async () => {
  const { clock, sink, append, start, log, reported } = setUp();
  await append('1');
  await log.append([{ partition: 0, key: TICK_KEY, value: TICK_VALUE }]);
  await append('2');
  await log.append([{ partition: 0, key: TICK_KEY, value: TICK_VALUE }]);
  const run = start();
  await passTime(clock, () => reported.length === 1);
  expect(sink.stored).toEqual([0, 2]);
  expect(reported).toEqual([4]);
  await run.stop();
});

test('refused records are dead letters first, then the rest is written', async () => {
  const { clock, sink, append, start, letters } = setUp();
  await append('1', 'bad one', '2', 'bad two');
  let lettersAtSecondWrite = -1;
  sink.during = () => {
    if (sink.batches.length === 2) lettersAtSecondWrite = letters.length;
  };
  const run = start();
  await passTime(clock, () => sink.stored.length === 2);
  expect(letters).toEqual([
    { offset: 1, key: 'k', value: 'bad one', reason: 'it is bad' },
    { offset: 3, key: 'k', value: 'bad two', reason: 'it is bad' },
  ]);
  expect(lettersAtSecondWrite).toBe(2);
  expect(sink.batches.map((batch) => [batch.from, batch.to])).toEqual([
    [0, 4],
    [0, 4],
  ]);
  await run.stop();
});

test('dead letters that cannot be kept keep the batch from being written', async () => {
  const { clock, sink, append, start, letters } = setUp();
  await append('1', 'bad one');
  let failures = 2;
  const run = start({
    deadLetter: async (_, more) => {
      if (failures-- > 0) throw new KidjamoError('STORE_UNAVAILABLE', 'away');
      letters.push(...more);
    },
  });
  await passTime(clock, () => sink.stored.length === 1);
  expect(letters.map((letter) => letter.offset)).toEqual([1]);
  await run.stop();
});

test('a slow sink does not delay a fast one', async () => {
  const slow = setUp();
  const fast = setUp(slow.log, slow.clock);
  slow.sink.during = (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(away())));
  await slow.append(...Array.from({ length: 50 }, (_, i) => String(i)));
  const [slowRun, fastRun] = [slow.start(), fast.start()];
  await until(() => fast.sink.stored.length === 50);
  expect(slow.sink.stored).toEqual([]);
  await fastRun.stop();
  await slowRun.stop();
});

test('a sink that is away is tried again, and nothing is lost or doubled', async () => {
  const { clock, sink, append, start, errors } = setUp();
  await append('1', '2');
  let failures = 2;
  sink.during = () => {
    if (failures-- > 0) throw away();
  };
  const run = start();
  await passTime(clock, () => sink.stored.length === 2);
  expect(sink.stored).toEqual([0, 1]);
  expect(errors).toHaveLength(2);
  await run.stop();
});

test('after failures in a row the circuit is open: no write is made until it is time, then one', async () => {
  const { clock, sink, append, start, errors } = setUp();
  await append('1');
  let dead = true;
  const writes: number[] = [];
  sink.during = () => {
    writes.push(clock.now());
    if (dead) throw away();
  };
  const run = start();
  await passTime(clock, () => writes.length === 3);
  const opened = clock.now();
  await passTime(clock, () => writes.length === 4);
  expect(clock.now() - opened).toBeGreaterThanOrEqual(5000);
  // The probe failed: open again.
  await passTime(clock, () => writes.length === 5);
  expect((writes[4] ?? 0) - (writes[3] ?? 0)).toBeGreaterThanOrEqual(5000);
  dead = false;
  await passTime(clock, () => sink.stored.length === 1);
  expect(writes).toHaveLength(6);
  // While it was open, nothing was even tried.
  expect(errors).toHaveLength(5);
  await run.stop();
});

test('a takeover ends the run, at open and at write', async () => {
  const { sink, append, start } = setUp();
  await sink.open({ ...LEASE, generation: 2 });
  await append('1');
  await start().ended;
  const other = setUp();
  other.sink.during = async () => {
    await other.sink.open({ ...LEASE, generation: 2 });
  };
  await other.append(...Array.from({ length: 10 }, String));
  await other.start().ended;
  expect([sink.stored, other.sink.stored]).toEqual([[], []]);
});

test('an abort in the middle of a write ends the run, however the write ends', async () => {
  const { sink, append, start, errors } = setUp();
  await append(...Array.from({ length: 10 }, String));
  sink.during = (signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
    });
  const run = start();
  await until(() => sink.batches.length === 1);
  await run.stop();
  expect(errors).toHaveLength(1);
});

test('an error for good ends the run with that error', async () => {
  const { sink, append, start } = setUp();
  await append(...Array.from({ length: 10 }, String));
  sink.during = () => {
    throw new KidjamoError('SINK_REJECTED', 'no');
  };
  await expect(start().ended).rejects.toMatchObject({ code: 'SINK_REJECTED' });
});

test('a sink that refuses what it was not given is at fault, and told so', async () => {
  const { sink, append, start } = setUp();
  await append(...Array.from({ length: 10 }, String));
  const confused = Object.assign(Object.create(sink) as MemorySink, {
    open: async () => 0,
    write: async () => ({ refused: [{ offset: 99, reason: 'why not' }] }),
  });
  await expect(start({ sink: confused }).ended).rejects.toMatchObject({ code: 'CONFORMANCE' });
});
