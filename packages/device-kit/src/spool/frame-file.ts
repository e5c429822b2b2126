/** A file of records that only grows. */

import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

import type { Frame } from './frames.ts';
import { framesOf } from './frames.ts';

export class FrameFile {
  readonly #handle: FileHandle;
  #size: number;
  #synced: boolean;
  #torn = false;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.#size = size;
    // What a killed process wrote may not have reached the disk.
    this.#synced = size === 0;
  }

  /** Opens or makes the file, hands its whole records over in order, and cuts a torn tail off. */
  static async open(path: string, visit: (frame: Frame) => void): Promise<FrameFile> {
    const handle = await open(path, 'a+', 0o600).then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
    try {
      const bytes = await handle.readFile();
      let size = 0;
      for (const frame of framesOf(bytes)) {
        visit(frame);
        size = frame.end;
      }
      if (size < bytes.length) {
        await handle.truncate(size);
        await handle.sync();
      }
      return new FrameFile(handle, size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Bytes of whole records. */
  get size(): number {
    return this.#size;
  }

  /** Appends whole records. When it rejects, nothing was appended. */
  async append(bytes: Buffer, options: { readonly sync: boolean }): Promise<void> {
    // What a failed write left would stand behind the end of a shorter one.
    if (this.#torn) await this.#cut();
    try {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#size + done);
        done += bytesWritten;
      }
      if (options.sync) await this.#handle.datasync();
    } catch (error) {
      this.#torn = true;
      // Tried again before the next append: the disk may be away for longer. What failed first is what is told.
      await this.#cut().catch(() => undefined);
      throw error;
    }
    this.#size += bytes.length;
    this.#synced = options.sync;
  }

  /** Makes everything appended so far survive a power cut. */
  async sync(): Promise<void> {
    if (this.#synced) return;
    const size = this.#size;
    await this.#handle.datasync();
    this.#synced = size === this.#size;
  }

  /** The bytes of the whole records. */
  async read(): Promise<Buffer> {
    const bytes = Buffer.alloc(this.#size);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, done);
      if (bytesRead === 0) return bytes.subarray(0, done);
      done += bytesRead;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await this.sync();
    await this.#handle.close();
  }

  async #cut(): Promise<void> {
    await this.#handle.truncate(this.#size);
    this.#torn = false;
  }
}

/** Makes new and removed names of a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
