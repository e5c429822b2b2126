/** Remembers how far a replay has come, so that one that was interrupted goes on where it stopped. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export class ReplayCheckpoint {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** The checkpoint of this file, with this start, against this instance's home. A file that was changed is another file. */
  static async of(home: string, file: string, start: number): Promise<ReplayCheckpoint> {
    const { size, mtimeMs } = await stat(file);
    const name = createHash('sha256')
      .update(JSON.stringify([resolve(file), size, mtimeMs, start]))
      .digest('hex')
      .slice(0, 24);
    const folder = join(home, 'replay');
    await mkdir(folder, { recursive: true });
    return new ReplayCheckpoint(join(folder, `${name}.json`));
  }

  /** How many readings from the start were answered. */
  async read(): Promise<number> {
    try {
      const value: unknown = JSON.parse(await readFile(this.#path, 'utf8'));
      return typeof value === 'object' && value !== null && 'answered' in value ? Number(value.answered) : 0;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
      throw error;
    }
  }

  async write(answered: number): Promise<void> {
    await writeFile(`${this.#path}.new`, JSON.stringify({ answered }));
    await rename(`${this.#path}.new`, this.#path);
  }

  async remove(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
