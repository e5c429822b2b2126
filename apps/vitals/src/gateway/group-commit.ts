/**
 * Group commit: callers that come while a call is under way share the next one.
 *
 *   idle --call--> gathering --end of the turn--> running --settled, queue empty--> idle
 *                                                 running --settled, queue not empty--> running (everything queued, up to a bound)
 *                                                 running --deadline passed--> stalled --settled--> idle
 *
 * One call runs at a time, so arrival order is kept. When a call takes longer than the deadline, its callers and those who waited as
 * long are refused, and while it is stalled new callers are refused at once: nobody waits longer than about twice the deadline.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Clock, ErrorCode } from '@kidjamo/stream';

/** How calls are grouped. */
export interface GroupCommitOptions<In, Out> {
  readonly clock: Clock;
  /** Does the work: one result for each item, in order. */
  readonly run: (items: readonly In[]) => Promise<readonly Out[]>;
  /** What an item counts towards the bounds. */
  readonly weigh: (item: In) => number;
  /** Sum of weights that one run takes at most (a single heavier item runs alone). */
  readonly maxRun: number;
  /** Sum of weights that may be queued or under way; beyond it callers are refused with OVERLOADED. */
  readonly maxPending: number;
  /** ms. */
  readonly deadline: number;
  /** Code of the error after the deadline. */
  readonly late: ErrorCode;
}

interface Waiting<In, Out> {
  readonly item: In;
  readonly weight: number;
  readonly since: number;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<In, Out> {
  readonly #options: GroupCommitOptions<In, Out>;
  #queue: Waiting<In, Out>[] = [];
  #running: readonly Waiting<In, Out>[] = [];
  #state: 'idle' | 'gathering' | 'running' | 'stalled' = 'idle';
  #pending = 0;
  readonly #onIdle: (() => void)[] = [];

  constructor(options: GroupCommitOptions<In, Out>) {
    this.#options = options;
  }

  /** Sum of weights queued or under way. */
  get pending(): number {
    return this.#pending;
  }

  /**
   * Does `item` together with others.
   * @throws KidjamoError OVERLOADED when too much is pending, the error of the run, or the `late` code after the deadline. After an
   * error the outcome may be unknown.
   */
  call(item: In): Promise<Out> {
    const weight = this.#options.weigh(item);
    if (this.#state === 'stalled') return Promise.reject(this.#lateError());
    if (this.#pending > 0 && this.#pending + weight > this.#options.maxPending) {
      return Promise.reject(new KidjamoError('OVERLOADED', 'more is waiting to be written than the bound allows; send again in a moment'));
    }
    this.#pending += weight;
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, weight, since: this.#options.clock.now(), resolve, reject });
      if (this.#state === 'idle') {
        this.#state = 'gathering';
        // Whoever calls in the same turn of the event loop joins.
        setImmediate(() => void this.#work());
      }
    });
  }

  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void> {
    if (this.#state === 'idle') return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      this.#state = 'running';
      const group = this.#take();
      this.#running = group;
      const settled = new AbortController();
      void this.#watch(settled.signal);
      try {
        const outs = await this.#options.run(group.map(({ item }) => item));
        outs.forEach((out, i) => group[i]?.resolve(out));
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      } finally {
        settled.abort();
      }
      for (const { weight } of group) this.#pending -= weight;
      this.#running = [];
    }
    this.#state = 'idle';
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #take(): readonly Waiting<In, Out>[] {
    let weight = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      if (count > 0 && weight + waiting.weight > this.#options.maxRun) break;
      weight += waiting.weight;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  /** Refuses whoever waits longer than the deadline, as long as the run is under way. */
  async #watch(settled: AbortSignal): Promise<void> {
    const { clock, deadline } = this.#options;
    await clock.sleep(deadline, settled);
    if (settled.aborted) return;
    this.#state = 'stalled';
    const error = this.#lateError();
    // Rejecting again when the run settles does nothing; its weight counts until then, since its memory is held until then.
    for (const waiting of this.#running) waiting.reject(error);
    for (const waiting of this.#queue.splice(0)) {
      this.#pending -= waiting.weight;
      waiting.reject(error);
    }
  }

  #lateError(): KidjamoError {
    return new KidjamoError(this.#options.late, `nothing was confirmed within ${this.#options.deadline} ms; send again later`);
  }
}
