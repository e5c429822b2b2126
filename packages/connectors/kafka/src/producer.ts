/**
 * Writes records to a topic: idempotent, acknowledged by all replicas in sync. Appends made meanwhile go out together with the next
 * request, so that many small ones cost little.
 *
 * A partition has one batch under way at a time. A batch whose outcome is unknown is sent again with the same sequence number, which a
 * broker that has it already recognises; one that is given up leaves its producer id behind, since what comes after it would be out of
 * order.
 */

import { KidjamoError } from '@kidjamo/stream';
import { initProducerIdV4, NumericMap, produceV9, ProduceAcks, protocolErrors } from '@platformatic/kafka';
import type { CompressionAlgorithmValue, MessageRecord } from '@platformatic/kafka';

import { kafkaFailure } from './connection.ts';
import { unavailable } from './kafka-log-cluster.ts';
import type { Cluster, PartitionPlace } from './kafka-log-cluster.ts';
import type { EncodedMessage } from './kafka-log-codec.ts';

/** What a producer needs. */
export interface ProducerOptions {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly compression: CompressionAlgorithmValue;
  /** Bytes of one batch at most, before compression: the topic's max.message.bytes. */
  readonly maxBatchBytes: number;
  /** Bytes that may wait to be sent; more is refused with OVERLOADED. */
  readonly maxWaitingBytes: number;
}

/** A message and the partition it goes to. */
export interface AddressedMessage {
  readonly partition: number;
  readonly message: EncodedMessage;
}

/** Messages of one append to one partition. */
interface Chunk {
  readonly messages: readonly EncodedMessage[];
  readonly bytes: number;
  readonly resolve: (baseOffset: number) => void;
  readonly reject: (error: Error) => void;
}

/** Messages of one append to one partition, and their places in the append. */
interface Run {
  readonly partition: number;
  readonly chunk: { messages: EncodedMessage[]; bytes: number };
  readonly places: number[];
}

interface Identity {
  readonly id: bigint;
  readonly epoch: number;
}

/** What is sent together, and sent again until its outcome is known or its time is up. */
interface Batch {
  readonly partition: number;
  readonly chunks: readonly Chunk[];
  readonly messages: MessageRecord[];
  readonly identity: Identity;
  readonly sequence: number;
  readonly until: number;
}

interface Lane {
  readonly waiting: Chunk[];
  busy: boolean;
  identity: Identity | undefined;
  sequence: number;
}

/** A batch is not filled beyond this, bytes; larger ones gain nothing. */
const GOOD_BATCH = 1 << 20;
/** Sequence numbers begin anew after 2^31 - 1. */
const SEQUENCES = 2 ** 31;
/** Wait before a batch is sent again, ms. */
const PAUSE = 50;

/** Answers about a batch that no later try heals, by code. */
const TOO_LARGE = new Set([codeOf('MESSAGE_TOO_LARGE'), codeOf('RECORD_LIST_TOO_LARGE')]);
const REFUSED = new Set([codeOf('INVALID_RECORD'), codeOf('CORRUPT_MESSAGE'), codeOf('TOPIC_AUTHORIZATION_FAILED')]);
/** Answers after which the outcome is not known, and the producer id is of no more use. */
const LOST_TRACK = new Set(
  ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'DUPLICATE_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_PRODUCER_EPOCH'].map(codeOf),
);

export class LogProducer {
  readonly #options: ProducerOptions;
  readonly #lanes = new Map<number, Lane>();
  #waitingBytes = 0;
  #identity: Promise<Identity> | undefined;
  #pumping = false;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  /**
   * Appends messages. Resolves with their offsets, in the order given, once all are durable.
   * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE, BATCH_TOO_LARGE.
   */
  async append(messages: readonly AddressedMessage[]): Promise<number[]> {
    const total = messages.reduce((sum, { message }) => sum + message.bytes, 0);
    const { maxWaitingBytes } = this.#options;
    if (this.#waitingBytes > 0 && this.#waitingBytes + total > maxWaitingBytes) {
      throw new KidjamoError('OVERLOADED', `${maxWaitingBytes} bytes wait to be written to Kafka already: try again in a moment`);
    }
    this.#waitingBytes += total;
    const offsets = messages.map(() => -1);
    const written = this.#split(messages).map(async ({ partition, chunk, places }) => {
      const base = await new Promise<number>((resolve, reject) => {
        this.#lane(partition).waiting.push({ ...chunk, resolve, reject });
      });
      places.forEach((place, i) => (offsets[place] = base + i));
    });
    this.#pump();
    // All of them have to be decided before the caller may try again.
    const outcomes = await Promise.allSettled(written);
    this.#waitingBytes -= total;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return offsets;
  }

  /** Cuts messages into runs of one partition that fit into a batch. */
  #split(messages: readonly AddressedMessage[]): Run[] {
    const runs: Run[] = [];
    const open = new Map<number, Run>();
    messages.forEach(({ partition, message }, place) => {
      let run = open.get(partition);
      if (run === undefined || run.chunk.bytes + message.bytes > Math.min(this.#options.maxBatchBytes, GOOD_BATCH)) {
        run = { partition, chunk: { messages: [], bytes: 0 }, places: [] };
        open.set(partition, run);
        runs.push(run);
      }
      run.chunk.messages.push(message);
      run.chunk.bytes += message.bytes;
      run.places.push(place);
    });
    return runs;
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      lane = { waiting: [], busy: false, identity: undefined, sequence: 0 };
      this.#lanes.set(partition, lane);
    }
    return lane;
  }

  /** After the appends of this turn have all come in, sends what idle partitions have waiting. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      void this.#start();
    });
  }

  async #start(): Promise<void> {
    const ready = [...this.#lanes].filter(([, lane]) => !lane.busy && lane.waiting.length > 0);
    for (const [, lane] of ready) lane.busy = true;
    const batches = await Promise.all(ready.map(([partition, lane]) => this.#batch(partition, lane)));
    await this.#deliver(batches.filter((batch) => batch !== undefined));
  }

  /** Takes what waits, up to a batch. Undefined, with what waits rejected, where no producer id is to be had. */
  async #batch(partition: number, lane: Lane): Promise<Batch | undefined> {
    const { cluster, topic, maxBatchBytes } = this.#options;
    try {
      lane.identity ??= await this.#identify();
    } catch (error) {
      const failure = kafkaFailure(error, 'writing to the log');
      for (const chunk of lane.waiting.splice(0)) chunk.reject(failure);
      lane.busy = false;
      return undefined;
    }
    const chunks: Chunk[] = [];
    let bytes = 0;
    const limit = Math.min(maxBatchBytes, GOOD_BATCH);
    for (let next = lane.waiting[0]; next !== undefined && (chunks.length === 0 || bytes + next.bytes <= limit); next = lane.waiting[0]) {
      chunks.push(next);
      bytes += next.bytes;
      lane.waiting.shift();
    }
    const now = cluster.options.clock.now();
    const timestamp = BigInt(Math.trunc(now));
    const messages = chunks.flatMap((chunk) =>
      chunk.messages.map(({ key, value, headers }): MessageRecord => ({ topic, partition, key, value, headers, timestamp })),
    );
    const sequence = lane.sequence;
    lane.sequence = (lane.sequence + messages.length) % SEQUENCES;
    return { partition, chunks, messages, identity: lane.identity, sequence, until: now + cluster.options.timeout };
  }

  /** Sends batches, one request per leader and producer id, each again until it is decided. */
  async #deliver(batches: readonly Batch[], fresh = false): Promise<void> {
    if (batches.length === 0) return;
    const { cluster, topic } = this.#options;
    let places: readonly PartitionPlace[];
    try {
      places = await cluster.places(topic, fresh);
    } catch (error) {
      await this.#again(batches, error);
      return;
    }
    const requests = Map.groupBy(batches, (batch) => `${places[batch.partition]?.leader ?? -1}/${batch.identity.id}`);
    await Promise.all([...requests.values()].map((together) => this.#send(together, places)));
  }

  async #send(batches: readonly Batch[], places: readonly PartitionPlace[]): Promise<void> {
    const { cluster, topic, compression } = this.#options;
    const [first] = batches;
    if (first === undefined) return;
    const sequences = new NumericMap(batches.map((batch) => [`${topic}:${batch.partition}`, batch.sequence]));
    let response: produceV9.ProduceResponse | boolean;
    try {
      const connection = await cluster.connect(places[first.partition]?.broker, 'write');
      response = await produceV9.api.async(
        connection,
        ProduceAcks.ALL,
        cluster.options.timeout,
        batches.flatMap((batch) => batch.messages),
        { compression, producerId: first.identity.id, producerEpoch: first.identity.epoch, sequences },
      );
    } catch (error) {
      const answered = answerOf(error);
      if (answered === undefined) {
        await this.#again(batches, error);
        return;
      }
      response = answered;
    }
    const answers = typeof response === 'boolean' ? [] : (response.responses[0]?.partitionResponses ?? []);
    const undecided: Batch[] = [];
    for (const batch of batches) {
      const answer = answers.find((each) => each.index === batch.partition);
      if (answer?.errorCode === 0 && answer.baseOffset >= 0n) this.#succeed(batch, Number(answer.baseOffset));
      else if (answer !== undefined && isDecided(answer.errorCode)) this.#fail(batch, refusal(answer.errorCode));
      else undecided.push(batch);
    }
    await this.#again(undecided, unavailable('the leader of a partition did not take its records'));
  }

  /** Sends batches again after a pause, with fresh metadata; gives up those whose time is up. */
  async #again(batches: readonly Batch[], reason: unknown): Promise<void> {
    if (batches.length === 0) return;
    const { clock } = this.#options.cluster.options;
    const { closed } = this.#options.cluster;
    const failure = kafkaFailure(reason, 'writing to the log');
    const now = clock.now();
    const left = batches.filter((batch) => !closed.aborted && failure.retryable && now + PAUSE < batch.until);
    for (const batch of batches) if (!left.includes(batch)) this.#fail(batch, failure);
    if (left.length === 0) return;
    await clock.sleep(PAUSE, closed);
    await this.#deliver(left, true);
  }

  #succeed(batch: Batch, base: number): void {
    let offset = base;
    for (const chunk of batch.chunks) {
      chunk.resolve(offset);
      offset += chunk.messages.length;
    }
    this.#free(batch.partition);
  }

  #fail(batch: Batch, failure: Error): void {
    const lane = this.#lane(batch.partition);
    lane.identity = undefined;
    lane.sequence = 0;
    this.#identity = undefined;
    for (const chunk of batch.chunks) chunk.reject(failure);
    this.#free(batch.partition);
  }

  #free(partition: number): void {
    this.#lane(partition).busy = false;
    this.#pump();
  }

  #identify(): Promise<Identity> {
    const { cluster } = this.#options;
    this.#identity ??= cluster
      .persist('registering as a writer', async () => {
        const connection = await cluster.anyone('write');
        const { producerId, producerEpoch } = await initProducerIdV4.api.async(connection, null, cluster.options.timeout, -1n, -1);
        return { id: producerId, epoch: producerEpoch };
      })
      .catch((error: unknown) => {
        this.#identity = undefined;
        throw error;
      });
    return this.#identity;
  }
}

/** The broker's answer inside an error of the client, which throws when any partition was refused. */
function answerOf(error: unknown): produceV9.ProduceResponse | undefined {
  if (!(error instanceof Error) || !('response' in error)) return undefined;
  const { response } = error;
  return typeof response === 'object' && response !== null && 'responses' in response ? (response as produceV9.ProduceResponse) : undefined;
}

function isDecided(code: number): boolean {
  return TOO_LARGE.has(code) || REFUSED.has(code) || LOST_TRACK.has(code);
}

function refusal(code: number): KidjamoError {
  if (TOO_LARGE.has(code)) {
    return new KidjamoError('BATCH_TOO_LARGE', 'the broker takes no batch as large as this one: raise max.message.bytes of the topic');
  }
  if (REFUSED.has(code)) {
    return new KidjamoError(
      'INPUT_INVALID',
      `the broker refuses the records for good (code ${code}): check the settings and rights of the topic`,
    );
  }
  return unavailable(`the broker lost track of what this process has written (code ${code}): whether the records are there is unknown`);
}

function codeOf(apiId: string): number {
  return protocolErrors[apiId]?.code ?? Number.NaN;
}
