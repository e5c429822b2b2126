/** What a thread measures of itself, told once a second, so that the thread with the metrics knows it without asking. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

import { systemClock } from '@kidjamo/stream';
import type { RuntimeObserver, Sink } from '@kidjamo/stream';

/** A second of a thread. Plain data, so that it crosses from one to another. */
export interface ThreadReport {
  readonly heapUsed: number;
  readonly heapLimit: number;
  /** By how much the event loop was late at most, ms. */
  readonly loopDelay: number;
  /** Commits of the task since the last report: records consumed, and how long the transaction took, ms. */
  readonly commits: readonly { readonly records: number; readonly ms: number }[];
  /** Writes of sinks that succeeded since the last report, ms. */
  readonly writes: readonly { readonly sink: string; readonly ms: number }[];
  /** Consumer groups in which this thread's set of partitions changed since the last report, one entry for each time. */
  readonly rebalances: readonly string[];
  /** What became of messages that others put on a topic since the last report: how many by that. */
  readonly foreign: Readonly<Record<string, number>>;
  /** Of how many partitions the circuit of a sink is open now, by sink. */
  readonly circuits: Readonly<Record<string, number>>;
  /** What the notifier did since the last report, each thing with how often. */
  readonly notified: readonly NotifierCount[];
}

/** The counters of the notifier; what each means stands with its metric. */
export const NOTIFIER_COUNTERS = [
  'planned',
  'unreachable',
  'unreached',
  'attempted',
  'possibleDuplicate',
  'fellBack',
  'undeliverable',
  'gone',
] as const;
export type NotifierCounter = (typeof NOTIFIER_COUNTERS)[number];

/** How often something happened. */
export interface NotifierCount {
  readonly counter: NotifierCounter;
  /** Values of the labels of its metric, in order. */
  readonly labels: readonly string[];
  readonly n: number;
}

const EVERY = 1000;
/** How closely the event loop is watched, ms. */
const RESOLUTION = 20;
/** Measurements kept between two reports at most: many times what a thread does in a second. */
const MOST = 10_000;

/** Longer than a circuit stays open and its holder backs off: who has not tried for as long has the partition no more. */
const FORGOTTEN_AFTER = 60_000;

/** How a sink fares on a partition. */
interface Streak {
  readonly generation: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly limit: number;
  /** When the last write ended, ms. */
  readonly at: number;
}

export class Meter {
  #commits: { records: number; ms: number }[] = [];
  #writes: { sink: string; ms: number }[] = [];
  #rebalances: string[] = [];
  #foreign: Record<string, number> = {};
  readonly #notified = new Map<string, NotifierCount>();
  /** By sink and partition. */
  readonly #failures = new Map<string, Map<number, Streak>>();

  /** Tells `send` of every second until `signal` aborts. */
  async run(send: (report: ThreadReport) => void, signal: AbortSignal): Promise<void> {
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
    delay.enable();
    while (!signal.aborted) {
      await systemClock.sleep(EVERY, signal);
      // What is measured is the time between two looks; one that came in time is not late.
      send(this.#report(Math.max(0, delay.max / 1e6 - RESOLUTION)));
      delay.reset();
    }
    delay.disable();
  }

  /** The observer of consumer groups, whose rebalances are counted as well. */
  watchGroups(observer: RuntimeObserver): RuntimeObserver {
    return {
      ...observer,
      assigned: (group, partitions) => {
        if (this.#rebalances.length < MOST) this.#rebalances.push(group);
        observer.assigned(group, partitions);
      },
    };
  }

  /** Counts a message that somebody else put on a topic, by what became of it. */
  countForeign(status: string): void {
    this.#foreign[status] = (this.#foreign[status] ?? 0) + 1;
  }

  /** Counts something that the notifier did. There are few labels, so that this is bounded. */
  countNotified(counter: NotifierCounter, labels: readonly string[], n = 1): void {
    if (n === 0) return;
    const key = JSON.stringify([counter, labels]);
    this.#notified.set(key, { counter, labels, n: n + (this.#notified.get(key)?.n ?? 0) });
  }

  /** The observer of a task, which is measured as well. */
  watchTask(observer: RuntimeObserver): RuntimeObserver {
    return {
      ...observer,
      committed: (lease, batch) => {
        if (this.#commits.length < MOST) this.#commits.push({ records: batch.records, ms: batch.ms });
        observer.committed(lease, batch);
      },
    };
  }

  /** The sink, measured. Its circuit opens after `limit` writes in a row that failed. */
  watchSink(sink: Sink, limit: number): Sink {
    const partitions = new Map<number, Streak>();
    this.#failures.set(sink.name, partitions);
    return {
      name: sink.name,
      log: sink.log,
      batching: sink.batching,
      open: (lease) => sink.open(lease),
      write: async (batch, signal) => {
        const { partition, generation } = batch.lease;
        const before = partitions.get(partition);
        const failures = before?.generation === generation ? before.failures : 0;
        const started = systemClock.now();
        try {
          const result = await sink.write(batch, signal);
          if (this.#writes.length < MOST) this.#writes.push({ sink: sink.name, ms: systemClock.now() - started });
          partitions.set(partition, { generation, failures: 0, limit, at: systemClock.now() });
          return result;
        } catch (error) {
          partitions.set(partition, { generation, failures: failures + 1, limit, at: systemClock.now() });
          throw error;
        }
      },
      close: () => sink.close(),
    };
  }

  #report(loopDelay: number): ThreadReport {
    const { used_heap_size: heapUsed, heap_size_limit: heapLimit } = getHeapStatistics();
    const now = systemClock.now();
    const circuits: Record<string, number> = {};
    for (const [sink, partitions] of this.#failures) {
      circuits[sink] = [...partitions.values()].filter(({ failures, limit, at }) => failures >= limit && now - at < FORGOTTEN_AFTER).length;
    }
    const report = {
      heapUsed,
      heapLimit,
      loopDelay,
      commits: this.#commits,
      writes: this.#writes,
      rebalances: this.#rebalances,
      foreign: this.#foreign,
      circuits,
      notified: [...this.#notified.values()],
    };
    this.#notified.clear();
    this.#commits = [];
    this.#writes = [];
    this.#rebalances = [];
    this.#foreign = {};
    return report;
  }
}
