/**
 * What log and membership need of a Kafka cluster: who leads which partition, connections, and calls that are tried again for a bounded
 * time while a broker is away or a leader moves.
 *
 * Requests are made through the client's protocol functions rather than its Producer and Consumer: those try a request of several
 * partitions again at the leader of its first one, share fetch sessions between concurrent fetches, and acknowledge a revocation before
 * the work on the partition has ended.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import { Base, ConnectionPool } from '@platformatic/kafka';
import type { BaseOptions, Broker, ClusterMetadata, Connection } from '@platformatic/kafka';

import { kafkaFailure } from './connection.ts';

/** How to reach a cluster, and for how long to try. */
export interface ClusterOptions {
  /** Options of the client: servers, TLS, SASL. */
  readonly client: BaseOptions;
  readonly clock: Clock;
  /** How long a call may take, tries and waits included, before it fails with LOG_UNAVAILABLE, ms. */
  readonly timeout: number;
}

/** A partition as its topic's metadata has it. */
export interface PartitionPlace {
  readonly topicId: string;
  /** The leader's node id; -1 while there is none. */
  readonly leader: number;
  readonly broker: Broker | undefined;
}

/** Wait before another try, ms: doubled each time, up to the longest. */
const FIRST_WAIT = 20;
const LONGEST_WAIT = 500;
/** A long poll has to fit into a request, ms. */
const LEAST_REQUEST = 2000;

export class Cluster {
  readonly options: ClusterOptions;
  readonly #base: Base;
  readonly #clientOptions: BaseOptions;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #closed = new AbortController();

  constructor(options: ClusterOptions) {
    this.options = options;
    const { timeout } = options;
    this.#clientOptions = {
      ...options.client,
      retries: 0,
      autocreateTopics: false,
      // One call may hang on one broker; what is left of the time goes to others.
      connectTimeout: Math.min(options.client.connectTimeout ?? timeout, Math.ceil(timeout / 2)),
      requestTimeout: Math.min(options.client.requestTimeout ?? timeout, Math.max(LEAST_REQUEST, Math.ceil(timeout / 2))),
    };
    this.#base = new Base(this.#clientOptions);
  }

  /** Aborts when the cluster is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** The partitions of a topic, in order; from memory unless `fresh`. */
  async places(topic: string, fresh = false): Promise<readonly PartitionPlace[]> {
    const metadata: ClusterMetadata = await this.#base.metadata({ topics: [topic], forceUpdate: fresh });
    const found = metadata.topics.get(topic);
    if (found === undefined) throw unavailable('the topic does not exist: make it first');
    return found.partitions.map((partition) => ({
      topicId: found.id,
      leader: partition.leader,
      broker: metadata.brokers.get(partition.leader),
    }));
  }

  /** A broker by its node id. */
  async broker(id: number): Promise<Broker | undefined> {
    return (await this.#base.metadata({ topics: [] })).brokers.get(id);
  }

  /**
   * A connection to a broker. A broker answers the requests of one connection one after the other, so what may take long has a `lane`
   * of its own.
   */
  async connect(broker: Broker | undefined, lane: string): Promise<Connection> {
    if (broker === undefined) throw unavailable('a partition has no leader just now');
    if (this.closed.aborted) throw unavailable('the log is closed');
    let pool = this.#pools.get(lane);
    if (pool === undefined) {
      pool = new ConnectionPool(this.#clientOptions.clientId, this.#clientOptions);
      this.#pools.set(lane, pool);
    }
    return pool.get(broker);
  }

  /** A connection to any broker. */
  async anyone(lane: string): Promise<Connection> {
    const { brokers } = await this.#base.metadata({ topics: [] });
    let failure: Error = unavailable('no broker is known');
    for (const broker of brokers.values()) {
      try {
        return await this.connect(broker, lane);
      } catch (error) {
        failure = kafkaFailure(error, 'connecting to a broker');
      }
    }
    throw failure;
  }

  /**
   * Calls `action` until it succeeds, with fresh metadata from the second time on. `what` is what it is about, for the message.
   * @throws KidjamoError LOG_UNAVAILABLE when the time is up, the cluster is closed, or no later try can succeed.
   */
  async persist<T>(what: string, action: (fresh: boolean) => Promise<T>): Promise<T> {
    const { clock, timeout } = this.options;
    const until = clock.now() + timeout;
    let wait = FIRST_WAIT;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await action(attempt > 0);
      } catch (error) {
        const failure = kafkaFailure(error, what);
        if (!failure.retryable || this.closed.aborted || clock.now() + wait >= until) throw failure;
      }
      await clock.sleep(wait, this.closed);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  }

  /** Ends all connections; calls under way fail. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await this.#base.close();
  }
}

/** An error that says that the log cannot be used just now. */
export function unavailable(reason: string): KidjamoError {
  return new KidjamoError('LOG_UNAVAILABLE', reason);
}
