/**
 * A member of a Kafka consumer group (KIP-848, the `consumer` protocol): the brokers decide who gets which partition, and take one away
 * from a member only after it has said that it no longer holds it. Each heartbeat is one request, made when the owner asks for it.
 */

import { randomUUID } from 'node:crypto';

import { consumerGroupHeartbeatV1, findCoordinatorV4, FindCoordinatorKeyTypes, offsetCommitV9 } from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';

import { brokerSaid } from './connection.ts';
import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster } from './kafka-log-cluster.ts';

/** Which group, and how. */
export interface GroupMemberOptions {
  readonly cluster: Cluster;
  readonly group: string;
  readonly topic: string;
  /** Makes the membership outlast a restart: the same partitions come back if it returns within the session time-out of the group. */
  readonly instance?: string;
  /** How long the brokers wait for a partition to be given up before they put the member out, ms. */
  readonly rebalanceTimeout: number;
}

/** Member epochs with a meaning of their own. */
const JOIN = 0;
const LEAVE = -1;
const LEAVE_FOR_A_WHILE = -2;

/** The brokers do not know this member any more, or have put it out: what it held is no longer its own. */
const PUT_OUT = ['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH'];
const MOVED = ['NOT_COORDINATOR', 'COORDINATOR_NOT_AVAILABLE'];

const LANE = 'group';

export class GroupMember {
  readonly #options: GroupMemberOptions;
  #id: string = randomUUID();
  #epoch = JOIN;
  #coordinator: number | undefined;
  #assigned: readonly number[] = [];

  constructor(options: GroupMemberOptions) {
    this.#options = options;
  }

  /** What the brokers and their tools call this member. */
  get id(): string {
    return this.#id;
  }

  /**
   * Tells the brokers which partitions are held, and learns which ones should be. `lost` means that the member had been put out and has
   * joined anew: nothing that it held before is its own.
   * @throws KidjamoError LOG_UNAVAILABLE, or CONFIG_INVALID when the brokers refuse us.
   */
  async heartbeat(held: readonly number[]): Promise<{ readonly assigned: readonly number[]; readonly lost: boolean }> {
    try {
      await this.#beat(held);
      return { assigned: this.#assigned, lost: false };
    } catch (error) {
      if (!PUT_OUT.some((apiId) => saidSomewhere(error, apiId))) throw error;
      this.#epoch = JOIN;
      this.#assigned = [];
      // Another id, so that what is still under way of the old one cannot be mistaken for it.
      this.#id = randomUUID();
      await this.#beat([]);
      return { assigned: this.#assigned, lost: true };
    }
  }

  async #beat(held: readonly number[]): Promise<void> {
    const { cluster, group, topic, instance = null, rebalanceTimeout } = this.#options;
    await this.#withCoordinator('keeping up the consumer group', async (connection, topicId) => {
      const owned = this.#epoch === JOIN || held.length === 0 ? [] : [{ topicId, partitions: [...held] }];
      const answer = await consumerGroupHeartbeatV1.api.async(
        connection,
        group,
        this.#id,
        this.#epoch,
        instance,
        null,
        rebalanceTimeout,
        [topic],
        null,
        null,
        owned,
      );
      if (cluster.closed.aborted) return;
      this.#epoch = answer.memberEpoch;
      if (answer.assignment === null) return;
      const ours = answer.assignment.topicPartitions.filter((each) => each.topicId === topicId);
      this.#assigned = ours.flatMap((each) => each.partitions).sort((a, b) => a - b);
    });
  }

  /** Shows lag tools how far the group has come. The truth is elsewhere. */
  async commit(offsets: ReadonlyMap<number, number>): Promise<void> {
    const { group, topic, instance = null } = this.#options;
    if (offsets.size === 0) return;
    const partitions = [...offsets].map(([partitionIndex, offset]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }));
    await this.#withCoordinator('showing offsets', (connection) =>
      offsetCommitV9.api.async(connection, group, this.#epoch, this.#id, instance, [{ name: topic, partitions }]),
    );
  }

  /** Leaves the group: at once, or, with an instance name, for as long as the session lasts. */
  async leave(): Promise<void> {
    const { group, topic, instance = null } = this.#options;
    if (this.#epoch === JOIN) return;
    const epoch = instance === null ? LEAVE : LEAVE_FOR_A_WHILE;
    try {
      await this.#withCoordinator('leaving the consumer group', (connection) =>
        consumerGroupHeartbeatV1.api.async(connection, group, this.#id, epoch, instance, null, -1, [topic], null, null, []),
      );
    } catch (error) {
      // Put out already: there is nothing to leave.
      if (!PUT_OUT.some((apiId) => saidSomewhere(error, apiId))) throw error;
    }
    this.#epoch = JOIN;
    this.#assigned = [];
  }

  /** Calls `action` with a connection to the coordinator of the group, found anew when it has moved. */
  async #withCoordinator<T>(what: string, action: (connection: Connection, topicId: string) => Promise<T>): Promise<T> {
    const { cluster, topic } = this.#options;
    let out: { error: unknown } | undefined;
    const result = await cluster.persist(what, async (fresh) => {
      const place = (await cluster.places(topic, fresh))[0];
      if (place === undefined) throw unavailable('the topic of the group has no partitions');
      this.#coordinator ??= await this.#findCoordinator();
      try {
        return await action(await cluster.connect(await cluster.broker(this.#coordinator), LANE), place.topicId);
      } catch (error) {
        if (PUT_OUT.some((apiId) => brokerSaid(error, apiId))) {
          // To be dealt with by the caller, not by another try.
          out = { error };
          return undefined;
        }
        if (!(error instanceof Error && 'response' in error) || MOVED.some((apiId) => brokerSaid(error, apiId)))
          this.#coordinator = undefined;
        throw error;
      }
    });
    if (out !== undefined) throw out.error;
    return result as T;
  }

  async #findCoordinator(): Promise<number> {
    const { cluster, group } = this.#options;
    const answer = await findCoordinatorV4.api.async(await cluster.anyone(LANE), FindCoordinatorKeyTypes.GROUP, [group]);
    const [found] = answer.coordinators;
    if (found === undefined || found.errorCode !== 0) throw unavailable('the group has no coordinator just now');
    return found.nodeId;
  }
}

function saidSomewhere(error: unknown, apiId: string): boolean {
  return brokerSaid(error, apiId) || (error instanceof Error && brokerSaid(error.cause, apiId));
}
