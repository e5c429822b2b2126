/**
 * A place in a partition from which somebody reads on. It holds the records fetched and not read yet, and fetches the next ones
 * meanwhile: what it holds is bounded by two answers of a broker.
 */

import type { LogRecord } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';

import { fetchOnce, listOffsets } from './fetch.ts';
import type { Fetched } from './fetch.ts';
import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster } from './kafka-log-cluster.ts';
import type { KafkaCodec } from './kafka-log-codec.ts';

/** What to do where the records wanted are gone: fail, or go on at the first record kept. */
export type OnDataLoss = 'fail' | 'continue';

/** What all cursors of a log share. */
export interface CursorOptions {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly codec: KafkaCodec;
  /** Bytes of one answer, about. */
  readonly fetchBytes: number;
  readonly onDataLoss: OnDataLoss;
  /** Told of messages that are not ours, and of records that retention had removed before they were read. */
  readonly observe: (seen: { readonly skipped?: number; readonly lost?: { partition: number; from: number; to: number } }) => void;
}

/** Sum of the lengths of the values that one read gives, about. */
const VOLUME = 8 << 20;
/**
 * The same, from which on a read does not go on to another answer. A task writes the state of a device once for all records of a read; it also
 * commits, and gives a partition up, only after them.
 */
const GATHERED = 2 << 20;
/** How long a read that has something waits for more that is on its way, ms: work on other partitions may hold the thread up for as long. */
const SOON = 250;
/** How long a broker waits for data before it answers that there is none, ms. */
const LONG_POLL = 500;
/** How long a wait that cannot be served rests, so that it does not spin, ms. */
const PAUSE = 200;

export class FetchCursor {
  readonly #options: CursorOptions;
  readonly #partition: number;
  /** The offset after the last record given out. */
  #next: number;
  /** Where the next fetch begins: past `#next` where what lies between is none of a reader's business. */
  #at: number;
  #stable = -1;
  #held: LogRecord[] = [];
  #taken = 0;
  #ahead: Promise<Fetched | undefined | Error> | undefined;
  #poll: Promise<boolean> | undefined;

  constructor(options: CursorOptions, partition: number, offset: number) {
    this.#options = options;
    this.#partition = partition;
    this.#next = offset;
    this.#at = offset;
  }

  /** The offset that a reader who goes on asks for. */
  get next(): number {
    return this.#next;
  }

  /**
   * Gives records from {@link next} on: at least one if there is one, at most `max`. Goes on over several answers of the broker as long as
   * more is known to be there and comes soon: who commits per read would otherwise commit as often as the broker answers.
   */
  async read(max: number): Promise<readonly LogRecord[]> {
    const most = Math.max(1, max);
    const records: LogRecord[] = [];
    let volume = 0;
    do {
      if (records.length === 0) await this.#load();
      else if (!(await this.#loadSoon())) break;
      volume += this.#take(records, { most, volume });
    } while (records.length < most && volume < GATHERED && this.#at < this.#stable);
    this.#fetchAhead();
    return records;
  }

  /** Holds records if there are any. */
  async #load(): Promise<void> {
    while (this.#taken >= this.#held.length) {
      const ahead = await this.#ahead;
      this.#ahead = undefined;
      if (ahead instanceof Error) throw ahead;
      const known = ahead !== undefined;
      this.#hold(ahead ?? (await this.#fetch()));
      // Markers and records of aborted transactions alone are no end, and what was fetched ahead may be old.
      if (this.#held.length === 0 && !known && this.#at >= this.#stable) return;
      this.#fetchAhead();
    }
  }

  /** Holds what is fetched ahead. False when it does not come soon, or fails: the next read tells, and what is read is not held up. */
  async #loadSoon(): Promise<boolean> {
    this.#fetchAhead();
    const over = new AbortController();
    const late = this.#options.cluster.options.clock.sleep(SOON, over.signal).then((): undefined => undefined);
    const ahead = await Promise.race([this.#ahead, late]);
    over.abort();
    if (ahead === undefined || ahead instanceof Error) return false;
    this.#ahead = undefined;
    this.#hold(ahead);
    this.#fetchAhead();
    return true;
  }

  /** Resolves with true once something may be there, false when nothing came for a while. Never rejects. */
  poll(): Promise<boolean> {
    if (this.#taken < this.#held.length || this.#at < this.#stable) return Promise.resolve(true);
    this.#poll ??= this.#longPoll().finally(() => (this.#poll = undefined));
    return this.#poll;
  }

  async #longPoll(): Promise<boolean> {
    const at = this.#at;
    try {
      const fetched = await this.#request({ at, maxWait: LONG_POLL, lane: `wait-${this.#partition}`, fresh: false });
      // Gone by retention, or not there yet: a read tells, but not without a pause.
      if (fetched === undefined) return await this.#pause(true);
      const current = at === this.#at && this.#taken >= this.#held.length && this.#ahead === undefined;
      if (current) this.#hold(fetched);
      return fetched.next > at;
    } catch {
      // Whoever waits reads next, and the read tells what is wrong if it lasts.
      return this.#pause(false);
    }
  }

  async #pause(outcome: boolean): Promise<boolean> {
    const { cluster } = this.#options;
    await cluster.options.clock.sleep(PAUSE, cluster.closed);
    return outcome;
  }

  /** Moves records held to `records`, up to the limits. Gives the sum of the lengths of their values. */
  #take(records: LogRecord[], limits: { readonly most: number; readonly volume: number }): number {
    let volume = 0;
    for (; this.#taken < this.#held.length && records.length < limits.most; this.#taken += 1) {
      const record = this.#held[this.#taken];
      if (record === undefined || (records.length > 0 && limits.volume + volume >= VOLUME)) break;
      volume += record.value.length;
      records.push(record);
      this.#next = record.offset + 1;
    }
    if (this.#taken >= this.#held.length) {
      this.#held = [];
      this.#taken = 0;
    }
    return volume;
  }

  #hold(fetched: Fetched): void {
    this.#held = fetched.records;
    this.#taken = 0;
    this.#at = fetched.next;
    this.#stable = fetched.stable;
    if (fetched.skipped > 0) this.#options.observe({ skipped: fetched.skipped });
  }

  #fetchAhead(): void {
    if (this.#ahead !== undefined || this.#at >= this.#stable) return;
    this.#ahead = this.#fetch().catch((error: unknown) =>
      error instanceof Error ? error : unavailable('a fetch failed without saying why'),
    );
  }

  /** Fetches at once, from `#at` or, where that is gone and it may, from the first record kept. */
  async #fetch(): Promise<Fetched> {
    const { cluster, topic, onDataLoss, observe } = this.#options;
    return cluster.persist('reading the log', async (fresh) => {
      const fetched = await this.#request({ at: this.#at, maxWait: 0, lane: 'read', fresh });
      if (fetched !== undefined) return fetched;
      const from = this.#at;
      const low = (await listOffsets(cluster, topic, 'low'))[this.#partition] ?? 0;
      // Past the end: nothing there yet. A partition that lost its end by an unclean election looks the same, and acks=all forbids it.
      if (from >= low) return { records: [], next: from, stable: from, low, skipped: 0 };
      if (onDataLoss === 'fail' && from > 0) {
        throw new KidjamoError(
          'NOT_FOUND',
          `records ${from} to ${low - 1} of partition ${this.#partition} were removed by retention before they were read: ` +
            'restore them, or allow the loss (KAFKA_FAIL_ON_DATA_LOSS=false), and keep records for longer',
        );
      }
      if (from > 0) observe({ lost: { partition: this.#partition, from, to: low } });
      this.#at = low;
      throw unavailable('the first record kept has moved on');
    });
  }

  #request(at: { at: number; maxWait: number; lane: string; fresh: boolean }): Promise<Fetched | undefined> {
    const { cluster, topic, codec, fetchBytes } = this.#options;
    const { maxWait, lane, fresh } = at;
    return fetchOnce({ cluster, topic, codec, partition: this.#partition, offset: at.at, maxBytes: fetchBytes, maxWait, lane, fresh });
  }
}
