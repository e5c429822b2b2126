/**
 * Where relays stand, in a compacted topic of one partition.
 *
 * It is not kept as the offset of a consumer group: those are forgotten some days after a group was last seen, and a relay that begins
 * again from 0 would write everything twice. One partition, because a key that moved to another would be forgotten, too.
 *
 * A reader of committed records would have to wait for every relay that has a transaction open; one that hangs would hold up all others.
 * So this one reads up to the high watermark and heeds the markers itself: of the key it is after, nothing is undecided any more once the
 * producer id was taken over and what hangs was ended. The end comes from ListOffsets, which a new leader refuses to answer until it knows what is committed
 * (KIP-207); the high watermark in its fetches may go back for a moment.
 */

import { FetchIsolationLevels, listOffsetsV7, ListOffsetTimestamps } from '@platformatic/kafka';
import type { fetchV13, RecordsBatch } from '@platformatic/kafka';
import { KidjamoError } from '@kidjamo/stream';

import { brokerSaid } from './connection.ts';
import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster } from './kafka-log-cluster.ts';
import { fetchAll } from './relay-fetch.ts';
import { isTransactional, markerOf } from './transaction-batch.ts';
import type { ProducerIdentity, RelayMessage, TopicPartition } from './relay-producer.ts';
import type { RelayTime } from './relay-time.ts';
import type { TopicSpec } from './topics.ts';

/** Name of the topic with the positions of relays. */
export const RELAY_POSITIONS = 'kidjamo-relay-positions';

/**
 * The topic with the positions of relays. Small segments are compacted soon: each transaction writes a position, and whoever opens a
 * relay reads what is left. `replication`: brokers that hold a copy.
 */
export function relayPositionsTopic(replication: number, name: string = RELAY_POSITIONS): TopicSpec {
  return {
    name,
    partitions: 1,
    replication,
    config: {
      'cleanup.policy': 'compact',
      'segment.bytes': String(8 << 20),
      'segment.ms': String(10 * 60_000),
      'min.cleanable.dirty.ratio': '0.1',
      'delete.retention.ms': String(10 * 60_000),
      'min.insync.replicas': replication >= 3 ? '2' : '1',
      'unclean.leader.election.enable': 'false',
    },
  };
}

/** What a relay has carried of a partition. */
export interface RelayPosition {
  /** The log and the topic that the relay connects: another pair under the same name would be a mistake. */
  readonly log: string;
  readonly topic: string;
  /** The next offset of the log wanted. */
  readonly position: number;
  /** Generation of the lease of the owner. */
  readonly generation: number;
  /**
   * Offset in the topic of the first record that its transaction wrote there; {@link NO_RECORDS} when it wrote none. It tells which
   * records belong to the position where the brokers left a transaction open: see relay-hanging.ts.
   */
  readonly first: number;
}

/** In place of {@link RelayPosition.first}. */
export const NO_RECORDS = -1;

/** A position found, with the producer that wrote it. */
export interface FoundPosition extends RelayPosition {
  readonly writer: ProducerIdentity;
}

/** What stands under a key. */
export interface FoundPositions {
  /** The last one committed. */
  readonly decided: FoundPosition | undefined;
  /** Those in transactions that are open: each the last of its producer id. */
  readonly undecided: readonly FoundPosition[];
}

interface Entry {
  readonly value: Buffer;
  readonly writer: ProducerIdentity;
}

const LANE = 'relay-positions';

export class RelayPositions {
  readonly at: TopicPartition;
  readonly #cluster: Cluster;
  /** Bounded by the number of relays and partitions. */
  readonly #decided = new Map<string, Entry>();
  readonly #open = new Map<bigint, Map<string, Entry>>();
  #next = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster;
    this.at = { topic, partition: 0 };
  }

  /** What stands under a key, of all that was there when this was called. */
  async find(time: RelayTime, key: string): Promise<FoundPositions> {
    const turn = this.#turn.then(() => this.#readOn(time));
    this.#turn = turn.catch(() => undefined); // an error is the caller's; the next one reads on
    await turn;
    const decided = this.#decided.get(key);
    const undecided = [...this.#open.values()].map((written) => written.get(key)).filter((entry) => entry !== undefined);
    return { decided: decided && foundPosition(decided), undecided: undecided.map(foundPosition) };
  }

  async #readOn(time: RelayTime): Promise<void> {
    const end = await time.persist({ what: 'finding the end of the positions', action: (fresh) => this.#list('end', fresh) });
    // Less than there was: the topic was made anew.
    if (end < this.#next) this.#forget();
    while (this.#next < end) {
      const answer = await time.persist({ what: 'reading the positions', action: (fresh) => this.#fetch(fresh) });
      const batches = answer.records ?? [];
      for (const batch of batches) this.#take(batch);
      // What compaction removed at the end leaves nothing to fetch.
      if (batches.length === 0) this.#next = Math.max(this.#next, Number(answer.highWatermark));
    }
  }

  #take(batch: RecordsBatch): void {
    const base = Number(batch.firstOffset);
    if (base + batch.lastOffsetDelta < this.#next) return;
    this.#next = base + batch.lastOffsetDelta + 1;
    const writer = { id: batch.producerId, epoch: batch.producerEpoch };
    const outcome = markerOf(batch);
    if (outcome !== undefined) {
      const written = this.#open.get(writer.id);
      this.#open.delete(writer.id);
      if (outcome === 'commit') for (const [key, entry] of written ?? []) this.#decided.set(key, entry);
      return;
    }
    let into = this.#decided;
    if (isTransactional(batch)) {
      into = this.#open.get(writer.id) ?? new Map<string, Entry>();
      this.#open.set(writer.id, into);
    }
    // A copy, so that a position does not keep a whole answer in memory.
    for (const { key, value } of batch.records) into.set(String(key), { value: Buffer.from(value ?? ''), writer });
  }

  async #fetch(fresh: boolean): Promise<fetchV13.FetchResponsePartition> {
    try {
      return await fetchAll({ cluster: this.#cluster, at: this.at, offset: this.#next, lane: LANE, fresh });
    } catch (error) {
      if (brokerSaid(error, 'OFFSET_OUT_OF_RANGE')) {
        this.#forget();
        this.#next = await this.#list('start', true);
      }
      throw error;
    }
  }

  async #list(which: 'start' | 'end', fresh: boolean): Promise<number> {
    const { topic, partition } = this.at;
    const places = await this.#cluster.places(topic, fresh);
    if (places.length !== 1) {
      throw new KidjamoError('CONFIG_INVALID', `topic ${topic} has ${places.length} partitions: the positions of relays need exactly one`);
    }
    const timestamp = which === 'start' ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST;
    const { topics } = await listOffsetsV7.api.async(
      await this.#cluster.connect(places[0]?.broker, LANE),
      -1,
      FetchIsolationLevels.READ_UNCOMMITTED,
      [{ name: topic, partitions: [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }] }],
    );
    const found = topics[0]?.partitions[0];
    if (found === undefined) throw unavailable('offsets were listed without the partition');
    return Number(found.offset);
  }

  #forget(): void {
    this.#decided.clear();
    this.#open.clear();
    this.#next = 0;
  }
}

/** A position as a message of the topic. */
export function positionMessage(key: string, position: RelayPosition): RelayMessage {
  return { key: Buffer.from(key), value: Buffer.from(JSON.stringify(position)), headers: new Map() };
}

function foundPosition({ value, writer }: Entry): FoundPosition {
  return { ...parsePosition(value), writer };
}

function parsePosition(value: Buffer): RelayPosition {
  const text = value.toString();
  try {
    const { log, topic, position, generation, first } = JSON.parse(text) as Partial<Record<keyof RelayPosition, unknown>>;
    if (typeof log === 'string' && typeof topic === 'string' && isCount(position) && isCount(generation)) {
      if (first === NO_RECORDS || isCount(first)) return { log, topic, position, generation, first };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new KidjamoError('CONFIG_INVALID', 'the position of a relay in its topic is not one: somebody else wrote it; restore the topic');
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
