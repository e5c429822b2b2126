/** Takes batches from the spool to the server, one at a time, until it is stopped. */

import type { RetryOptions } from './backoff.ts';
import { retryDelay } from './backoff.ts';
import type { Clock, Random } from './clock.ts';
import type { Batch, Spool } from './spool/spool.ts';
import type { Delivery, ItemResult, Transport } from './transport/transport.ts';

/** When a batch is formed. */
export interface BatchOptions {
  /** Readings that make a batch due. Default 10. */
  readonly readings?: number;
  /** Age of the oldest reading that makes a batch due, ms. Default 30,000. */
  readonly ms?: number;
  /** Most readings in a batch, when many wait. Default and greatest 1,000. */
  readonly maxReadings?: number;
  /** Most bytes of a batch. Default and greatest 1,048,576. */
  readonly maxBytes?: number;
}

/** What the sender tells. */
export interface SenderEvents {
  /** Something may have been settled since the last time. */
  readonly progressed: () => void;
  readonly delivered: (counts: Counts) => void;
  readonly refused: (readings: number, reason: string) => void;
  readonly retry: (failure: { readonly reason: string; readonly failures: number; readonly delayMs: number }) => void;
}

/** What became of the readings of a batch. All but `refused` are kept by the server. */
export interface Counts {
  readonly accepted: number;
  /** The server had them already. */
  readonly duplicates: number;
  /** They wait in the server's quarantine: a wrong clock, an unassigned device. */
  readonly quarantined: number;
  readonly refused: number;
}

export interface SenderParts {
  readonly spool: Spool;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly batch: Required<BatchOptions>;
  readonly retry: RetryOptions;
  readonly events: SenderEvents;
}

export class Sender {
  readonly #parts: SenderParts;
  readonly #stopping = new AbortController();
  /** Aborted whenever there may be something to do. */
  #bell = new AbortController();
  /** Everything below this number is due at once. */
  #urgent: number;
  #since: number;
  #failures = 0;
  /** Nothing was pending when it looked last. */
  #idle = false;
  readonly #running: Promise<void>;

  constructor(parts: SenderParts) {
    this.#parts = parts;
    // What an earlier process left is late already.
    this.#urgent = parts.spool.next;
    this.#since = parts.clock.now();
    this.#running = this.#run();
  }

  /** Looks whether a batch is due, after a reading was added. */
  notice(): void {
    const { spool, batch, clock } = this.#parts;
    if (this.#idle) this.#since = clock.now();
    if (this.#idle || (this.#failures === 0 && spool.pending >= batch.readings)) this.#ring();
  }

  /** Sends what is pending now, without waiting for more or for the end of a back-off; a wait that the server asked for stands. */
  hurry(): void {
    this.#urgent = this.#parts.spool.next;
    this.#ring();
  }

  /** Ends the try under way and stops. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ring();
    await this.#running;
  }

  #ring(): void {
    const bell = this.#bell;
    this.#bell = new AbortController();
    bell.abort();
  }

  async #run(): Promise<void> {
    const { clock, events } = this.#parts;
    while (!this.#stopping.signal.aborted) {
      events.progressed();
      const bell = this.#bell.signal;
      const wait = this.#untilDue();
      this.#idle = this.#parts.spool.pending === 0;
      if (wait > 0) {
        await clock.sleep(wait, bell);
        continue;
      }
      const failure = await this.#attempt();
      if (this.#stopping.signal.aborted) return;
      if (failure === undefined) {
        this.#failures = 0;
        this.#since = clock.now();
      } else {
        await this.#backOff(failure);
      }
    }
  }

  /** How long until a batch is due, ms. */
  #untilDue(): number {
    const { spool, clock, batch } = this.#parts;
    if (spool.pending === 0) return Number.MAX_SAFE_INTEGER;
    if (spool.sealed || spool.pending >= batch.readings || spool.position < this.#urgent) return 0;
    // A clock that was set back must not hold readings up for longer.
    return Math.min(batch.ms, Math.max(0, this.#since + batch.ms - clock.now()));
  }

  async #attempt(): Promise<Retry | undefined> {
    const { spool, transport, batch: limits } = this.#parts;
    try {
      const batch = await spool.batch({ items: limits.maxReadings, bytes: limits.maxBytes - 2 });
      if (batch === undefined) return undefined;
      const { key, body, readings } = batch;
      return await this.#follow(batch, await transport.send({ key, body, items: readings.length }, this.#stopping.signal));
    } catch (error) {
      // The disk, or a transport of someone else's: nothing is lost by trying again, and it is told.
      return { reason: error instanceof Error ? error.message : 'unknown' };
    }
  }

  async #follow(batch: Batch, delivery: Delivery): Promise<Retry | undefined> {
    const { spool } = this.#parts;
    switch (delivery.kind) {
      case 'retry':
        return delivery;
      case 'refused':
        // Halves find the reading that is at fault, so that the others are not lost with it.
        if (batch.readings.length > 1) await spool.split(batch);
        else await this.#settle(batch, [{ status: 'rejected', reason: delivery.reason }]);
        return undefined;
      case 'settled':
        await this.#settle(batch, delivery.results);
        return undefined;
    }
  }

  async #settle(batch: Batch, results: readonly ItemResult[] | undefined): Promise<void> {
    const { spool, events } = this.#parts;
    const refused = batch.readings.flatMap(({ number, payload }, i) => {
      const result = results?.[i];
      if (result?.status !== 'rejected') return [];
      return [{ number, reading: payload, reason: result.reason ?? 'rejected', errors: result.errors }];
    });
    await spool.settle(batch, refused);
    const count = (...statuses: ItemResult['status'][]): number => results?.filter(({ status }) => statuses.includes(status)).length ?? 0;
    const others = { duplicates: count('duplicate'), quarantined: count('quarantined', 'conflict'), refused: refused.length };
    const accepted = batch.readings.length - others.duplicates - others.quarantined - others.refused;
    events.delivered({ accepted, ...others });
    if (refused.length > 0) events.refused(refused.length, refused[0]?.reason ?? 'rejected');
  }

  async #backOff(failure: Retry): Promise<void> {
    const { clock, random, retry, events } = this.#parts;
    this.#failures += 1;
    const bell = this.#bell.signal;
    const delayMs = retryDelay({ failures: this.#failures, ...failure }, retry, random);
    events.retry({ reason: failure.reason, failures: this.#failures, delayMs });
    const asked = Math.min(failure.retryAfterMs ?? 0, delayMs);
    if (asked > 0) await clock.sleep(asked, this.#stopping.signal);
    await clock.sleep(delayMs - asked, bell);
  }
}

interface Retry {
  readonly reason: string;
  readonly retryAfterMs?: number;
}
