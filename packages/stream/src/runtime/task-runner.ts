/**
 * Runs a task on one partition for as long as the lease lasts.
 *
 * | phase    | does                                              | on success   | on a retryable error      | on a fault of the input | on FENCED |
 * |----------|---------------------------------------------------|--------------|---------------------------|-------------------------|-----------|
 * | recover  | forgets cached state, reads the position          | consume      | back off, recover         | -                       | end       |
 * | consume  | due timers, else the next records, else waits     | commit       | back off, recover         | narrow down, recover    | end       |
 * | commit   | one transaction                                   | consume      | back off, recover         | narrow down, recover    | end       |
 *
 * A record that makes the task throw, or whose rows the store refuses for good, is dead-lettered; it never holds the others up. A timer
 * of that kind has no record to keep: it is taken away and counted as `timer_failed`. Any other error ends the run.
 */

import type { Clock } from '../clock.ts';
import { hasCode, isRetryable, KidjamoError } from '../errors.ts';
import type { Lease, Position, TaskStore } from '../contracts/commit.ts';
import type { Log, LogRecord } from '../contracts/log.ts';
import type { Task } from '../contracts/task.ts';
import { backoffDelay } from '../resilience/backoff.ts';
import type { BackoffOptions } from '../resilience/backoff.ts';
import type { RuntimeObserver } from './observer.ts';
import { PoisonRecord, PoisonTimer, runRecords, runTimers, TICK_KEY, TICK_VALUE, timerId } from './task-batch.ts';
import type { BatchEnvironment, BatchOutcome } from './task-batch.ts';
import { StateCache } from './state-cache.ts';

/** How a task is run. */
export interface TaskRunnerOptions<V> {
  readonly task: Task<V>;
  readonly log: Log;
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly observer: RuntimeObserver;
  /** Gives numbers in [0, 1) for the jitter of delays. */
  readonly random: () => number;
  /** Records per commit at most. */
  readonly maxBatch: number;
  /** Records parsed and processed together. A batch is made of such pieces, so that little of it lives as objects until its commit. */
  readonly piece: number;
  /** How long to wait for a wake-up before reading again, ms: the delay of records appended by other processes. */
  readonly pollEvery: number;
  /**
   * Least time from the start of a short batch to the next one, ms. Under load it lets records gather, so that fewer commits carry more
   * of them; a record that comes after a quiet moment is not held.
   */
  readonly pace: number;
  /** States kept in memory per partition at most. */
  readonly cachedStates: number;
  readonly backoff: BackoffOptions;
}

/** Timers fired by one commit at most. */
const TIMERS_PER_COMMIT = 1000;

/** Least time between two ticks, ms: where the log's clock is behind ours, one tick may not be enough. */
const TICK_EVERY = 500;

/** By how much a batch shrinks while the input is searched that the store refuses. */
const NARROW = 8;

export class TaskRunner<V> {
  readonly #options: TaskRunnerOptions<V>;
  readonly #lease: Lease;
  readonly #cache: StateCache;
  readonly #poison = new Map<number, string>();
  readonly #poisonTimers = new Set<string>();
  #position: Position = { offset: 0, logTime: 0 };
  #nextTimer: number | undefined;
  #ticked = Number.NEGATIVE_INFINITY;
  /** The records from the position on. */
  #prefetched: Promise<readonly LogRecord[] | Error> | undefined;
  /** Records, or timers, per commit: fewer while looking for one that the store refuses. */
  #limit: number;
  /** Failures since the last commit or idle moment. */
  #attempt = 0;
  /** Condemns the first input of the batch in hand; undefined between batches. */
  #condemnFirst: (() => void) | undefined;

  constructor(options: TaskRunnerOptions<V>, lease: Lease) {
    this.#options = options;
    this.#lease = lease;
    this.#cache = new StateCache(options.cachedStates);
    this.#limit = options.maxBatch;
  }

  /** Runs until `signal` aborts or the partition is taken over. Rejects only on errors that nothing but a change of code or setting heals. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, observer, backoff, random } = this.#options;
    while (!signal.aborted) {
      try {
        await this.#recover();
        await this.#consume(signal);
      } catch (error) {
        observer.failed(this.#lease, error);
        if (hasCode(error, 'FENCED')) return;
        // Isolating makes progress every time, and waiting would change nothing.
        if (this.#isolate(error)) continue;
        if (!isRetryable(error)) throw error;
        this.#attempt += 1;
        await clock.sleep(backoffDelay(backoff, this.#attempt, random), signal);
      }
    }
  }

  async #recover(): Promise<void> {
    this.#cache.clear();
    this.#prefetched = undefined;
    this.#condemnFirst = undefined;
    this.#position = await this.#options.store.position(this.#lease);
    this.#nextTimer = await this.#options.store.nextTimer(this.#lease);
  }

  async #consume(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const records = await this.#read();
      const first = records[0];
      if (first === undefined) {
        await this.#idle(signal);
        continue;
      }
      const reached = Math.max(this.#position.logTime, first.time);
      if (this.#nextTimer !== undefined && this.#nextTimer <= reached) await this.#fire(reached);
      else {
        const began = this.#options.clock.now();
        await this.#process(records);
        if (records.length < this.#limit / 2) await this.#gather(began, signal);
      }
    }
  }

  async #gather(began: number, signal: AbortSignal): Promise<void> {
    const { clock, pace } = this.#options;
    const left = began + pace - clock.now();
    if (left > 0) await clock.sleep(left, signal);
  }

  async #read(): Promise<readonly LogRecord[]> {
    const { log } = this.#options;
    const records = await this.#prefetched;
    if (records instanceof Error) throw records;
    if (records !== undefined && records.length > 0) return records;
    this.#prefetched = undefined;
    return log.read(this.#lease.partition, this.#position.offset, this.#limit);
  }

  /** Waits for records. With a timer due, moves log time forward through the log itself, so that a replay fires it at the same place. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { log, clock, pollEvery } = this.#options;
    const now = clock.now();
    let wait = pollEvery;
    if (this.#nextTimer !== undefined) {
      const tickAt = Math.max(this.#nextTimer, this.#ticked + TICK_EVERY);
      if (now >= tickAt) {
        this.#ticked = now;
        await log.append([{ partition: this.#lease.partition, key: TICK_KEY, value: TICK_VALUE }]);
        return;
      }
      wait = Math.min(pollEvery, tickAt - now);
    }
    this.#attempt = 0;
    await log.wait(this.#lease.partition, Math.max(1, wait), signal);
  }

  async #fire(until: number): Promise<void> {
    const { store } = this.#options;
    const firings = await store.dueTimers(this.#lease, until, Math.min(TIMERS_PER_COMMIT, this.#limit));
    const first = firings[0];
    if (first === undefined) {
      this.#nextTimer = await store.nextTimer(this.#lease);
      return;
    }
    this.#condemnFirst = () => this.#poisonTimers.add(timerId(first));
    await this.#commit(await runTimers(this.#environment(), this.#position, firings));
  }

  async #process(all: readonly LogRecord[]): Promise<void> {
    // A record at or after the next timer waits until the timer has fired.
    const cut = this.#nextTimer === undefined ? -1 : all.findIndex((record) => record.time >= (this.#nextTimer ?? 0));
    const records = all.slice(0, Math.min(cut === -1 ? all.length : cut, this.#limit));
    const { offset } = this.#position;
    this.#condemnFirst = () => this.#poison.set(records[0]?.offset ?? offset, 'the store refused its rows');
    const outcome = await runRecords(this.#environment(), this.#position, records);
    this.#prefetch(all, outcome);
    await this.#commit(outcome);
    for (const poisoned of this.#poison.keys()) if (poisoned < this.#position.offset) this.#poison.delete(poisoned);
  }

  /** Has the records after this batch at hand when its commit is done: what is left of those read, or the next ones. One batch ahead at most. */
  #prefetch(all: readonly LogRecord[], outcome: BatchOutcome): void {
    const { log } = this.#options;
    const left = all.slice(outcome.consumed);
    this.#prefetched =
      left.length > 0
        ? Promise.resolve(left)
        : log.read(this.#lease.partition, outcome.to.offset, this.#limit).catch((error: unknown) => asError(error));
  }

  async #commit(outcome: BatchOutcome): Promise<void> {
    const { store, clock, observer, maxBatch } = this.#options;
    const started = clock.now();
    await store.commit(this.#lease, { from: this.#position, to: outcome.to }, outcome.changes);
    this.#cache.trim();
    this.#condemnFirst = undefined;
    this.#attempt = 0;
    this.#limit = Math.min(maxBatch, this.#limit * 2);
    observer.committed(this.#lease, { records: outcome.consumed, ms: clock.now() - started, position: outcome.to });
    this.#position = outcome.to;
    if (outcome.touchedTimers) this.#nextTimer = await store.nextTimer(this.#lease);
  }

  /** After an error that will not go away by itself: narrows the batch down to the input at fault, and condemns that one. Tells whether it may go on. */
  #isolate(error: unknown): boolean {
    const condemnFirst = this.#condemnFirst;
    if (condemnFirst === undefined) return false;
    if (error instanceof PoisonRecord) this.#poison.set(error.offset, `the task failed (${nameOf(error.cause)})`);
    else if (error instanceof PoisonTimer) this.#poisonTimers.add(timerId(error.timer));
    else if (!isFaultOfInput(error)) return false;
    else if (this.#limit > 1) this.#limit = Math.max(1, Math.floor(this.#limit / NARROW));
    else {
      const before = this.#poison.size + this.#poisonTimers.size;
      condemnFirst();
      // Condemned already, and still refused: it is not the input.
      return this.#poison.size + this.#poisonTimers.size > before;
    }
    return true;
  }

  #environment(): BatchEnvironment<V> {
    const { task, store, piece } = this.#options;
    return { task, store, piece, lease: this.#lease, cache: this.#cache, poison: this.#poison, poisonTimers: this.#poisonTimers };
  }
}

/** Errors of a commit that the same input will bring about again, and another input need not. */
function isFaultOfInput(error: unknown): boolean {
  if (!(error instanceof KidjamoError)) return true;
  return error.code === 'STORE_REJECTED' || error.code === 'INPUT_INVALID' || error.code === 'BATCH_TOO_LARGE';
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new KidjamoError('LOG_UNAVAILABLE', 'the log failed without saying why');
}
