/**
 * A producer with a transactional id, of which the youngest only may write.
 *
 * It speaks the client's protocol functions. Its Producer would drop partitions that are added concurrently (all share one key of
 * deduplication), asks for producer id 0 where it means "a new epoch", and learns nothing of the epoch that fenced it.
 *
 * Every step may be repeated without harm: adding partitions and ending are idempotent within an epoch, and a batch sent again has the
 * sequence number that it had. So an answer that is lost is asked for again while there is time.
 */

import {
  addPartitionsToTxnV3,
  describeTransactionsV0,
  endTxnV3,
  findCoordinatorV4,
  FindCoordinatorKeyTypes,
  initProducerIdV4,
  NumericMap,
  produceV9,
  ProduceAcks,
} from '@platformatic/kafka';
import type { Broker, CompressionAlgorithmValue, Connection, MessageRecord } from '@platformatic/kafka';

import { brokerSaid } from './connection.ts';
import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster } from './kafka-log-cluster.ts';
import { IdentityLost } from './relay-time.ts';
import type { RelayTime } from './relay-time.ts';

/** What the coordinator gave the producer: of one transactional id, the youngest counts. */
export interface ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
}

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A message for {@link RelayProducer.send}. */
export interface RelayMessage {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

export interface RelayProducerOptions {
  readonly cluster: Cluster;
  readonly transactionalId: string;
  /** How long a transaction may stay open when its producer is gone; readers of committed records wait for it, ms. */
  readonly transactionTimeout: number;
  readonly compression: CompressionAlgorithmValue;
}

/** Sequence numbers begin anew after 2^31 - 1. */
const SEQUENCES = 2 ** 31;

/** What a broker says to a batch that it will never take. */
const REFUSED = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'INVALID_RECORD', 'INVALID_TIMESTAMP'];

/** States of a transactional id whose last transaction has its markers, or was given up. */
const DONE = ['Empty', 'CompleteCommit', 'CompleteAbort'];

export class RelayProducer {
  readonly #options: RelayProducerOptions;
  readonly #sequences = new Map<string, number>();
  #identity: ProducerIdentity | undefined;
  #coordinator: Broker | undefined;
  #unanswered = 0;

  constructor(options: RelayProducerOptions) {
    this.#options = options;
  }

  /** True while a batch may be on its way: ending the transaction now could leave it outside. */
  get uncertain(): boolean {
    return this.#unanswered > 0;
  }

  /**
   * Takes the transactional id over. What an older producer had open is aborted, or committed if it had got that far, when this resolves:
   * for the coordinator; relay-hanging.ts tells why that is not all.
   */
  async init(time: RelayTime): Promise<ProducerIdentity> {
    const { cluster, transactionalId, transactionTimeout } = this.#options;
    const { producerId: id, producerEpoch: epoch } = await time.persist({
      what: 'taking over the transactions of a relay',
      action: async (fresh) =>
        initProducerIdV4.api.async(await this.#toCoordinator(cluster, fresh), transactionalId, transactionTimeout, -1n, -1),
    });
    this.#sequences.clear();
    this.#unanswered = 0;
    this.#identity = { id, epoch };
    return this.#identity;
  }

  /** Begins a transaction over these partitions: all in one request. */
  async begin(time: RelayTime, partitions: readonly TopicPartition[]): Promise<void> {
    const { id, epoch } = this.identity;
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, all]) => ({
      name,
      partitions: all.map(({ partition }) => partition),
    }));
    const { cluster, transactionalId } = this.#options;
    await time.persist({
      what: 'beginning a transaction',
      action: async (fresh) =>
        addPartitionsToTxnV3.api.async(await this.#toCoordinator(cluster, fresh), [
          { transactionalId, producerId: id, producerEpoch: epoch, verifyOnly: false, topics },
        ]),
    });
  }

  /** Writes one batch within the transaction. Its first offset; undefined, with nothing written, when the broker will never take it. */
  async send(time: RelayTime, { topic, partition }: TopicPartition, messages: readonly RelayMessage[]): Promise<number | undefined> {
    const { cluster, transactionalId, compression } = this.#options;
    const { id: producerId, epoch: producerEpoch } = this.identity;
    const key = `${topic}:${partition}`;
    const sequence = this.#sequences.get(key) ?? 0;
    const sequences = new NumericMap([[key, sequence]]);
    const timestamp = BigInt(Math.trunc(cluster.options.clock.now()));
    const records = messages.map((message): MessageRecord => ({ ...message, topic, partition, timestamp }));
    const first = await time.persist({
      what: 'writing records',
      action: async (fresh) => {
        const place = (await cluster.places(topic, fresh))[partition];
        if (place === undefined) throw unavailable(`topic ${topic} has no partition ${partition}: make it first`);
        const connection = await cluster.connect(place.broker, this.lane);
        const options = { compression, transactionalId, producerId, producerEpoch, sequences };
        this.#unanswered += 1;
        try {
          const answer = await produceV9.api.async(connection, ProduceAcks.ALL, cluster.options.timeout, records, options);
          this.#unanswered = 0;
          // Of a batch that the broker has already, from a try whose answer was lost, it tells where that stands.
          const offset = typeof answer === 'boolean' ? undefined : answer.responses[0]?.partitionResponses[0]?.baseOffset;
          if (offset === undefined) throw unavailable('a batch was answered without its partition');
          return Number(offset);
        } catch (error) {
          if (!REFUSED.some((said) => brokerSaid(error, said))) throw error;
          this.#unanswered = 0;
          return undefined;
        }
      },
    });
    if (first !== undefined) this.#sequences.set(key, (sequence + messages.length) % SEQUENCES);
    return first;
  }

  /** Ends the transaction. Resolves when the outcome is durable; what becomes visible does so all at once for each partition. */
  async end(time: RelayTime, outcome: 'commit' | 'abort'): Promise<void> {
    const { id, epoch } = this.identity;
    const { cluster, transactionalId } = this.#options;
    await time.persist({
      what: `the ${outcome} of a transaction`,
      settles: true,
      action: async (fresh) =>
        endTxnV3.api.async(await this.#toCoordinator(cluster, fresh), transactionalId, id, epoch, outcome === 'commit'),
    });
  }

  /**
   * Whether the coordinator is done with the last transaction: its markers are written, or it has given them up.
   * @throws IdentityLost when another producer has the transactional id.
   */
  async isDone(time: RelayTime): Promise<boolean> {
    const { id, epoch } = this.identity;
    const { cluster, transactionalId } = this.#options;
    const { transactionStates } = await time.persist({
      what: 'asking for the state of a transaction',
      action: async (fresh) => describeTransactionsV0.api.async(await this.#toCoordinator(cluster, fresh), [transactionalId]),
    });
    const [found] = transactionStates;
    if (found?.producerId !== id || found.producerEpoch !== epoch) throw new IdentityLost('the transactional id has another owner');
    return DONE.includes(found.transactionState);
  }

  /** Connections of its own: another relay's long request is not waited for. */
  get lane(): string {
    return this.#options.transactionalId;
  }

  /** What the coordinator gave it last. @throws IdentityLost before {@link RelayProducer.init}. */
  get identity(): ProducerIdentity {
    if (this.#identity === undefined) throw new IdentityLost('the producer was not opened');
    return this.#identity;
  }

  async #toCoordinator(cluster: Cluster, fresh: boolean): Promise<Connection> {
    if (fresh) this.#coordinator = undefined;
    this.#coordinator ??= await this.#findCoordinator(cluster);
    return cluster.connect(this.#coordinator, this.lane);
  }

  async #findCoordinator(cluster: Cluster): Promise<Broker> {
    const connection = await cluster.anyone(this.lane);
    const { coordinators } = await findCoordinatorV4.api.async(connection, FindCoordinatorKeyTypes.TRANSACTION, [
      this.#options.transactionalId,
    ]);
    const [found] = coordinators;
    if (found === undefined) throw unavailable('nobody coordinates the transactions of the relay just now');
    return { host: found.host, port: found.port };
  }
}
