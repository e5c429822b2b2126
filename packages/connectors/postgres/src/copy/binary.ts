/**
 * PostgreSQL's binary COPY format: rows without a text form on either side. Format: "COPY" in the PostgreSQL manual, section
 * "Binary Format"; types as their `*_recv` functions read them.
 */

import { KidjamoError } from '@kidjamo/stream';

/** Column types that {@link BinaryRows} writes, and the JavaScript values they take. Absent and null become NULL. */
export type ColumnType =
  | 'uuid' // string
  | 'timestamptz' // number: ms since the Unix epoch, kept to the microsecond
  | 'float8' // number
  | 'int4' // number
  | 'bool' // boolean
  | 'text' // string
  | 'text[]' // string[]
  | 'jsonb' // anything JSON
  | 'bytea'; // Buffer

/** A column of a table. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** What the data of a COPY begin with: signature, no flags, no extension. */
export const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What they end with. */
export const COPY_TRAILER = Buffer.from([0xff, 0xff]);
/** 2000-01-01T00:00:00Z, where PostgreSQL counts microseconds from, in ms since the Unix epoch. */
const POSTGRES_EPOCH = 946_684_800_000;
const TWO_32 = 2 ** 32;
const TEXT_OID = 25;
const DASH = 45;
const NOT_HEX = 255;
/** Value of a hex digit by its character code. */
const HEX_VALUE = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NOT_HEX : value;
});

/** Rows of a table in the form of a COPY, between its header and its trailer. */
export class CopyBlock {
  readonly data: Buffer;

  constructor(data: Buffer) {
    this.data = data;
  }
}

export class BinaryRows {
  readonly #columns: readonly Column[];
  #buffer: Buffer;
  #length = 0;

  constructor(columns: readonly Column[], sizeHint: number) {
    this.#columns = columns;
    this.#buffer = Buffer.allocUnsafe(Math.max(1024, sizeHint));
  }

  add(row: Readonly<Record<string, unknown>>): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeInt16BE(this.#columns.length, this.#length);
    for (const column of this.#columns) {
      const value = row[column.name];
      if (value === undefined || value === null) this.#int32(-1);
      else this.#value(column, value);
    }
  }

  /** The rows added. */
  finish(): CopyBlock {
    return new CopyBlock(this.#buffer.subarray(0, this.#length));
  }

  #value(column: Column, value: unknown): void {
    switch (column.type) {
      case 'uuid':
        if (typeof value !== 'string') throw mismatch(column);
        this.#uuid(value);
        return;
      case 'timestamptz':
        if (typeof value !== 'number') throw mismatch(column);
        this.#timestamp(value);
        return;
      case 'float8':
        if (typeof value !== 'number') throw mismatch(column);
        this.#reserve(12);
        this.#int32(8);
        this.#length = this.#buffer.writeDoubleBE(value, this.#length);
        return;
      case 'int4':
        if (typeof value !== 'number') throw mismatch(column);
        this.#int32(4);
        this.#int32(value);
        return;
      case 'bool':
        if (typeof value !== 'boolean') throw mismatch(column);
        this.#reserve(5);
        this.#int32(1);
        this.#buffer[this.#length++] = value ? 1 : 0;
        return;
      case 'text':
        if (typeof value !== 'string') throw mismatch(column);
        this.#text(value);
        return;
      case 'text[]':
        if (!Array.isArray(value)) throw mismatch(column);
        this.#textArray(value);
        return;
      case 'jsonb':
        this.#jsonb(value);
        return;
      case 'bytea':
        if (!(value instanceof Buffer)) throw mismatch(column);
        this.#reserve(4 + value.length);
        this.#int32(value.length);
        this.#length += value.copy(this.#buffer, this.#length);
        return;
    }
  }

  #uuid(value: string): void {
    this.#reserve(20);
    this.#int32(16);
    const buffer = this.#buffer;
    let digits = 0;
    let high = 0;
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (code === DASH) continue;
      const digit = HEX_VALUE[code] ?? NOT_HEX;
      if (digit === NOT_HEX || digits === 32) throw new KidjamoError('INPUT_INVALID', 'a value for a column of type uuid is not a UUID');
      if ((digits & 1) === 0) high = digit << 4;
      else buffer[this.#length++] = high | digit;
      digits += 1;
    }
    if (digits !== 32) throw new KidjamoError('INPUT_INVALID', 'a value for a column of type uuid is not a UUID');
  }

  #timestamp(ms: number): void {
    this.#reserve(12);
    this.#int32(8);
    const micros = Math.round((ms - POSTGRES_EPOCH) * 1000);
    const high = Math.floor(micros / TWO_32);
    this.#int32(high);
    this.#length = this.#buffer.writeUInt32BE(micros - high * TWO_32, this.#length);
  }

  #text(value: string): void {
    this.#reserve(4 + value.length * 3);
    const written = this.#buffer.write(value, this.#length + 4, 'utf8');
    this.#int32(written);
    this.#length += written;
  }

  #textArray(values: readonly unknown[]): void {
    this.#reserve(24);
    const start = this.#length;
    this.#length += 4;
    this.#int32(values.length === 0 ? 0 : 1);
    this.#int32(0);
    this.#int32(TEXT_OID);
    if (values.length > 0) {
      this.#int32(values.length);
      this.#int32(1);
      for (const value of values) this.#text(String(value));
    }
    this.#buffer.writeInt32BE(this.#length - start - 4, start);
  }

  #jsonb(value: unknown): void {
    const text = JSON.stringify(value);
    this.#reserve(5 + text.length * 3);
    this.#buffer[this.#length + 4] = 1;
    const written = this.#buffer.write(text, this.#length + 5, 'utf8');
    this.#int32(written + 1);
    this.#length += written + 1;
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function mismatch(column: Column): KidjamoError {
  return new KidjamoError('INPUT_INVALID', `a value for column ${column.name} is not of a kind that the type ${column.type} takes`);
}
