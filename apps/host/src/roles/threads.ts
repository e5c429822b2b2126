/**
 * Runs a role in a worker thread and starts it again when it dies.
 *
 * | state   | thread exits by itself        | stop()                              |
 * |---------|-------------------------------|-------------------------------------|
 * | running | waits, then starts it again   | asks it to end, waits, terminates it if it takes too long |
 * | waiting | -                             | ends                                |
 * | stopped | -                             | -                                   |
 */

import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';

import { backoffDelay, systemClock } from '@kidjamo/stream';

import type { RoleLogger } from './logger.ts';
import type { ThreadReport } from './meter.ts';
import type { ThreadMetrics } from './thread-metrics.ts';
import type { ThreadData } from './thread.ts';

/** How long a thread may take to end, ms. */
const STOP_WITHIN = 15_000;

/** Batches live for a fraction of a second: room for a few of them spares the collector from copying them about. */
const YOUNG_MB = 96;
/** What a role may hold at most; it is bounded well below by its queues and caches. */
const OLD_MB = 1024;
/**
 * How far the heap of a thread may grow before it is first looked through as a whole. V8 begins with a few megabytes above what is alive and
 * then looks through all of it several times a second, since batches come and go by the megabyte.
 */
const FIRST_LOOK_MB = 512;
setFlagsFromString(`--initial-old-space-size=${FIRST_LOOK_MB}`);

export class RoleThread {
  readonly #data: ThreadData;
  readonly #logger: RoleLogger;
  readonly #metrics: ThreadMetrics;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #worker: Worker | undefined;
  #restarts = 0;

  constructor(data: ThreadData, around: { logger: RoleLogger; metrics: ThreadMetrics }) {
    this.#data = data;
    this.#logger = around.logger;
    this.#metrics = around.metrics;
    this.#ended = this.#supervise();
  }

  /** How often the role was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#worker?.postMessage('stop');
    const late = new AbortController();
    await Promise.race([this.#ended, systemClock.sleep(STOP_WITHIN, late.signal)]);
    late.abort();
    await this.#worker?.terminate();
    await this.#ended;
  }

  async #supervise(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#once();
      if (this.#stop.signal.aborted) return;
      this.#restarts += 1;
      await systemClock.sleep(backoffDelay({ initial: 200, max: 10_000 }, Math.min(this.#restarts, 8), Math.random), this.#stop.signal);
    }
  }

  #once(): Promise<void> {
    const { role } = this.#data;
    return new Promise((resolve) => {
      const worker = new Worker(new URL('./thread.ts', import.meta.url), {
        workerData: this.#data,
        name: `kidjamo-${role}`,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB },
      });
      this.#worker = worker;
      worker.once('error', (error) => {
        this.#logger.error({ role, err: error }, 'a role failed; it will be started again');
      });
      // A thread of ours says nothing else.
      worker.on('message', (report: ThreadReport) => {
        this.#metrics.take(role, report);
      });
      worker.once('exit', (code) => {
        this.#metrics.ended(role);
        if (code !== 0) this.#logger.error({ role, code }, 'a role ended by itself');
        this.#worker = undefined;
        resolve();
      });
      if (this.#stop.signal.aborted) worker.postMessage('stop');
    });
  }
}
