/** A log of records that can be computed, a runner that carries them, and numbers that a seed decides. */

import { createHash } from 'node:crypto';

import { runSink, systemClock } from '@kidjamo/stream';
import type { Lease, Log, LogRecord, RuntimeObserver, Sink } from '@kidjamo/stream';

/** The record at an offset of a partition, about 500 bytes; some hold what takes more than a byte. */
export function loadRecord(partition: number, offset: number): LogRecord {
  const mark = `${partition}/${offset}`;
  const value = `{"at":"${mark}","text":"é ${'0123456789abcdef'.repeat(28 + (offset % 3))} 🩸"}`;
  return { partition, offset, key: `key-${offset % 17}`, value, time: 1_790_000_000_000 + offset };
}

/** A log with the first `total` of these records in each partition. */
export function loadLog(partitions: number, total: number): Log {
  const read = async (partition: number, offset: number, max: number): Promise<LogRecord[]> =>
    Array.from({ length: Math.max(0, Math.min(max, total - offset)) }, (_, i) => loadRecord(partition, offset + i));
  return {
    name: 'source',
    partitions,
    read,
    append: () => Promise.reject(new Error('the log is fixed')),
    ends: async () => Array.from({ length: partitions }, () => total),
    wait: (_, ms, signal) => systemClock.sleep(ms, signal),
  };
}

/** What to carry. */
export interface Carrying {
  readonly sink: Sink;
  readonly partitions: readonly number[];
  readonly total: number;
  readonly generation: number;
  readonly observer?: Partial<RuntimeObserver>;
  readonly report?: (lease: Lease, position: number) => Promise<void>;
}

/** Runs the sink on these partitions at once until each has all records, or was taken over. */
export async function carry({ sink, partitions, total, generation, observer, report }: Carrying): Promise<void> {
  const log = loadLog(Math.max(...partitions) + 1, total);
  await Promise.all(
    partitions.map(async (partition) => {
      const stop = new AbortController();
      const lease = { log: 'source', group: sink.name, partition, generation };
      const options = {
        sink,
        log,
        clock: systemClock,
        observer: { committed: () => undefined, failed: () => undefined, assigned: () => undefined, ...observer },
        random: () => 0.5,
        flush: { requests: 0 },
        report: async (of: Lease, position: number) => {
          await report?.(of, position);
          if (position === total) stop.abort();
        },
        deadLetter: () => Promise.reject(new Error('nothing is to be refused')),
        pollEvery: 20,
        backoff: { initial: 50, max: 500 },
        circuit: { failures: 1000, openFor: 50 },
      };
      await runSink(options, lease, stop.signal);
    }),
  );
}

/** Numbers below `below`, the same for the same seed. */
export function draws(seed: string): (below: number) => number {
  let count = 0;
  return (below) => {
    count += 1;
    return createHash('sha256').update(`${seed}/${count}`).digest().readUInt32BE(0) % below;
  };
}
