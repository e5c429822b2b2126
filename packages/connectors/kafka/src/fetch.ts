/** One fetch from the leader of a partition: the records that a reader of committed data may see, and how far it looked. */

import type { LogRecord } from '@kidjamo/stream';
import { fetchV13, FetchIsolationLevels, listOffsetsV7, ListOffsetTimestamps } from '@platformatic/kafka';
import type { RecordsBatch } from '@platformatic/kafka';

import { brokerSaid } from './connection.ts';
import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster } from './kafka-log-cluster.ts';
import type { KafkaCodec } from './kafka-log-codec.ts';
import { isTransactional, markerOf } from './transaction-batch.ts';

/** What to fetch. */
export interface FetchOptions {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Bytes of the answer, about: one batch comes whole, however large. */
  readonly maxBytes: number;
  /** How long the broker may wait for data, ms. */
  readonly maxWait: number;
  /** The connection it goes over; see {@link Cluster.connect}. */
  readonly lane: string;
  readonly codec: KafkaCodec;
  /** Ask for the leader anew. */
  readonly fresh: boolean;
}

/** What came back. */
export interface Fetched {
  readonly records: LogRecord[];
  /** The offset after everything looked at, markers and records of aborted transactions included. */
  readonly next: number;
  /** The offset up to which transactions are decided. */
  readonly stable: number;
  /** The first offset that retention has left. */
  readonly low: number;
  /** Messages that the codec does not know. */
  readonly skipped: number;
}

const LOG_APPEND_TIME = 1 << 3;
/** In place of the id and the epoch of a fetch session: none is wanted. Sessions allow one fetch at a time. */
const NO_SESSION = [0, -1] as const;

/** Fetches once. Undefined where the offset is not in the partition any more, or not yet. */
export async function fetchOnce(options: FetchOptions): Promise<Fetched | undefined> {
  const { cluster, topic, partition, offset, maxBytes, maxWait } = options;
  const place = (await cluster.places(topic, options.fresh))[partition];
  if (place === undefined) throw unavailable(`the topic has no partition ${partition} any more`);
  const connection = await cluster.connect(place.broker, options.lane);
  const wanted = { partition, currentLeaderEpoch: -1, fetchOffset: BigInt(offset), lastFetchedEpoch: -1, partitionMaxBytes: maxBytes };
  let response: fetchV13.FetchResponse;
  try {
    response = await fetchV13.api.async(
      connection,
      maxWait,
      1,
      maxBytes,
      FetchIsolationLevels.READ_COMMITTED,
      ...NO_SESSION,
      [{ topicId: place.topicId, partitions: [wanted] }],
      [],
      '',
    );
  } catch (error) {
    if (brokerSaid(error, 'OFFSET_OUT_OF_RANGE')) return undefined;
    throw error;
  }
  const answer = response.responses[0]?.partitions[0];
  if (answer === undefined) throw unavailable('a fetch was answered without its partition');
  return visible(answer, options);
}

/** Picks the records of committed transactions, and of no transaction, from `offset` on. */
function visible(answer: fetchV13.FetchResponsePartition, { partition, offset, codec }: FetchOptions): Fetched {
  const records: LogRecord[] = [];
  const aborted = new Set<bigint>();
  const starts = [...(answer.abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset));
  let next = offset;
  let skipped = 0;
  for (const batch of answer.records ?? []) {
    const base = Number(batch.firstOffset);
    const last = base + batch.lastOffsetDelta;
    next = Math.max(next, last + 1);
    while (starts[0] !== undefined && Number(starts[0].firstOffset) <= last) aborted.add(starts.shift()?.producerId ?? -1n);
    if (markerOf(batch) !== undefined) {
      // The marker ends the transaction; the producer may have begun another after it, which has a start of its own.
      aborted.delete(batch.producerId);
      continue;
    }
    if (isTransactional(batch) && aborted.has(batch.producerId)) continue;
    skipped += decode(batch, { partition, from: offset, codec, records });
  }
  return { records, next, stable: Number(answer.lastStableOffset), low: Number(answer.logStartOffset), skipped };
}

function decode(
  batch: RecordsBatch,
  { partition, from, codec, records }: { partition: number; from: number; codec: KafkaCodec; records: LogRecord[] },
): number {
  const base = Number(batch.firstOffset);
  const appended = (batch.attributes & LOG_APPEND_TIME) !== 0 ? Number(batch.maxTimestamp) : undefined;
  const first = Number(batch.firstTimestamp);
  let skipped = 0;
  for (const record of batch.records) {
    const offset = base + record.offsetDelta;
    if (offset < from) continue;
    const content = codec.decode({
      key: record.key,
      value: record.value,
      headers: record.headers.length === 0 ? NO_HEADERS : headersOf(record.headers),
    });
    if (content === undefined) skipped += 1;
    else records.push({ partition, offset, ...content, time: appended ?? first + Number(record.timestampDelta) });
  }
  return skipped;
}

const NO_HEADERS: ReadonlyMap<string, Buffer | null> = new Map();

function headersOf(headers: readonly (readonly [Buffer | null, Buffer | null])[]): ReadonlyMap<string, Buffer | null> {
  return new Map(headers.map(([name, content]) => [name?.toString() ?? '', content]));
}

/** Lists an offset of every partition: the first kept, or the one up to which transactions are decided. */
export async function listOffsets(cluster: Cluster, topic: string, which: 'low' | 'stable'): Promise<number[]> {
  return cluster.persist('listing offsets', async (fresh) => {
    const places = await cluster.places(topic, fresh);
    const timestamp = which === 'low' ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST;
    const offsets = places.map(() => -1);
    await Promise.all(
      [...new Set(places.map((place) => place.leader))].map(async (leader) => {
        const led = [...places.entries()].filter(([, place]) => place.leader === leader);
        const connection = await cluster.connect(led[0]?.[1].broker, 'read');
        const partitions = led.map(([partitionIndex]) => ({ partitionIndex, currentLeaderEpoch: -1, timestamp }));
        const { topics } = await listOffsetsV7.api.async(connection, -1, FetchIsolationLevels.READ_COMMITTED, [
          { name: topic, partitions },
        ]);
        for (const { partitionIndex, offset } of topics[0]?.partitions ?? []) offsets[partitionIndex] = Number(offset);
      }),
    );
    if (offsets.includes(-1)) throw unavailable('offsets were listed without some of the partitions');
    return offsets;
  });
}
