/** Sees alerts the moment they are committed, by reading the log they are written to in the same transaction as their rows. */

import { decodeBatch } from '@kidjamo/connector-postgres';
import type { BatchRow } from '@kidjamo/connector-postgres';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

/** The log of alerts, and the floor that the critical readings of the bench breach. */
const LOG = 'vitals-alerts';
const ALERT_TYPE = 'CRITICAL_SPO2';
/** Pause between two looks: what is measured is too long by this at most, ms. */
const LOOK_EVERY_MS = 2;

const READ = {
  name: 'bench-alerts',
  text: `
  SELECT n.partition, b.base_offset, b.record_count, (extract(epoch FROM b.appended_at) * 1000)::float8 AS appended_ms, b.codec, b.body
    FROM unnest($2::integer[], $3::bigint[]) AS n (partition, next)
    JOIN LATERAL (SELECT base_offset, record_count, appended_at, codec, body FROM stream.log_batch
                   WHERE log = $1 AND partition = n.partition AND base_offset >= n.next ORDER BY base_offset) b ON true`,
};

/** An alert as it was seen. */
export interface SeenAlert {
  /** Event time of its reading, microseconds since the epoch. */
  readonly eventMicros: number;
  /** `process.hrtime.bigint()` when it was there. */
  readonly seenNs: bigint;
}

export class AlertObserver {
  readonly seen: SeenAlert[] = [];
  readonly #client: Client;
  readonly #next: Map<number, number>;
  readonly #loop: Promise<void>;
  #stopping = false;

  private constructor(client: Client, next: Map<number, number>) {
    this.#client = client;
    this.#next = next;
    this.#loop = this.#watch();
    // Thrown by stop(); until then it is not unhandled.
    this.#loop.catch(() => undefined);
  }

  /** Watches from now on. */
  static async start(databaseUrl: string): Promise<AlertObserver> {
    const client = new Client({ connectionString: databaseUrl, application_name: 'kidjamo-bench-observer' });
    await client.connect();
    const { rows } = await client.query<{ partition: number; next: number }>(
      'SELECT partition, next_offset::float8 AS next FROM stream.log_partition WHERE log = $1',
      [LOG],
    );
    return new AlertObserver(client, new Map(rows.map((row) => [row.partition, row.next])));
  }

  /** Waits until `count` alerts were seen, but no longer than `ms`. */
  async waitFor(count: number, ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.seen.length < count && performance.now() < until) await Promise.race([delay(20), this.#loop]);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    try {
      await this.#loop;
    } finally {
      await this.#client.end();
    }
  }

  async #watch(): Promise<void> {
    while (!this.#stopping) {
      await this.#look();
      await delay(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    const { rows } = await this.#client.query<BatchRow & { readonly partition: number }>({
      ...READ,
      values: [LOG, [...this.#next.keys()], [...this.#next.values()]],
    });
    const seenNs = process.hrtime.bigint();
    for (const row of rows) {
      this.#next.set(row.partition, Number(row.base_offset) + row.record_count);
      for (const { value } of decodeBatch(row.partition, row, 0)) {
        const alert = JSON.parse(value) as { alert_type: string; recorded_at: number };
        if (alert.alert_type === ALERT_TYPE) this.seen.push({ eventMicros: Math.round(alert.recorded_at * 1000), seenNs });
      }
    }
  }
}
