/**
 * Takes in what others put on `kidjamo-iot-measurements`, through the gateway's own way in. Its position is that of its consumer group in
 * PostgreSQL, which moves after a batch is taken: a batch taken again changes nothing, as each reading is stored once.
 */

import type { IncomingMessage, KafkaCodec } from '@kidjamo/connector-kafka';
import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Lease, LogRecord, Sink, SinkBatch, SinkBatching, SinkResult } from '@kidjamo/stream';
import { classify, HEADERS, takeForeign, TOPICS } from '@kidjamo/vitals';
import type { BodyDoor, ForeignMessage } from '@kidjamo/vitals';
import type { Pool } from 'pg';

import { FOREIGN_GROUP } from './context.ts';

/** Messages taken in at a time. */
const AT_ONCE = 64;
/** Where a message is one of ours, nothing of it is kept but its place. */
const OURS = '';

/** What a message of the topic is until it is taken: the one header that tells ours, and its value. */
interface Packed {
  readonly schema: string | null;
  readonly value: string | null;
}

/** Reads every message of the topic, so that the position passes ours too. */
export const FOREIGN_CODEC: KafkaCodec = {
  encode: () => {
    throw new KidjamoError('CONFORMANCE', 'the reader of foreign messages writes none');
  },
  decode: ({ headers, value }: IncomingMessage) => {
    const schema = headers.get(HEADERS.schema)?.toString() ?? null;
    const { kind } = classify({ topic: TOPICS.measurements, partition: 0, offset: 0, key: null, value, headers: headersOf(schema) });
    const packed = (): Packed => ({ schema, value: value?.toString('base64') ?? null });
    return { key: 'message', value: kind === 'ours' ? OURS : JSON.stringify(packed()) };
  },
};

/** What makes the sink. */
export interface ForeignSinkOptions {
  readonly pool: Pool;
  readonly door: BodyDoor;
  /** Told of every message that was not ours, with what became of it. */
  readonly onTaken: (status: string) => void;
}

export class ForeignSink implements Sink {
  readonly name = FOREIGN_GROUP;
  readonly log = TOPICS.measurements;
  readonly batching: SinkBatching = { maxRecords: 2000, maxBytes: 8 << 20, maxDelay: 10 };
  readonly #options: ForeignSinkOptions;

  constructor(options: ForeignSinkOptions) {
    this.#options = options;
  }

  async open(lease: Lease): Promise<number> {
    const { rows } = await this.#options.pool
      .query<{ next: number; generation: number }>(
        `SELECT next_offset::float8 AS next, generation::float8 AS generation
           FROM stream.consumer_offset WHERE log = $1 AND consumer_group = $2 AND partition = $3`,
        [lease.log, lease.group, lease.partition],
      )
      .catch((error: unknown) => {
        throw storeError(error);
      });
    const [row] = rows;
    if (row === undefined) throw new KidjamoError('STORE_UNAVAILABLE', 'the group of foreign messages is not registered yet');
    if (row.generation > lease.generation) throw new KidjamoError('FENCED', 'a younger owner has the partition');
    return row.next;
  }

  async write({ records }: SinkBatch, signal: AbortSignal): Promise<SinkResult> {
    let some: LogRecord[] = [];
    for (const record of records) {
      if (record.value === OURS) continue;
      some.push(record);
      if (some.length < AT_ONCE) continue;
      await this.#take(some);
      some = [];
      if (signal.aborted) throw new KidjamoError('SINK_UNAVAILABLE', 'the reader of foreign messages was told to stop');
    }
    await this.#take(some);
    return { refused: [] };
  }

  close(): Promise<void> {
    return this.#options.door.idle();
  }

  async #take(records: readonly LogRecord[]): Promise<void> {
    const { door, onTaken } = this.#options;
    const outcomes = await Promise.all(records.map((record) => takeForeign(door, unpack(record))));
    for (const { status } of outcomes) onTaken(status);
  }
}

function unpack({ partition, offset, value }: LogRecord): ForeignMessage {
  // Packed by the codec above.
  const packed = JSON.parse(value) as Packed;
  return {
    topic: TOPICS.measurements,
    partition,
    offset,
    key: null,
    value: packed.value === null ? null : Buffer.from(packed.value, 'base64'),
    headers: headersOf(packed.schema),
  };
}

function headersOf(schema: string | null): Readonly<Record<string, string>> {
  return schema === null ? {} : { [HEADERS.schema]: schema };
}
