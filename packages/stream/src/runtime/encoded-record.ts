/**
 * A record whose value stays in bytes until somebody reads it. Text of many records at once is a large object for the engine, and a piece of it
 * keeps all of it alive; most readers want one value at a time, or only its bytes.
 */

import type { LogRecord } from '../contracts/log.ts';

/** Where a value lies in bytes of UTF-8, which nobody changes. */
export interface ValueBytes {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export class EncodedRecord implements LogRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly time: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;

  constructor({ partition, offset, key, time }: Omit<LogRecord, 'value'>, { bytes, start, end }: ValueBytes) {
    this.partition = partition;
    this.offset = offset;
    this.key = key;
    this.time = time;
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** The value as text, made each time: look once. */
  get value(): string {
    return this.bytes.toString('utf8', this.start, this.end);
  }
}

/** About how long the value of a record is: in bytes where it is bytes, else in UTF-16 units. */
export function valueSize(record: LogRecord): number {
  return record instanceof EncodedRecord ? record.end - record.start : record.value.length;
}
