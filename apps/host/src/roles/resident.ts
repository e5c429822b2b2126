/**
 * Runs a role in the main thread and starts it again when it fails: for a role that waits nearly always, since a thread of its own would cost
 * more memory than its work. {@link RoleThread} is the same for roles that compute.
 *
 * | state   | role ends by itself           | stop()                                  |
 * |---------|-------------------------------|-----------------------------------------|
 * | running | waits, then starts it again   | tells it to end what it has in hand     |
 * | waiting | -                             | ends                                    |
 * | stopped | -                             | -                                       |
 */

import { backoffDelay, isRetryable, systemClock } from '@kidjamo/stream';

import type { RoleLogger } from './logger.ts';

/** Between two starts, ms. */
const BACKOFF = { initial: 200, max: 10_000 };
/** Starts in a row after which the wait grows no more. */
const LONGEST_AFTER = 8;

export class ResidentRole {
  readonly #role: string;
  readonly #run: (signal: AbortSignal) => Promise<void>;
  readonly #logger: RoleLogger;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  #restarts = 0;

  /** `run` works until its signal aborts. */
  constructor(role: string, run: (signal: AbortSignal) => Promise<void>, logger: RoleLogger) {
    this.#role = role;
    this.#run = run;
    this.#logger = logger;
    this.#ended = this.#supervise();
  }

  /** How often the role was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#run(signal);
      } catch (error) {
        // Told to stop while it still waited for the database: there is nothing to end, and nothing went wrong.
        if (signal.aborted && isRetryable(error)) return;
        this.#logger.error({ role: this.#role, err: error }, 'a role failed; it will be started again');
      }
      if (signal.aborted) return;
      this.#restarts += 1;
      await systemClock.sleep(backoffDelay(BACKOFF, Math.min(this.#restarts, LONGEST_AFTER), Math.random), signal);
    }
  }
}
