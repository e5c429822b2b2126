/**
 * Carries the records of a log to a topic of Kafka, in order and each once for whoever reads committed records.
 *
 * A partition of a relay has a transactional id of its own. Each batch is one transaction: its records, and the position after them in a
 * compacted topic. The position also names the generation of the owner's lease, so that no other store is needed.
 *
 * | state    | is left by                                            | to                                                             |
 * |----------|-------------------------------------------------------|----------------------------------------------------------------|
 * | closed   | open, or a write                                      | opening                                                        |
 * | opening  | a younger generation stands in the position           | fenced                                                         |
 * |          | producer id taken, what hangs ended, position read AFTER that, own generation committed with it | ready                |
 * |          | something hangs that cannot be ended                  | closed, nothing written                                        |
 * |          | the producer id was lost meanwhile                    | opening, from the start: who is younger wins                   |
 * |          | no answer in time                                     | closed                                                         |
 * | ready    | a write at the position, the transaction before has left both partitions | in transaction                              |
 * |          | a write, and the transaction before hangs in one of them | opening                                                     |
 * | in transaction | the brokers will not take a record (its batch is halved until it stands alone) | ready: aborted, record named |
 * |          | any other error, or an abort, before the commit       | unknown: aborted at once where that is safe, else by the next open |
 * |          | commit asked for and confirmed                        | ready, position moved                                          |
 * |          | commit asked for and not confirmed in time            | unknown                                                        |
 * |          | the producer id was lost, and another owner stands in the position | fenced                                            |
 * |          | the producer id was lost, and nobody else does (an old owner knocked, or the transaction took too long) | unknown      |
 * | unknown  | open, or a write: the position tells what happened    | opening                                                        |
 * | fenced   | open, or a write with a younger lease                 | opening                                                        |
 *
 * Why nothing is doubled: taking the producer id over ends the transactions of all older owners, one way or the other, before the position
 * is read, and shuts them out; where the brokers only say so and leave one open, relay-hanging.ts ends it. So a position read holds until
 * its reader writes, or is shut out itself. The generation only decides who steps back: an old owner that wakes finds the younger one's
 * and leaves, and where it has shut that one out for a moment, the younger opens again.
 *
 * A write resolves when its commit is durable: no crash undoes it. Readers of committed records see it when the brokers have written the
 * markers of the commit, a moment later. Whoever reads uncommitted records may see records of aborted transactions, so some twice.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Lease, Refusal, Sink, SinkBatch, SinkBatching, SinkResult } from '@kidjamo/stream';

import { encodeBatch, sendChunks } from './relay-batch.ts';
import type { RelayChunk } from './relay-batch.ts';
import { endHanging, hasLeft } from './relay-hanging.ts';
import type { Relayed } from './relay-hanging.ts';
import { BATCHING, CHUNK_BYTES, MAX_MESSAGE_BYTES, TIMEOUT, TRANSACTION_TIMEOUT } from './relay-options.ts';
import type { KafkaRelaySinkOptions } from './relay-options.ts';
import { NO_RECORDS, positionMessage, RELAY_POSITIONS, RelayPositions } from './relay-positions.ts';
import type { FoundPosition } from './relay-positions.ts';
import { RelayProducer } from './relay-producer.ts';
import type { ProducerIdentity } from './relay-producer.ts';
import { IdentityLost, RelayTime } from './relay-time.ts';

/** Wait before a partition is opened again after another owner came in between, ms: longer each time. */
const STEP_ASIDE = 20;

/** What one partition is about. */
interface Lane {
  readonly producer: RelayProducer;
  readonly key: string;
  state: 'closed' | 'ready' | 'unknown' | 'fenced';
  generation: number;
  position: number;
  identity: ProducerIdentity | undefined;
  /** Ends when the call under way does. */
  turn: Promise<unknown>;
}

/** See above. Doubled records are seen by readers of uncommitted records only. */
export class KafkaRelaySink implements Sink {
  readonly name: string;
  readonly log: string;
  readonly batching: SinkBatching;
  readonly #options: KafkaRelaySinkOptions;
  readonly #positions: RelayPositions;
  readonly #lanes = new Map<number, Lane>();
  readonly #closing = new AbortController();

  /** @throws KidjamoError CONFIG_INVALID when name or times cannot be used. */
  constructor(options: KafkaRelaySinkOptions) {
    const { name, timeout = TIMEOUT, transactionTimeout = TRANSACTION_TIMEOUT } = options;
    if (!/^[a-z][a-z0-9-]{0,200}$/.test(name)) {
      throw new KidjamoError('CONFIG_INVALID', 'the name of a relay is up to 200 small letters, digits and dashes');
    }
    if (timeout >= transactionTimeout) {
      throw new KidjamoError(
        'CONFIG_INVALID',
        `a relay's timeout (${timeout} ms) must be below its transactionTimeout (${transactionTimeout} ms)`,
      );
    }
    this.name = name;
    this.log = options.log;
    this.batching = { ...BATCHING, ...options.batching };
    this.#options = options;
    this.#positions = new RelayPositions(options.cluster, options.positions ?? RELAY_POSITIONS);
  }

  async open(lease: Lease): Promise<number> {
    return this.#call(lease.partition, this.#closing.signal, (lane, time) => this.#takeOver(lane, lease, time));
  }

  async write(batch: SinkBatch, signal: AbortSignal): Promise<SinkResult> {
    const { lease, from } = batch;
    return this.#call(lease.partition, AbortSignal.any([signal, this.#closing.signal]), async (lane, time) => {
      const current = lane.generation === lease.generation;
      if (lane.generation > lease.generation || (current && lane.state === 'fenced')) throw fenced(lease);
      while (!(await this.#isReady(lane, lease, time))) await this.#takeOver(lane, lease, time);
      if (lane.position !== from) throw fenced(lease);
      const { encode, maxMessageBytes = MAX_MESSAGE_BYTES } = this.#options;
      const limits = { maxMessageBytes, maxChunkBytes: CHUNK_BYTES };
      const { refused, chunks } = await encodeBatch(batch.records, { encode, limits, time });
      return { refused: refused.length > 0 ? refused : await this.#commit(lane, { batch, chunks, time }) };
    });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.turn));
  }

  /** One call at a time for each partition. */
  async #call<T>(partition: number, signal: AbortSignal, action: (lane: Lane, time: RelayTime) => Promise<T>): Promise<T> {
    const lane = this.#lane(partition);
    const mine = lane.turn.then(async () => {
      const time = new RelayTime({ clock: this.#options.cluster.options.clock, ms: this.#options.timeout ?? TIMEOUT, signal });
      try {
        time.check();
        return await action(lane, time);
      } finally {
        time.end();
      }
    });
    lane.turn = mine.catch(() => undefined); // the caller has the error
    return mine;
  }

  /** Whether the next transaction may begin. */
  async #isReady(lane: Lane, lease: Lease, time: RelayTime): Promise<boolean> {
    if (lane.generation !== lease.generation || lane.state !== 'ready') return false;
    // If it cannot be found out, the next write takes over.
    lane.state = 'unknown';
    const ready = await hasLeft(time, this.#relayed(lane, lease));
    if (ready) lane.state = 'ready';
    return ready;
  }

  /** Takes the producer id over, learns the position, and makes the lease's generation the current one. */
  async #takeOver(lane: Lane, lease: Lease, time: RelayTime): Promise<number> {
    lane.state = 'closed';
    for (let wait = STEP_ASIDE; ; wait *= 2) {
      time.check();
      // Asked first, so that an old owner that knocks does not shut the current one out.
      this.#stepBack(lane, lease, (await this.#positions.find(time, lane.key)).decided);
      await this.#checkTarget(lease, time);
      lane.identity = await lane.producer.init(time);
      let position: number;
      try {
        const found = await endHanging(time, this.#relayed(lane, lease));
        this.#stepBack(lane, lease, found);
        position = found?.position ?? 0;
        await lane.producer.begin(time, [this.#positions.at]);
        await this.#writePosition(lane, { lease, position, first: NO_RECORDS, time });
        await lane.producer.end(time, 'commit');
      } catch (error) {
        if (!(error instanceof IdentityLost)) throw error;
        await time.rest(wait);
        continue;
      }
      lane.state = 'ready';
      lane.generation = lease.generation;
      lane.position = position;
      return position;
    }
  }

  /** @throws KidjamoError FENCED when a younger generation holds the partition; CONFIG_INVALID when the name has another use. */
  #stepBack(lane: Lane, lease: Lease, found: FoundPosition | undefined): void {
    if (found === undefined) return;
    const { log, topic } = this.#options;
    if (found.log !== log || found.topic !== topic) {
      throw new KidjamoError('CONFIG_INVALID', `relay ${this.name} already connects another log or topic: give this one a name of its own`);
    }
    if (found.generation <= lease.generation) return;
    lane.state = 'fenced';
    lane.generation = Math.max(lane.generation, lease.generation);
    throw fenced(lease);
  }

  /** Writes a batch and the position after it. Tells which records the brokers refuse; then nothing is written. */
  async #commit(
    lane: Lane,
    { batch, chunks, time }: { batch: SinkBatch; chunks: readonly RelayChunk[]; time: RelayTime },
  ): Promise<readonly Refusal[]> {
    const { lease, to } = batch;
    const { producer, target } = this.#relayed(lane, lease);
    lane.state = 'unknown';
    let asked = false;
    try {
      await this.#checkTarget(lease, time);
      await producer.begin(time, chunks.length === 0 ? [this.#positions.at] : [target, this.#positions.at]);
      const { first = NO_RECORDS, refused } = await sendChunks(chunks, (messages) => producer.send(time, target, messages));
      if (refused.length === 0) await this.#writePosition(lane, { lease, position: to, first, time });
      time.check();
      asked = true;
      await producer.end(time, refused.length === 0 ? 'commit' : 'abort');
      lane.state = 'ready';
      if (refused.length === 0) lane.position = to;
      return refused;
    } catch (error) {
      if (error instanceof IdentityLost) throw await this.#whoHasIt(lane, lease, time);
      // Readers of committed records need not wait for the next open. Where it fails, that ends the transaction.
      if (!asked && !producer.uncertain && !time.over) await producer.end(time, 'abort').catch(() => undefined);
      throw error;
    }
  }

  async #checkTarget(lease: Lease, time: RelayTime): Promise<void> {
    const { cluster, topic } = this.#options;
    const { length } = await time.persist({ what: 'finding the topic of a relay', action: (fresh) => cluster.places(topic, fresh) });
    if (lease.partition < length) return;
    throw new KidjamoError('CONFIG_INVALID', `topic ${topic} has ${length} partitions, the log has more: give the topic as many`);
  }

  async #writePosition(
    lane: Lane,
    { lease, position, first, time }: { lease: Lease; position: number; first: number; time: RelayTime },
  ): Promise<void> {
    const { log, topic } = this.#options;
    const message = positionMessage(lane.key, { log, topic, position, generation: lease.generation, first });
    if ((await lane.producer.send(time, this.#positions.at, [message])) === undefined) {
      throw new KidjamoError(
        'CONFIG_INVALID',
        `topic ${this.#positions.at.topic} does not take the position of a relay: check its settings`,
      );
    }
  }

  /** Why the producer id was lost. */
  async #whoHasIt(lane: Lane, lease: Lease, time: RelayTime): Promise<KidjamoError> {
    const { decided: found } = await this.#positions.find(time, lane.key);
    const { identity } = lane;
    if (found === undefined || (found.writer.id === identity?.id && found.writer.epoch === identity.epoch)) {
      return new KidjamoError('SINK_UNAVAILABLE', 'the relay was shut out for a moment, or its transaction took too long');
    }
    lane.state = 'fenced';
    return fenced(lease);
  }

  #relayed({ producer, key }: Lane, { partition }: Lease): Relayed {
    const { cluster, topic } = this.#options;
    return { cluster, producer, target: { topic, partition }, positions: this.#positions, key };
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      const { cluster, compression = 'none', transactionTimeout = TRANSACTION_TIMEOUT } = this.#options;
      const transactionalId = `kidjamo-${this.name}-${partition}`;
      lane = {
        producer: new RelayProducer({ cluster, transactionalId, transactionTimeout, compression }),
        key: `${this.name}/${partition}`,
        state: 'closed',
        generation: -1,
        position: 0,
        identity: undefined,
        turn: Promise.resolve(),
      };
      this.#lanes.set(partition, lane);
    }
    return lane;
  }
}

function fenced(lease: Lease): KidjamoError {
  return new KidjamoError('FENCED', `partition ${lease.partition} has another owner than generation ${lease.generation}, or has moved on`);
}
