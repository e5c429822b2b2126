/**
 * Who works on which partition. A member renews its presence and its leases at every heartbeat; a lease not renewed in time may be
 * claimed by another: `stream.heartbeat` raises its generation, and the fence makes older ones worthless before the lease is handed to
 * the runtime.
 */

import type { Assignment, Clock, Lease, Membership } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { storeError } from '../failure.ts';
import { disown, fence, registerConsumer, reportOffset } from './fence.ts';

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
      // The log was not there yet when this group was registered, or the group was retired since: again at the next heartbeat.
      if (total === 0 || rows.length === 0) this.#registered = false;
      const share = Math.ceil(total / Math.max(1, rows[0]?.o_members ?? 1));
      return { leases, release: leases.slice(share) };
    } catch (error) {
      throw storeError(error);
    }
  }

  async release(lease: Lease): Promise<void> {
    this.#fenced.delete(lease.partition);
    await disown(this.#options.pool, lease, this.#options.member);
  }

  async report(lease: Lease, offset: number): Promise<void> {
    await reportOffset(this.#options.pool, lease, offset);
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
    const { pool, log, group } = this.#options;
    await registerConsumer(
      pool,
      { log, group },
      Array.from({ length: await this.#partitions() }, () => 0),
    );
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
    await fence(this.#options, lease);
    this.#fenced.set(lease.partition, lease.generation);
  }

  async #run(text: string, values: unknown[]): Promise<void> {
    try {
      await this.#options.pool.query(text, values);
    } catch (error) {
      throw storeError(error);
    }
  }
}
