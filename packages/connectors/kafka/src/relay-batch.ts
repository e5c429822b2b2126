/** What a relay makes of a batch of records before it writes any of them. */

import { setImmediate } from 'node:timers/promises';

import type { LogRecord, Records, Refusal } from '@kidjamo/stream';

import type { OutgoingMessage } from './kafka-log-codec.ts';
import type { RelayMessage } from './relay-producer.ts';
import type { RelayTime } from './relay-time.ts';

/** Makes the message of a record, or tells why there will never be one; the reason holds no identity. */
export type RelayEncoder = (record: LogRecord) => OutgoingMessage | { readonly refuse: string };

/** Messages that fit into one batch of the topic, with the offsets of their records. */
export interface RelayChunk {
  readonly messages: RelayMessage[];
  readonly offsets: number[];
}

/** What became of the records. */
export interface RelayBatch {
  readonly refused: readonly Refusal[];
  /** In the order of the log. */
  readonly chunks: readonly RelayChunk[];
}

/** How large things may be, bytes. */
export interface RelayLimits {
  /** A message beyond it is refused. */
  readonly maxMessageBytes: number;
  /** Messages of a chunk; a larger one goes alone. */
  readonly maxChunkBytes: number;
}

/** What a message takes in a batch beside key, value and headers, at most. */
const OVERHEAD = 40;
/** Why a record is refused that the brokers will not take. */
const REFUSED = 'the brokers do not take the message: it is too large for the topic, or not as the topic requires';
/** Records encoded without a break: timers and sockets of the process come in between. */
const STRETCH = 250;

/** Encodes records, in order. */
export async function encodeBatch(
  records: Records,
  { encode, limits, time }: { encode: RelayEncoder; limits: RelayLimits; time: RelayTime },
): Promise<RelayBatch> {
  const refused: Refusal[] = [];
  const chunks: RelayChunk[] = [];
  let room = 0;
  let count = 0;
  for (const record of records) {
    count += 1;
    if (count % STRETCH === 0) {
      await setImmediate();
      time.check();
    }
    const outgoing = encode(record);
    if ('refuse' in outgoing) {
      refused.push({ offset: record.offset, reason: outgoing.refuse });
      continue;
    }
    const { message, bytes } = toMessage(outgoing);
    if (bytes > limits.maxMessageBytes) {
      refused.push({ offset: record.offset, reason: `the message takes ${bytes} bytes, the relay allows ${limits.maxMessageBytes}` });
      continue;
    }
    let chunk = chunks.at(-1);
    if (chunk === undefined || bytes > room) {
      chunk = { messages: [], offsets: [] };
      chunks.push(chunk);
      room = limits.maxChunkBytes;
    }
    chunk.messages.push(message);
    chunk.offsets.push(record.offset);
    room -= bytes;
  }
  return { refused, chunks };
}

/** What became of messages that were sent. */
export interface Sent {
  /** Offset in the topic of the first one taken; undefined when none was. */
  readonly first: number | undefined;
  readonly refused: readonly Refusal[];
}

/**
 * Sends chunks in order. One that is not taken is halved until the messages to blame stand alone. `send` tells the offset of the first
 * message, or undefined when the brokers will never take the batch.
 */
export async function sendChunks(
  chunks: readonly RelayChunk[],
  send: (messages: readonly RelayMessage[]) => Promise<number | undefined>,
): Promise<Sent> {
  const refused: Refusal[] = [];
  let first: number | undefined;
  const left = chunks.toReversed();
  for (let chunk = left.pop(); chunk !== undefined; chunk = left.pop()) {
    const at = await send(chunk.messages);
    const [offset] = chunk.offsets;
    if (at !== undefined) first ??= at;
    else if (chunk.offsets.length === 1 && offset !== undefined) refused.push({ offset, reason: REFUSED });
    else left.push(...halves(chunk).reverse());
  }
  return { first, refused };
}

/** Two halves of a chunk of more than one message. */
function halves({ messages, offsets }: RelayChunk): [RelayChunk, RelayChunk] {
  const middle = messages.length >> 1;
  return [
    { messages: messages.slice(0, middle), offsets: offsets.slice(0, middle) },
    { messages: messages.slice(middle), offsets: offsets.slice(middle) },
  ];
}

function toMessage({ key, value, headers = {} }: OutgoingMessage): { message: RelayMessage; bytes: number } {
  const message = { key: asBuffer(key), value: asBuffer(value), headers: new Map<Buffer, Buffer>() };
  let bytes = message.key.length + message.value.length + OVERHEAD;
  for (const [name, content] of Object.entries(headers)) {
    const [header, text] = [Buffer.from(name), Buffer.from(content)];
    message.headers.set(header, text);
    bytes += header.length + text.length + OVERHEAD;
  }
  return { message, bytes };
}

function asBuffer(content: string | Buffer): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
