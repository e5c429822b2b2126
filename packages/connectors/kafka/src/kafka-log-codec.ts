/** How records of the log become messages of a topic, and which text a record may hold. */

import { isLine, KidjamoError } from '@kidjamo/stream';
import type { NewRecord } from '@kidjamo/stream';

/** A message as it is written. */
export interface OutgoingMessage {
  readonly key: string | Buffer;
  readonly value: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A message as it is read. */
export interface IncomingMessage {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: ReadonlyMap<string, Buffer | null>;
}

/** Turns records into messages and back. */
export interface KafkaCodec {
  encode(record: NewRecord): OutgoingMessage;
  /** The record's key and value, or undefined for a message that is not one of ours: it is skipped and counted. */
  decode(message: IncomingMessage): { readonly key: string; readonly value: string } | undefined;
}

/** Key and value as UTF-8 text, no headers. A message without a value, as only others write it, is not a record. */
export const TEXT_CODEC: KafkaCodec = {
  encode: (record) => record,
  decode: ({ key, value }) => (value === null ? undefined : { key: key?.toString() ?? '', value: value.toString() }),
};

/** What a record takes in a batch beside key, value and headers, bytes: lengths, deltas, attributes. */
const RECORD_OVERHEAD = 40;
/** The head of a batch, bytes, rounded up. */
const BATCH_OVERHEAD = 100;

/** A message ready to be sent. */
export interface EncodedMessage {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
  /** What it takes in a batch at most. */
  readonly bytes: number;
}

/** The largest record that fits into a batch of `maxBatchBytes`. */
export function maxMessageBytes(maxBatchBytes: number): number {
  return maxBatchBytes - BATCH_OVERHEAD;
}

/**
 * Encodes a record.
 * @throws KidjamoError INPUT_INVALID or BATCH_TOO_LARGE when the log cannot hold it.
 */
export function encodeMessage(record: NewRecord, codec: KafkaCodec, limits: { partitions: number; maxBytes: number }): EncodedMessage {
  if (!Number.isInteger(record.partition) || record.partition < 0 || record.partition >= limits.partitions) {
    throw new KidjamoError('INPUT_INVALID', `partition ${record.partition} does not exist: the log has ${limits.partitions} partitions`);
  }
  // A character takes a byte at least: what is far too large is not looked through first.
  if (record.value.length > limits.maxBytes) throw tooLarge(record.value.length, limits.maxBytes);
  if (!isLine(record.value) || !isLine(record.key)) {
    throw new KidjamoError('INPUT_INVALID', 'key and value of a record must be one line of text without U+0000 and lone surrogates');
  }
  const message = codec.encode(record);
  const [key, value] = [asBuffer(message.key), asBuffer(message.value)];
  const headers = new Map<Buffer, Buffer>();
  let bytes = key.length + value.length + RECORD_OVERHEAD;
  for (const [name, text] of Object.entries(message.headers ?? {})) {
    const [header, content] = [Buffer.from(name), Buffer.from(text)];
    headers.set(header, content);
    bytes += header.length + content.length + RECORD_OVERHEAD;
  }
  if (bytes > limits.maxBytes) throw tooLarge(bytes, limits.maxBytes);
  return { key, value, headers, bytes };
}

function tooLarge(bytes: number, limit: number): KidjamoError {
  return new KidjamoError(
    'BATCH_TOO_LARGE',
    `record of ${bytes} bytes or more: the topic takes ${limit}; make records smaller or raise max.message.bytes of the topic`,
  );
}

function asBuffer(text: string | Buffer): Buffer {
  return typeof text === 'string' ? Buffer.from(text) : text;
}
