/**
 * Who works on which partition. A member renews its presence and its leases at every heartbeat; a lease not renewed in time may be
 * claimed by another. A claim has two steps:
 *
 * 1. `stream.heartbeat` raises the generation in `consumer_lease`.
 * 2. `fence` writes that generation to `consumer_offset`. A commit in flight of the former owner either ends first or finds itself
 *    fenced. A former owner that was stopped in the middle of a commit holds the row's lock: its backend is terminated.
 *
 * Only after both is the lease handed to the runtime.
 */

import type { Assignment, Clock, Lease, Membership } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import { withClient } from '../client.ts';
import { storeError } from '../failure.ts';

/** What membership needs to know. */
export interface MembershipOptions {
  /** Takes two connections at a time while it claims a partition. */
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: string;
  readonly group: string;
  /** Unique among all processes and workers. */
  readonly member: string;
  /** How long a lease lasts without renewal, ms. */
  readonly ttl: number;
  /** How long a claim waits for a commit of the former owner before its backend is terminated, ms. */
  readonly patience: number;
}

interface HeartbeatRow {
  readonly o_partition: number;
  readonly o_generation: string;
  readonly o_members: number;
}

export class PostgresMembership implements Membership {
  readonly #options: MembershipOptions;
  readonly #fenced = new Map<number, number>();
  #registered = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  async heartbeat(): Promise<Assignment> {
    const { pool, log, group, member, ttl } = this.#options;
    try {
      if (!this.#registered) await this.#register();
      const { rows } = await pool.query<HeartbeatRow>({
        name: 'stream-heartbeat',
        text: 'SELECT * FROM stream.heartbeat($1, $2, $3, make_interval(secs => $4))',
        values: [log, group, member, ttl / 1000],
      });
      const leases = rows.map((row): Lease => ({ log, group, partition: row.o_partition, generation: Number(row.o_generation) }));
      for (const lease of leases) if (this.#fenced.get(lease.partition) !== lease.generation) await this.#fence(lease);
      const total = await this.#partitions();
      // The log was not there yet when this group was registered: again at the next heartbeat.
      if (total === 0) this.#registered = false;
      const share = Math.ceil(total / Math.max(1, rows[0]?.o_members ?? 1));
      return { leases, release: leases.slice(share) };
    } catch (error) {
      throw storeError(error);
    }
  }

  async release(lease: Lease): Promise<void> {
    this.#fenced.delete(lease.partition);
    await this.#run(
      `UPDATE stream.consumer_lease SET owner = NULL, lease_until = NULL
        WHERE log = $1 AND consumer_group = $2 AND partition = $3 AND generation = $4 AND owner = $5`,
      [lease.log, lease.group, lease.partition, lease.generation, this.#options.member],
    );
  }

  async report(lease: Lease, offset: number): Promise<void> {
    await this.#run(
      `UPDATE stream.consumer_offset SET next_offset = greatest(next_offset, $4)
        WHERE log = $1 AND consumer_group = $2 AND partition = $3`,
      [lease.log, lease.group, lease.partition, offset],
    );
  }

  async leave(): Promise<void> {
    this.#fenced.clear();
    const { log, group, member } = this.#options;
    await this.#run(
      'UPDATE stream.consumer_lease SET owner = NULL, lease_until = NULL WHERE log = $1 AND consumer_group = $2 AND owner = $3',
      [log, group, member],
    );
    await this.#run('DELETE FROM stream.consumer_member WHERE log = $1 AND consumer_group = $2 AND member = $3', [log, group, member]);
  }

  async #register(): Promise<void> {
    const { log, group } = this.#options;
    // ON CONFLICT alone would wait for a stopped transaction that has updated the row; a plain look does not.
    for (const table of ['consumer_lease', 'consumer_offset']) {
      await this.#run(
        `INSERT INTO stream.${table} (log, consumer_group, partition)
         SELECT $1, $2, p.partition FROM stream.log_partition p
          WHERE p.log = $1
            AND NOT EXISTS (SELECT FROM stream.${table} t WHERE t.log = $1 AND t.consumer_group = $2 AND t.partition = p.partition)
             ON CONFLICT DO NOTHING`,
        [log, group],
      );
    }
    this.#registered = true;
  }

  async #partitions(): Promise<number> {
    const { pool, log } = this.#options;
    const { rows } = await pool.query<{ partitions: number }>({
      name: 'stream-log-partitions',
      text: 'SELECT partitions FROM stream.log WHERE name = $1',
      values: [log],
    });
    return rows[0]?.partitions ?? 0;
  }

  async #fence(lease: Lease): Promise<void> {
    const done = new AbortController();
    await withClient(this.#options.pool, async (client) => {
      const update = client.query(
        'UPDATE stream.consumer_offset SET generation = $4 WHERE log = $1 AND consumer_group = $2 AND partition = $3 AND generation < $4',
        [lease.log, lease.group, lease.partition, lease.generation],
      );
      await Promise.all([update.finally(() => done.abort()), this.#unblock(client, done.signal)]);
    });
    this.#fenced.set(lease.partition, lease.generation);
  }

  /** While `client` waits for a lock longer than patience allows, terminates the backends that hold it. */
  async #unblock(client: PoolClient, done: AbortSignal): Promise<void> {
    const { pool, clock, patience } = this.#options;
    const pid = backendPid(client);
    for (;;) {
      await clock.sleep(patience, done);
      if (done.aborted || pid === undefined) return;
      await pool.query('SELECT pg_terminate_backend(holder) FROM unnest(pg_blocking_pids($1)) AS holder', [pid]);
    }
  }

  async #run(text: string, values: unknown[]): Promise<void> {
    try {
      await this.#options.pool.query(text, values);
    } catch (error) {
      throw storeError(error);
    }
  }
}

/** The server process behind a connection. */
function backendPid(client: PoolClient): number | undefined {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
}
