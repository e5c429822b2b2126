/**
 * NDJSON: one reading per line, of any number. Lines are taken in groups as they arrive, so memory stays bounded whatever the length of
 * the body, and a sender is slowed down to the pace of the log. A line that cannot be taken does not stop the others. Empty lines are
 * passed over. What was taken before a connection broke stays taken; sent again it is a duplicate.
 */

import type { Item } from './parse-body.ts';
import { isRefusal, parseBody } from './parse-body.ts';

/** Bytes of a line. */
export const MAX_LINE = 64 << 10;
/** Lines of a group. */
const GROUP_LINES = 1000;
/** Bytes of a group. */
const GROUP_BYTES = 1 << 20;

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Cuts chunks into lines, and lines into groups. The groups of a body do not depend on how it is cut into chunks. */
export class LineGroups {
  #line: Buffer[] = [];
  #length = 0;
  #items: Item[] = [];
  #bytes = 0;

  /** Takes a chunk; calls `flush` for each group that is full, one after the other. */
  async push(chunk: Buffer, flush: (items: readonly Item[]) => Promise<void>): Promise<void> {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      this.#extend(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#endLine();
      start = end + 1;
      if (this.#items.length >= GROUP_LINES || this.#bytes >= GROUP_BYTES) await flush(this.#takeItems());
    }
  }

  /** Ends the last line and returns what remains. */
  end(): readonly Item[] {
    this.#endLine();
    return this.#takeItems();
  }

  #extend(part: Buffer): void {
    const room = MAX_LINE - Math.min(MAX_LINE, this.#length);
    // Only the beginning of a line that is too long is kept.
    if (room > 0 && part.length > 0) this.#line.push(part.subarray(0, room));
    this.#length += part.length;
  }

  #endLine(): void {
    const length = this.#length;
    let bytes = this.#line.length === 1 && this.#line[0] !== undefined ? this.#line[0] : Buffer.concat(this.#line);
    this.#line = [];
    this.#length = 0;
    if (length <= MAX_LINE && bytes.at(-1) === CARRIAGE_RETURN) bytes = bytes.subarray(0, -1);
    if (bytes.length === 0) return;
    this.#bytes += bytes.length;
    this.#items.push(length > MAX_LINE ? tooLong(bytes) : parseLine(bytes));
  }

  #takeItems(): readonly Item[] {
    const items = this.#items;
    this.#items = [];
    this.#bytes = 0;
    return items;
  }
}

function tooLong(bytes: Buffer): Item {
  const refusal = { reason: 'too_large', detail: `the line has more than ${MAX_LINE} bytes; its beginning is kept` } as const;
  return { value: undefined, bytes: () => bytes, refusal };
}

function parseLine(bytes: Buffer): Item {
  const parsed = parseBody(bytes, false);
  if (isRefusal(parsed))
    return { value: undefined, bytes: () => bytes, refusal: { ...parsed, detail: parsed.detail.replace('body', 'line') } };
  return parsed.items[0] ?? { value: undefined, bytes: () => bytes };
}
