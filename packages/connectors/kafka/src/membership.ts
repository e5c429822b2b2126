/**
 * The Membership contract on a Kafka consumer group. Kafka decides who works on which partition; the fence in PostgreSQL, where tasks
 * commit, makes the decision safe:
 *
 * | Kafka says                              | what happens                                                              |
 * |-----------------------------------------|---------------------------------------------------------------------------|
 * | a partition is ours                     | its generation is raised, its commits are fenced, then the lease is handed out |
 * | a partition is to go                    | it is named in `release`, and still counts as ours until it is released     |
 * | we were put out (session over)          | all leases are dropped; the member joins anew                              |
 *
 * A member that learns late that it was put out can have fenced its successor. The successor sees at its next heartbeat that its
 * generation is no longer the highest and, as Kafka says that the partition is its own, takes it over again.
 */

import { disown, fence, raiseGeneration, registerConsumer, reportOffset, storeError } from '@kidjamo/connector-postgres';
import type { Assignment, Clock, Lease, Membership } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { clientOptions } from './connection.ts';
import type { KafkaConnection } from './connection.ts';
import { listOffsets } from './fetch.ts';
import { Cluster } from './kafka-log-cluster.ts';
import { GroupMember } from './membership-group.ts';

/** What membership needs to know. */
export interface KafkaMembershipOptions {
  readonly connection: KafkaConnection;
  /** The topic; also the name of the log in leases. */
  readonly topic: string;
  /** The consumer group, in Kafka and in PostgreSQL. */
  readonly group: string;
  /** Unique among all processes and workers; told in PostgreSQL only. */
  readonly member: string;
  /**
   * A name under which a worker comes back after a restart. With it, a worker that leaves keeps its partitions until the session time-out
   * of the group; without it they go to others at once.
   */
  readonly instance?: string;
  /** Takes two connections at a time while it claims a partition. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** How long a claim waits for a commit of the former owner before its backend is terminated, ms. */
  readonly patience: number;
  /** Where a group begins that has no position yet; `earliest` when absent. */
  readonly startingOffsets?: 'earliest' | 'latest';
  /** How long one call may try to reach Kafka, ms. 10 s when absent. Heartbeats come more often than the session time-out of the group. */
  readonly timeout?: number;
  /** How long work on a partition may take to end after it is to go, ms. 60 s when absent. */
  readonly rebalanceTimeout?: number;
}

/** What metrics tell of a member. */
export interface MembershipStatus {
  /** What Kafka and its tools call this member; another after an expulsion. */
  readonly kafkaMember: string;
  /** Partitions worked on. */
  readonly partitions: readonly number[];
  /** How often the set of partitions changed. */
  readonly rebalances: number;
  /** How often the member was put out of the group and joined anew. */
  readonly expulsions: number;
  /** How often offsets could not be shown to lag tools; they are shown again at the next heartbeat. */
  readonly unshown: number;
}

interface Row {
  readonly partition: number;
  readonly generation: string;
  readonly next_offset: string;
}

const TIMEOUT = 10_000;
const REBALANCE_TIMEOUT = 60_000;

export class KafkaMembership implements Membership {
  readonly #options: KafkaMembershipOptions;
  readonly #cluster: Cluster;
  readonly #kafka: GroupMember;
  readonly #leases = new Map<number, Lease>();
  /** Offsets that lag tools have been shown. */
  readonly #shown = new Map<number, number>();
  #registered = false;
  #rebalances = 0;
  #expulsions = 0;
  #unshown = 0;

  constructor(options: KafkaMembershipOptions) {
    this.#options = options;
    const { connection, clock, group, topic, timeout = TIMEOUT, rebalanceTimeout = REBALANCE_TIMEOUT } = options;
    this.#cluster = new Cluster({ client: clientOptions(connection), clock, timeout });
    this.#kafka = new GroupMember({
      cluster: this.#cluster,
      group,
      topic,
      rebalanceTimeout,
      ...(options.instance === undefined ? {} : { instance: options.instance }),
    });
  }

  get status(): MembershipStatus {
    const partitions = [...this.#leases.keys()].sort((a, b) => a - b);
    return { kafkaMember: this.#kafka.id, partitions, rebalances: this.#rebalances, expulsions: this.#expulsions, unshown: this.#unshown };
  }

  async heartbeat(): Promise<Assignment> {
    const before = this.status.partitions.join();
    const { assigned, lost } = await this.#kafka.heartbeat([...this.#leases.keys()]);
    if (lost) {
      this.#expulsions += 1;
      this.#leases.clear();
      this.#shown.clear();
    }
    if (!this.#registered) await this.#register();
    const rows = await this.#rows();
    for (const partition of assigned) {
      const row = rows.get(partition);
      // Retired since it was registered: again at the next heartbeat.
      if (row === undefined) this.#registered = false;
      else if (this.#leases.get(partition)?.generation !== Number(row.generation)) await this.#claim(partition);
    }
    await this.#show(rows);
    if (this.status.partitions.join() !== before) this.#rebalances += 1;
    const leases = [...this.#leases.values()].sort((a, b) => a.partition - b.partition);
    return { leases, release: leases.filter((lease) => !assigned.includes(lease.partition)) };
  }

  async release(lease: Lease): Promise<void> {
    if (this.#leases.get(lease.partition)?.generation === lease.generation) {
      this.#leases.delete(lease.partition);
      this.#shown.delete(lease.partition);
      this.#rebalances += 1;
    }
    await disown(this.#options.pool, lease, this.#options.member);
  }

  async report(lease: Lease, offset: number): Promise<void> {
    await reportOffset(this.#options.pool, lease, offset);
  }

  async leave(): Promise<void> {
    const { pool, member } = this.#options;
    try {
      for (const lease of this.#leases.values()) await disown(pool, lease, member);
      this.#leases.clear();
      await this.#kafka.leave();
    } finally {
      await this.#cluster.close();
    }
  }

  async #register(): Promise<void> {
    const { pool, topic, group, startingOffsets = 'earliest' } = this.#options;
    const starts = await listOffsets(this.#cluster, topic, startingOffsets === 'earliest' ? 'low' : 'stable');
    await registerConsumer(pool, { log: topic, group }, starts);
    this.#registered = true;
  }

  async #claim(partition: number): Promise<void> {
    const { pool, topic, group, member } = this.#options;
    this.#leases.delete(partition);
    const lease = await raiseGeneration(pool, { log: topic, group, partition }, member);
    await fence(this.#options, lease);
    this.#leases.set(partition, lease);
  }

  /** The group's rows: who had the last word on each partition, and how far it has come. */
  async #rows(): Promise<ReadonlyMap<number, Row>> {
    const { pool, topic, group } = this.#options;
    try {
      const { rows } = await pool.query<Row>({
        name: 'stream-kafka-membership',
        text: `SELECT partition, l.generation, o.next_offset FROM stream.consumer_lease l JOIN stream.consumer_offset o USING (log, consumer_group, partition)
                WHERE log = $1 AND consumer_group = $2`,
        values: [topic, group],
      });
      return new Map(rows.map((row) => [row.partition, row]));
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Shows Kafka's tools how far the group has come. Nothing depends on it, so a failure is counted and tried again, and stops nothing. */
  async #show(rows: ReadonlyMap<number, Row>): Promise<void> {
    const moved = new Map<number, number>();
    for (const partition of this.#leases.keys()) {
      const offset = Number(rows.get(partition)?.next_offset ?? 0);
      if (this.#shown.get(partition) !== offset) moved.set(partition, offset);
    }
    try {
      await this.#kafka.commit(moved);
      for (const [partition, offset] of moved) this.#shown.set(partition, offset);
    } catch {
      this.#unshown += 1;
    }
  }
}
