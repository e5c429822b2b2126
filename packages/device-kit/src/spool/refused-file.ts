/**
 * Readings that the server can never take, with the reason: one JSON object per line, for a person to look at. Each stands there once,
 * even when the process dies between this file and the progress. A full file is moved aside, in place of the one moved before.
 */

import type { FileHandle } from 'node:fs/promises';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { syncFolder } from './frame-file.ts';

/** A reading that was refused. */
export interface RefusedReading {
  readonly number: number;
  /** The server's word for it, such as `invalid`. */
  readonly reason: string;
  /** The members at fault. */
  readonly errors?: unknown;
  /** The bytes that were sent. */
  readonly reading: Buffer;
}

export class RefusedFile {
  readonly #folder: string;
  readonly #maxBytes: number;
  #handle: FileHandle;
  #size: number;
  #last: number;
  /** Readings in the file, and in the one moved aside. */
  #lines: { current: number; old: number };

  private constructor(folder: string, maxBytes: number, found: Lines & { old: number }) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#handle = found.handle;
    this.#size = found.size;
    this.#last = found.last;
    this.#lines = { current: found.lines, old: found.old };
  }

  static async open(folder: string, maxBytes: number): Promise<RefusedFile> {
    const old = await openLines(join(folder, 'refused.old.ndjson'));
    await old.handle.close();
    const found = await openLines(join(folder, 'refused.ndjson'));
    return new RefusedFile(folder, maxBytes, { ...found, last: Math.max(found.last, old.last), old: old.lines });
  }

  /** Adds those that are not there yet, durably. @returns how many older ones had to go for it. */
  async add(refused: readonly RefusedReading[], at: number): Promise<number> {
    const fresh = refused.filter(({ number }) => number > this.#last);
    if (fresh.length === 0) return 0;
    const lines = fresh.map(({ number, reason, errors, reading }) => {
      const told = JSON.stringify(errors ?? null);
      const head = JSON.stringify({
        number,
        refused_at: new Date(at).toISOString(),
        reason: reason.slice(0, MAX_REASON),
        ...(told.length > MAX_ERRORS ? {} : { errors }),
      });
      return `${head.slice(0, -1)},"reading":${reading.toString()}}\n`;
    });
    const bytes = Buffer.from(lines.join(''));
    const moved = this.#size > 0 && this.#size + bytes.length > this.#maxBytes;
    const gone = moved ? this.#lines.old : 0;
    if (moved) await this.#moveAside();
    // What a failed write left behind the end is written over, or cut when the file is opened.
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#size + done);
      done += bytesWritten;
    }
    await this.#handle.truncate(this.#size + bytes.length);
    await this.#handle.sync();
    this.#size += bytes.length;
    this.#last = fresh.at(-1)?.number ?? this.#last;
    this.#lines.current += fresh.length;
    return gone;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #moveAside(): Promise<void> {
    await rename(join(this.#folder, 'refused.ndjson'), join(this.#folder, 'refused.old.ndjson'));
    const old = this.#handle;
    ({ handle: this.#handle, size: this.#size } = await openLines(join(this.#folder, 'refused.ndjson')));
    this.#lines = { current: 0, old: this.#lines.current };
    await syncFolder(this.#folder);
    await old.close();
  }
}

/** Characters of what the server says, so that a line stays short. */
const MAX_REASON = 256;
const MAX_ERRORS = 4096;
const CHUNK = 65_536;
const NEWLINE = 10;

interface Lines {
  readonly handle: FileHandle;
  /** Bytes of whole lines. */
  readonly size: number;
  readonly lines: number;
  /** The number in the last line, the highest; -1 when there is none. */
  readonly last: number;
}

/** Opens a file of lines, and cuts a torn last one off. */
async function openLines(path: string): Promise<Lines> {
  const made = await open(path, 'a', 0o600);
  await made.close();
  const handle = await open(path, 'r+');
  const chunk = Buffer.alloc(CHUNK);
  let lines = 0;
  let size = 0;
  let start = 0;
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK, at);
    if (bytesRead === 0) break;
    for (let i = chunk.indexOf(NEWLINE); i >= 0 && i < bytesRead; i = chunk.indexOf(NEWLINE, i + 1)) {
      lines += 1;
      start = size;
      size = at + i + 1;
    }
    at += bytesRead;
  }
  await handle.truncate(size);
  const { bytesRead } = await handle.read(chunk, 0, 64, start);
  const number = /^\{"number":(\d+),/.exec(chunk.toString('utf8', 0, bytesRead))?.[1];
  return { handle, size, lines, last: number === undefined ? -1 : Number(number) };
}
