/** What the brokers of a partition know of its transactions, and the marker that ends one without its coordinator (KIP-664). */

import { createAPI, describeProducersV0, ResponseError, Writer } from '@platformatic/kafka';
import type { Connection, ResponseParser } from '@platformatic/kafka';

import { unavailable } from './kafka-log-cluster.ts';
import type { Outcome } from './transaction-batch.ts';
import type { ProducerIdentity, TopicPartition } from './relay-producer.ts';

/** Number of the request in Kafka's protocol. */
const WRITE_TXN_MARKERS = 27;

/** A transaction that has no marker yet. */
export interface OpenTransaction {
  readonly writer: ProducerIdentity;
  /** The coordinator whose marker the partition saw last; -1 for none. */
  readonly coordinatorEpoch: number;
  /** The offset of its first record. */
  readonly first: number;
}

/** A marker to be written. */
export interface Marker {
  /** Its epoch shuts out all older ones. */
  readonly writer: ProducerIdentity;
  readonly coordinatorEpoch: number;
  readonly outcome: Outcome;
}

/** Asks the leader of a partition, over a connection to it, which transactions are open there. */
export async function openTransactions(connection: Connection, { topic, partition }: TopicPartition): Promise<OpenTransaction[]> {
  const { topics } = await describeProducersV0.api.async(connection, [{ name: topic, partitionIndexes: [partition] }]);
  const found = topics[0]?.partitions[0];
  if (found === undefined) throw unavailable('producers were described without their partition');
  return found.activeProducers
    .filter(({ currentTxnStartOffset }) => currentTxnStartOffset >= 0n)
    .map(({ producerId, producerEpoch, coordinatorEpoch, currentTxnStartOffset }) => ({
      writer: { id: producerId, epoch: producerEpoch },
      coordinatorEpoch,
      first: Number(currentTxnStartOffset),
    }));
}

/** Has the leader of a partition, over a connection to it, write a marker. Resolves when it is durable. */
export async function writeMarker(connection: Connection, at: TopicPartition, marker: Marker): Promise<void> {
  await writeTxnMarkersV1.async(connection, at, marker);
}

/*
  WriteTxnMarkers Request (Version: 1) => [markers] TAG_BUFFER
    markers => producer_id producer_epoch transaction_result [topics] coordinator_epoch TAG_BUFFER
      producer_id => INT64
      producer_epoch => INT16
      transaction_result => BOOLEAN
      topics => name [partition_indexes] TAG_BUFFER
        name => COMPACT_STRING
        partition_indexes => INT32
      coordinator_epoch => INT32
*/
function request({ topic, partition }: TopicPartition, { writer, coordinatorEpoch, outcome }: Marker): Writer {
  return Writer.create()
    .appendArray([writer], (markers, { id, epoch }) => {
      markers
        .appendInt64(id)
        .appendInt16(epoch)
        .appendBoolean(outcome === 'commit')
        .appendArray([topic], (topics, name) => {
          topics.appendString(name).appendArray([partition], (partitions, index) => void partitions.appendInt32(index), true, false);
        })
        // A partition that saw no marker yet takes that of any coordinator.
        .appendInt32(Math.max(0, coordinatorEpoch));
    })
    .appendTaggedFields();
}

/*
  WriteTxnMarkers Response (Version: 1) => [markers] TAG_BUFFER
    markers => producer_id [topics] TAG_BUFFER
      producer_id => INT64
      topics => name [partitions] TAG_BUFFER
        name => COMPACT_STRING
        partitions => partition_index error_code TAG_BUFFER
          partition_index => INT32
          error_code => INT16
*/
function response(...[, key, version, reader]: Parameters<ResponseParser<undefined>>): undefined {
  const codes: number[] = [];
  reader.readArray((markers) => {
    markers.readInt64();
    markers.readArray((topics) => {
      topics.readString();
      topics.readArray((partitions) => {
        partitions.readInt32();
        codes.push(partitions.readInt16());
      });
    });
  });
  reader.readTaggedFields();
  const [code] = codes;
  if (code === undefined) throw unavailable('a marker was answered without its partition');
  if (code !== 0) throw new ResponseError(key, version, { '/markers/0': [code, null] }, undefined);
  return undefined;
}

/** The client has no such request. */
const writeTxnMarkersV1 = createAPI<[TopicPartition, Marker], undefined>(WRITE_TXN_MARKERS, 1, request, response);
