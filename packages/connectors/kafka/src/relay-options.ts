/** What a relay is told, and what it takes when it is not told. */

import type { Clock, SinkBatching } from '@kidjamo/stream';
import type { CompressionAlgorithmValue } from '@platformatic/kafka';

import { clientOptions } from './connection.ts';
import type { KafkaConnection } from './connection.ts';
import { Cluster } from './kafka-log-cluster.ts';
import type { RelayEncoder } from './relay-batch.ts';

/** What a relay connects, and how. */
export interface KafkaRelaySinkOptions {
  /** Name of the sink and its consumer group; with the partition, of its transactions. Never give it to another log or topic. */
  readonly name: string;
  /** The log that is read. */
  readonly log: string;
  /** The topic written to. Partition n of the log goes to its partition n. */
  readonly topic: string;
  readonly encode: RelayEncoder;
  /** From {@link relayCluster}, shared by the relays of a process; the caller closes it after them. */
  readonly cluster: Cluster;
  /** The compacted topic, see {@link relayPositionsTopic}. */
  readonly positions?: string;
  readonly batching?: Partial<SinkBatching>;
  /** `none` when absent. */
  readonly compression?: CompressionAlgorithmValue;
  /** A message beyond it is refused without asking the brokers, bytes. 16 MiB when absent. */
  readonly maxMessageBytes?: number;
  /** How long an open or a write may take, ms. 15 s when absent. */
  readonly timeout?: number;
  /**
   * How long readers of committed records wait for a transaction whose relay is gone, ms; more than `timeout`, or a slow write would be
   * shut out. 30 s when absent.
   */
  readonly transactionTimeout?: number;
}

/** Few transactions when there is much to carry, and a short wait when there is little. */
export const BATCHING: SinkBatching = { maxRecords: 5000, maxBytes: 4 << 20, maxDelay: 10 };
/** See {@link KafkaRelaySinkOptions}. */
export const TIMEOUT = 15_000;
/** See {@link KafkaRelaySinkOptions}. */
export const TRANSACTION_TIMEOUT = 30_000;
/** See {@link KafkaRelaySinkOptions}. */
export const MAX_MESSAGE_BYTES = 16 << 20;
/** Bytes of messages in one batch of a topic: below the 1,048,588 that a topic takes when nobody says otherwise. */
export const CHUNK_BYTES = 1_000_000;

/** The connections that relays share. `timeout`: of one request at most, ms. */
export function relayCluster(options: { connection: KafkaConnection; clock: Clock; timeout?: number }): Cluster {
  const { connection, clock, timeout = TIMEOUT } = options;
  return new Cluster({ client: clientOptions(connection), clock, timeout });
}
