/**
 * The Log contract on a topic of Apache Kafka.
 *
 * Offsets are Kafka's. They have no gaps as long as only logs write to the topic; where transactional producers write too, their markers
 * and aborted records leave gaps, which readers do not see. An append of several partitions is not a transaction, since its markers
 * would be such gaps: all records are checked before the first is sent, and when a part of them cannot be written in time the outcome
 * is unknown, as the contract allows.
 *
 * Log time is the broker's (message.timestamp.type=LogAppendTime), so that it does not depend on the clocks of writers.
 */

import type { AppendResult, Clock, Log, LogRecord, NewRecord } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import { ConfigResourceTypes, describeConfigsV4 } from '@platformatic/kafka';
import type { CompressionAlgorithmValue } from '@platformatic/kafka';

import { clientOptions } from './connection.ts';
import type { KafkaConnection } from './connection.ts';
import { FetchCursor } from './fetch-cursor.ts';
import type { CursorOptions, OnDataLoss } from './fetch-cursor.ts';
import { Cluster } from './kafka-log-cluster.ts';
import { encodeMessage, maxMessageBytes, TEXT_CODEC } from './kafka-log-codec.ts';
import type { KafkaCodec } from './kafka-log-codec.ts';
import { VisibleEnds } from './kafka-log-ends.ts';
import { LogProducer } from './producer.ts';

/** What the log needs of its surroundings. */
export interface KafkaLogOptions {
  readonly connection: KafkaConnection;
  /** The topic, which is there already; also the name of the log. */
  readonly topic: string;
  readonly clock: Clock;
  /** How long an append, a read or a list of ends may take before it fails with LOG_UNAVAILABLE, ms. 15 s when absent. */
  readonly timeout?: number;
  /** `none` when absent. */
  readonly compression?: CompressionAlgorithmValue;
  /** UTF-8 text when absent. */
  readonly codec?: KafkaCodec;
  /** What to do where the records wanted were removed by retention; `continue` when absent. Offset 0 stands for the beginning, wherever it is. */
  readonly onDataLoss?: OnDataLoss;
  /** Bytes of one fetch, about; a reader holds two of them at most, beside what it has given out. 1 MiB when absent. */
  readonly fetchBytes?: number;
  /** Bytes of appends that may wait to be sent. 64 MiB when absent. */
  readonly maxWaitingBytes?: number;
  /** Told before every append; throws LOG_FULL to refuse it. */
  readonly admit?: () => void;
  /** Told when a read goes on after records that retention had removed. */
  readonly onLost?: (lost: { readonly partition: number; readonly from: number; readonly to: number }) => void;
}

const TIMEOUT = 15_000;
const FETCH_BYTES = 1 << 20;
const MAX_WAITING = 64 << 20;
/** Readers of one partition whose places are remembered. */
const CURSORS = 4;

/** The settings of the topic that the log depends on. */
const MAX_BYTES = 'max.message.bytes';
const TIMESTAMP_TYPE = 'message.timestamp.type';

export class KafkaLog implements Log {
  readonly name: string;
  readonly partitions: number;
  readonly #options: KafkaLogOptions;
  readonly #cluster: Cluster;
  readonly #cursorOptions: CursorOptions;
  readonly #ends: VisibleEnds;
  readonly #producer: LogProducer;
  readonly #maxBytes: number;
  /** Places where readers of a partition went on last, the latest at the end. */
  readonly #cursors = new Map<number, FetchCursor[]>();
  #skipped = 0;
  #lost = 0;

  private constructor(options: KafkaLogOptions, cluster: Cluster, topic: { partitions: number; maxBytes: number }) {
    this.name = options.topic;
    this.partitions = topic.partitions;
    this.#options = options;
    this.#cluster = cluster;
    this.#maxBytes = maxMessageBytes(topic.maxBytes);
    this.#cursorOptions = {
      cluster,
      topic: options.topic,
      codec: options.codec ?? TEXT_CODEC,
      fetchBytes: options.fetchBytes ?? FETCH_BYTES,
      onDataLoss: options.onDataLoss ?? 'continue',
      observe: ({ skipped, lost }) => {
        this.#skipped += skipped ?? 0;
        if (lost === undefined) return;
        this.#lost += lost.to - lost.from;
        options.onLost?.(lost);
      },
    };
    this.#ends = new VisibleEnds(this.#cursorOptions);
    this.#producer = new LogProducer({
      cluster,
      topic: options.topic,
      compression: options.compression ?? 'none',
      maxBatchBytes: this.#maxBytes,
      maxWaitingBytes: options.maxWaitingBytes ?? MAX_WAITING,
    });
  }

  /**
   * Opens the log of a topic that exists.
   * @throws KidjamoError LOG_UNAVAILABLE; CONFIG_INVALID when the brokers refuse us or the topic does not keep the broker's time.
   */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const { connection, topic, clock, timeout = TIMEOUT } = options;
    const cluster = new Cluster({ client: clientOptions(connection), clock, timeout });
    try {
      const found = await cluster.persist('opening the log', async (fresh) => ({
        partitions: (await cluster.places(topic, fresh)).length,
        settings: await settingsOf(cluster, topic),
      }));
      if (found.settings.get(TIMESTAMP_TYPE) !== 'LogAppendTime') {
        throw new KidjamoError(
          'CONFIG_INVALID',
          `the topic of a log has to keep the brokers' time: set ${TIMESTAMP_TYPE}=LogAppendTime for it`,
        );
      }
      return new KafkaLog(options, cluster, { partitions: found.partitions, maxBytes: Number(found.settings.get(MAX_BYTES)) });
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Messages that the codec did not know and reads have left out, and records that retention had removed before they were read. */
  get left(): { readonly skipped: number; readonly lost: number } {
    return { skipped: this.#skipped, lost: this.#lost };
  }

  async append(records: readonly NewRecord[]): Promise<AppendResult> {
    if (records.length === 0) return { offsets: [] };
    this.#options.admit?.();
    const { codec } = this.#cursorOptions;
    const limits = { partitions: this.partitions, maxBytes: this.#maxBytes };
    const messages = records.map((record) => ({ partition: record.partition, message: encodeMessage(record, codec, limits) }));
    const offsets = await this.#producer.append(messages);
    return { offsets: records.map(({ partition }, i) => ({ partition, offset: offsets[i] ?? -1 })) };
  }

  async read(partition: number, offset: number, max: number): Promise<readonly LogRecord[]> {
    const cursor = this.#borrow(partition, offset);
    const records = await cursor.read(max);
    this.#giveBack(partition, cursor);
    return records;
  }

  ends(): Promise<readonly number[]> {
    return this.#ends.list();
  }

  async wait(partition: number, ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + ms;
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal, this.#cluster.closed]);
    // Whoever waits before reading anything wants to know of anything at all.
    const cursor = this.#cursors.get(partition)?.at(-1) ?? new FetchCursor(this.#cursorOptions, partition, 0);
    try {
      while (!either.aborted && clock.now() < until) {
        const came = await Promise.race([cursor.poll(), clock.sleep(until - clock.now(), either).then(() => true)]);
        if (came) return;
      }
    } finally {
      over.abort();
    }
  }

  /** Ends all connections. Calls under way fail. */
  async close(): Promise<void> {
    await this.#cluster.close();
  }

  /** The place of the reader who goes on at `offset`, which nobody else has meanwhile; a new one where there is none. */
  #borrow(partition: number, offset: number): FetchCursor {
    const cursors = this.#cursors.get(partition) ?? [];
    const place = cursors.findLastIndex((cursor) => cursor.next === offset);
    const [cursor] = place < 0 ? [] : cursors.splice(place, 1);
    return cursor ?? new FetchCursor(this.#cursorOptions, partition, offset);
  }

  #giveBack(partition: number, cursor: FetchCursor): void {
    const cursors = this.#cursors.get(partition) ?? [];
    this.#cursors.set(partition, cursors);
    cursors.push(cursor);
    if (cursors.length > CURSORS) cursors.shift();
  }
}

async function settingsOf(cluster: Cluster, topic: string): Promise<ReadonlyMap<string, string | null>> {
  const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [MAX_BYTES, TIMESTAMP_TYPE] };
  const { results } = await describeConfigsV4.api.async(await cluster.anyone('read'), [resource], false, false);
  return new Map((results[0]?.configs ?? []).map(({ name, value }) => [name, value ?? null]));
}
