/**
 * Records kept as bytes. A sink may collect many thousands for half a minute; as objects each of them would be looked at by every
 * collection of garbage until it is written, which cost more than writing it.
 */

import type { LogRecord } from '../contracts/log.ts';
import type { Records } from '../contracts/sink.ts';
import { EncodedRecord } from './encoded-record.ts';
import type { ValueBytes } from './encoded-record.ts';

/** Bytes of a page; a longer record has a page of its own. */
const PAGE = 1 << 20;
/** UTF-8 bytes that a UTF-16 unit takes at most. */
const WIDEST = 3;
/**
 * Pages of packs that were released, for the next ones. Fresh pages by the megabyte, soon left behind, make the engine look through the whole
 * heap again and again.
 */
const spare: Buffer[] = [];
/** Spare pages kept. */
const MAX_SPARE = 64;
const NO_BYTES = Buffer.alloc(0);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A value with the offset of its record. */
export interface EncodedValue extends ValueBytes {
  readonly offset: number;
}

/** The values of records, for whoever needs bytes: those of a {@link RecordPack} are not made into text on the way. Each is only there until the next. */
export function* encoded(records: Records): Generator<EncodedValue, undefined> {
  if (records instanceof RecordPack) {
    yield* records.encoded();
    return;
  }
  for (const record of records) {
    if (record instanceof EncodedRecord) yield record;
    else {
      const bytes = Buffer.from(record.value);
      yield { offset: record.offset, bytes, start: 0, end: bytes.length };
    }
  }
}

/** A growing list of records of one partition, in order. Reading it makes the records anew. */
export class RecordPack implements Records {
  readonly #partition: number;
  #pages: { readonly bytes: Buffer; used: number; count: number }[] = [];
  /** For each record its offset, its time, and where in its page its key and its value end. */
  #offsets: number[] = [];
  #times: number[] = [];
  #keyEnds: number[] = [];
  #ends: number[] = [];

  constructor(partition: number) {
    this.#partition = partition;
  }

  get length(): number {
    return this.#offsets.length;
  }

  add(record: LogRecord): void {
    const { offset, time, key } = record;
    const value = record instanceof EncodedRecord ? record : record.value;
    const needed = key.length * WIDEST + (typeof value === 'string' ? value.length * WIDEST : value.end - value.start);
    let page = this.#pages.at(-1);
    if (page === undefined || page.used + needed > page.bytes.length) {
      page = { bytes: (needed <= PAGE ? spare.pop() : undefined) ?? Buffer.allocUnsafeSlow(Math.max(PAGE, needed)), used: 0, count: 0 };
      this.#pages.push(page);
    }
    page.used += page.bytes.write(key, page.used, 'utf8');
    this.#keyEnds.push(page.used);
    page.used +=
      typeof value === 'string'
        ? page.bytes.write(value, page.used, 'utf8')
        : value.bytes.copy(page.bytes, page.used, value.start, value.end);
    this.#ends.push(page.used);
    page.count += 1;
    this.#offsets.push(offset);
    this.#times.push(time);
  }

  /** Empties the pack. Nobody may be going through it any more: its pages get other records. */
  release(): void {
    for (const { bytes } of this.#pages) if (bytes.length === PAGE && spare.length < MAX_SPARE) spare.push(bytes);
    this.#pages = [];
    this.#offsets = [];
    this.#times = [];
    this.#keyEnds = [];
    this.#ends = [];
  }

  /** The values, in place. The same object each time. */
  *encoded(): Generator<EncodedValue, undefined> {
    const value: Mutable<EncodedValue> = { offset: 0, bytes: NO_BYTES, start: 0, end: 0 };
    let index = 0;
    for (const { bytes, count } of this.#pages) {
      value.bytes = bytes;
      for (const last = index + count; index < last; index += 1) {
        value.offset = this.#offsets[index] ?? 0;
        value.start = this.#keyEnds[index] ?? 0;
        value.end = this.#ends[index] ?? value.start;
        yield value;
      }
    }
  }

  *[Symbol.iterator](): Iterator<LogRecord> {
    let index = 0;
    for (const { bytes, count } of this.#pages) {
      let start = 0;
      for (const last = index + count; index < last; index += 1) {
        const keyEnd = this.#keyEnds[index] ?? start;
        const end = this.#ends[index] ?? keyEnd;
        yield {
          partition: this.#partition,
          offset: this.#offsets[index] ?? 0,
          time: this.#times[index] ?? 0,
          key: bytes.toString('utf8', start, keyEnd),
          value: bytes.toString('utf8', keyEnd, end),
        };
        start = end;
      }
    }
  }
}
