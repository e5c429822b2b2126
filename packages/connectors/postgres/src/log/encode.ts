/**
 * How records become rows of `stream.log_batch`: one row per partition and append. A body is the keys, one line each, U+001E, and the
 * values, one line each. Records of one append are much alike, so zstd makes a body about a tenth as long at half a microsecond a
 * record, which the database, its write-ahead log and the wire more than give back; short bodies stay as they are.
 */

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

import { EncodedRecord, isLine, KidjamoError } from '@kidjamo/stream';
import type { LogRecord, NewRecord } from '@kidjamo/stream';

/** Records of one partition that become one row. */
export interface EncodedBatch {
  readonly partition: number;
  readonly count: number;
  readonly codec: Codec;
  readonly body: Buffer;
}

/** How a body is written: 0 plain UTF-8, 1 zstd (RFC 8878) of it. */
export type Codec = 0 | 1;

/** Bodies below this many bytes are not worth compressing. */
const COMPRESS_FROM = 4096;
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Longest payload of one row, in UTF-16 units. Larger appends become several rows, so that a reader never holds much more than this. */
const MAX_PAYLOAD = 1 << 20;
/** Longest value of a record, in UTF-16 units. */
const MAX_VALUE = 8 << 20;

/** Between keys and values; JSON never holds it unescaped. */
const SEPARATOR = '\u001e';
const NEW_LINE = 0x0a;

interface Draft {
  count: number;
  keys: string;
  payload: string;
}

/** Groups records by partition, in ascending partition order (writers that lock in one order never deadlock). */
export function encodeBatches(records: readonly NewRecord[], partitions: number): EncodedBatch[] {
  const drafts: Draft[][] = Array.from({ length: partitions }, () => []);
  for (const record of records) {
    checkLine(record);
    const list = drafts[record.partition];
    if (list === undefined) {
      throw new KidjamoError('INPUT_INVALID', `partition ${record.partition} does not exist: the log has ${partitions} partitions`);
    }
    const last = list.at(-1);
    if (last === undefined || last.payload.length + record.value.length > MAX_PAYLOAD) {
      list.push({ count: 1, keys: record.key, payload: record.value });
    } else {
      last.count += 1;
      last.keys += '\n' + record.key;
      last.payload += '\n' + record.value;
    }
  }
  return drafts.flatMap((list, partition) => list.map((draft) => ({ partition, count: draft.count, ...encodeBody(draft) })));
}

function encodeBody({ keys, payload }: Draft): { codec: Codec; body: Buffer } {
  const plain = Buffer.from(keys + SEPARATOR + payload);
  return plain.length < COMPRESS_FROM ? { codec: 0, body: plain } : { codec: 1, body: zstdCompressSync(plain, ZSTD) };
}

/** A guess at how many times longer a body was. Decompressing in one piece is cheaper than joining many; a wrong guess costs no more than that. */
const RATIO = 12;
const LEAST_PIECE = 16 << 10;
const GREATEST_PIECE = 2 << 20;

function decompress(body: Buffer): Buffer {
  return zstdDecompressSync(body, { chunkSize: Math.min(GREATEST_PIECE, Math.max(LEAST_PIECE, body.length * RATIO)) });
}

/** A row of `stream.log_batch` as read. */
export interface BatchRow {
  readonly base_offset: string;
  readonly record_count: number;
  readonly appended_ms: number;
  readonly codec: number;
  readonly body: Buffer;
}

/** The records of a row from offset `from` on. Their values stay in bytes until they are read. */
export function decodeBatch(partition: number, row: BatchRow, from: number): LogRecord[] {
  const base = Number(row.base_offset);
  // The driver may use what it received into again; a body that is not compressed is short.
  const bytes = row.codec === 0 ? Buffer.from(row.body) : decompress(row.body);
  const cut = bytes.indexOf(SEPARATOR);
  const keys = bytes.toString('utf8', 0, cut).split('\n');
  const records: LogRecord[] = [];
  const time = row.appended_ms;
  let values = 0;
  for (let start = cut + 1, end; start <= bytes.length; start = end + 1) {
    end = bytes.indexOf(NEW_LINE, start);
    if (end === -1) end = bytes.length;
    const offset = base + values;
    if (offset >= from) records.push(new EncodedRecord({ partition, offset, key: keys[values] ?? '', time }, { bytes, start, end }));
    values += 1;
  }
  if (keys.length !== row.record_count || values !== row.record_count) {
    throw new KidjamoError(
      'LOG_UNAVAILABLE',
      `batch at offset ${base} of partition ${partition} does not hold the ${row.record_count} records it should`,
    );
  }
  return records;
}

function checkLine(record: NewRecord): void {
  if (record.value.length > MAX_VALUE) {
    throw new KidjamoError('BATCH_TOO_LARGE', `value of ${record.value.length} characters: a record may have ${MAX_VALUE} at most`);
  }
  if (!isPart(record.value) || !isPart(record.key)) {
    throw new KidjamoError(
      'INPUT_INVALID',
      'key and value of a record must be one line of text without U+0000, U+001E and lone surrogates',
    );
  }
}

/** One line that does not hold what parts keys from values. */
function isPart(text: string): boolean {
  return isLine(text) && !text.includes(SEPARATOR);
}
