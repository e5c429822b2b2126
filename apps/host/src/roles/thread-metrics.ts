/** Shows what the threads of this process report. */

import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

import type { ThreadedRole } from './context.ts';
import type { NotifierCounter, ThreadReport } from './meter.ts';
import { NOTIFIER_COUNTERS } from './meter.ts';
import { NOTIFIER_METRICS } from './notifier-metrics.ts';

/** The threads by their roles. */
export type ThreadRole = 'main' | ThreadedRole;

/** s. */
const SECONDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const RECORDS = [1, 5, 10, 50, 100, 500, 1000, 2000, 4000, 8000, 16_000];

export class ThreadMetrics {
  readonly #heapUsed: Gauge<'role'>;
  readonly #heapLimit: Gauge<'role'>;
  readonly #loopDelay: Gauge<'role'>;
  readonly #batch: Histogram;
  readonly #commit: Histogram;
  readonly #write: Histogram<'sink'>;
  readonly #circuit: Gauge<'sink'>;
  readonly #rebalances: Counter<'group'>;
  readonly #foreign: Counter<'result'>;
  readonly #notified: ReadonlyMap<NotifierCounter, Counter>;
  /** The sinks that a role has reported. */
  readonly #sinks = new Map<ThreadRole, ReadonlySet<string>>();

  constructor(registry: Registry) {
    const registers = [registry];
    const gauge = <L extends string>(name: string, help: string, label: L): Gauge<L> =>
      new Gauge({ name, help, labelNames: [label], registers });
    this.#heapUsed = gauge('kidjamo_thread_heap_used_bytes', 'What a thread holds in its JavaScript heap.', 'role');
    this.#heapLimit = gauge('kidjamo_thread_heap_limit_bytes', 'What it may hold before it is ended and started again.', 'role');
    this.#loopDelay = gauge(
      'kidjamo_thread_event_loop_delay_seconds',
      'By how much its event loop was late at most, in the last second.',
      'role',
    );
    this.#batch = new Histogram({
      name: 'kidjamo_task_batch_records',
      help: 'Records that a commit of the task consumed.',
      buckets: RECORDS,
      registers,
    });
    this.#commit = new Histogram({
      name: 'kidjamo_task_commit_seconds',
      help: 'How long the transaction of such a commit took.',
      buckets: SECONDS,
      registers,
    });
    this.#write = new Histogram({
      name: 'kidjamo_sink_write_seconds',
      help: 'How long a sink took to make a batch durable.',
      labelNames: ['sink'],
      buckets: SECONDS,
      registers,
    });
    this.#rebalances = new Counter({
      name: 'kidjamo_group_rebalances_total',
      help: 'How often the partitions of this process in a consumer group changed.',
      labelNames: ['group'],
      registers,
    });
    this.#foreign = new Counter({
      name: 'kidjamo_foreign_messages_total',
      help: 'Messages that others put on the topic of readings, by what became of them. One delivered again counts again.',
      labelNames: ['result'],
      registers,
    });
    this.#notified = new Map(
      NOTIFIER_COUNTERS.map((counter) => {
        const { name, help, labels } = NOTIFIER_METRICS[counter];
        return [counter, new Counter({ name, help, labelNames: [...labels], registers })];
      }),
    );
    this.#circuit = gauge(
      'kidjamo_sink_circuit_open',
      'Partitions of a sink whose circuit is open: so many writes failed in a row that it waits.',
      'sink',
    );
  }

  /** Takes a report in. */
  take(role: ThreadRole, report: ThreadReport): void {
    this.#heapUsed.set({ role }, report.heapUsed);
    this.#heapLimit.set({ role }, report.heapLimit);
    this.#loopDelay.set({ role }, report.loopDelay / 1000);
    for (const { records, ms } of report.commits) {
      this.#batch.observe(records);
      this.#commit.observe(ms / 1000);
    }
    for (const { sink, ms } of report.writes) this.#write.observe({ sink }, ms / 1000);
    for (const group of report.rebalances) this.#rebalances.inc({ group });
    for (const [result, count] of Object.entries(report.foreign)) this.#foreign.inc({ result }, count);
    for (const [sink, open] of Object.entries(report.circuits)) this.#circuit.set({ sink }, open);
    for (const { counter, labels, n } of report.notified)
      this.#notified
        .get(counter)
        ?.labels(...labels)
        .inc(n);
    this.#sinks.set(role, new Set(Object.keys(report.circuits)));
  }

  /** Forgets what a thread said of its state, once it has ended. What it did stays counted. */
  ended(role: ThreadRole): void {
    for (const gauge of [this.#heapUsed, this.#heapLimit, this.#loopDelay]) gauge.remove({ role });
    for (const sink of this.#sinks.get(role) ?? []) this.#circuit.remove({ sink });
    this.#sinks.delete(role);
  }
}
