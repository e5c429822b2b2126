/** What the system itself counts: readings by outcome, and how far each consumer group is behind. */

import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

/** Consumer group of the task, and its log. */
const TASK = { log: 'vitals-input', group: 'vitals' };

/** Durable counts of readings, by what became of them. */
export interface Outcomes {
  readonly stored: number;
  readonly duplicate: number;
  /** Same key, other body; or held for its time stamp or for lack of an assignment. */
  readonly quarantined: number;
  /** Rows of the quarantine table: the above, and payloads refused at the door. */
  readonly quarantineRows: number;
}

export class Ledger {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async open(databaseUrl: string): Promise<Ledger> {
    const client = new Client({ connectionString: databaseUrl, application_name: 'kidjamo-bench' });
    await client.connect();
    return new Ledger(client);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  /** Version of the PostgreSQL server. */
  async serverVersion(): Promise<string> {
    const { rows } = await this.#client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? 'unknown';
  }

  async outcomes(): Promise<Outcomes> {
    const { rows } = await this.#client.query<Outcomes>(
      `SELECT coalesce(sum(value) FILTER (WHERE name = 'stored'), 0)::float8 AS stored,
              coalesce(sum(value) FILTER (WHERE name = 'duplicate'), 0)::float8 AS duplicate,
              coalesce(sum(value) FILTER (WHERE name IN ('conflict', 'held')), 0)::float8 AS quarantined,
              (SELECT count(*)::float8 FROM quarantine) AS "quarantineRows"
         FROM stream.counter WHERE consumer_group = $1`,
      [TASK.group],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('the counters cannot be read');
    return row;
  }

  /** Rows of the table `measurements`. */
  async measurements(): Promise<number> {
    const { rows } = await this.#client.query<{ count: number }>('SELECT count(*)::float8 AS count FROM measurements');
    return rows[0]?.count ?? Number.NaN;
  }

  /** Records that the task has not processed yet. */
  async taskLag(): Promise<number> {
    return this.#lag('o.log = $1 AND o.consumer_group = $2', [TASK.log, TASK.group]);
  }

  /** Records not consumed yet, over all groups: the task, and the lake for each log it keeps. */
  async totalLag(): Promise<number> {
    return this.#lag('true', []);
  }

  /** Waits until the task has processed everything. Gives the time it took, ms. @throws Error when the lag does not fall for a minute. */
  async taskDrained(): Promise<number> {
    return drained(() => this.taskLag());
  }

  /** Waits until every group has consumed everything; `flush` asks the lake not to wait. @throws Error when the lag does not fall for a minute. */
  async allDrained(flush: () => Promise<void>): Promise<number> {
    let looks = 0;
    return drained(async () => {
      if (looks % FLUSH_EVERY === 0) await flush();
      looks += 1;
      return this.totalLag();
    });
  }

  async #lag(where: string, values: readonly string[]): Promise<number> {
    const { rows } = await this.#client.query<{ lag: number }>(
      `SELECT coalesce(sum(p.next_offset - o.next_offset), 0)::float8 AS lag
         FROM stream.consumer_offset o JOIN stream.log_partition p USING (log, partition) WHERE ${where}`,
      [...values],
    );
    return rows[0]?.lag ?? Number.NaN;
  }
}

const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 20;
const FLUSH_EVERY = 10;

/** Waits until `lag` tells 0. */
async function drained(lag: () => Promise<number>): Promise<number> {
  const began = performance.now();
  let least = Number.POSITIVE_INFINITY;
  let moved = began;
  for (;;) {
    const left = await lag();
    const now = performance.now();
    if (left === 0) return now - began;
    if (left < least) {
      least = left;
      moved = now;
    }
    if (now - moved > PATIENCE_MS) throw new Error(`${least} records are left and nothing has moved for ${PATIENCE_MS / 1000} s`);
    await delay(LOOK_EVERY_MS);
  }
}
