/** A file of lines that is written as fast as it is asked to be: what is written is never held in memory beyond a few pages. */

import { closeSync, openSync, writeSync } from 'node:fs';

/** Characters that are held back and written together. */
const PAGE = 64 * 1024;

export class LineFile {
  readonly #file: number;
  #held: string[] = [];
  #size = 0;

  /** Makes the file, or empties it. */
  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  /** Adds `value` as a line of JSON. */
  add(value: unknown): void {
    const line = `${JSON.stringify(value)}\n`;
    this.#held.push(line);
    this.#size += line.length;
    if (this.#size >= PAGE) this.#write();
  }

  close(): void {
    this.#write();
    closeSync(this.#file);
  }

  #write(): void {
    const bytes = Buffer.from(this.#held.join(''));
    this.#held = [];
    this.#size = 0;
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
  }
}
