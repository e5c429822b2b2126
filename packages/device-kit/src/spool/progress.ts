/** How far the readings are delivered, and which batch is sealed: a small file of records, written anew when it has grown. */

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { FrameFile, syncFolder } from './frame-file.ts';
import type { Frame } from './frames.ts';
import { encodeFrame } from './frames.ts';

/**
 * A batch that is formed. The readings with these numbers, as they lie on the disk, are its bytes; they never change.
 */
export interface Seal {
  readonly key: string;
  readonly first: number;
  readonly last: number;
  /** CRC-32 of the body. */
  readonly crc: number;
}

interface State {
  /** The number of the oldest reading that is not settled. */
  readonly position: number;
  readonly seal?: Seal;
}

const MAX_SIZE = 65_536;

export class Progress {
  readonly #folder: string;
  #file: FrameFile;
  #state: State;

  private constructor(folder: string, file: FrameFile, state: State) {
    this.#folder = folder;
    this.#file = file;
    this.#state = state;
  }

  static async open(folder: string): Promise<Progress> {
    // Left by a crash before it took the place of the other.
    await rm(join(folder, 'progress.new'), { force: true });
    let state: State = { position: 0 };
    const visit = ({ payload }: Frame): void => {
      state = JSON.parse(payload.toString()) as State;
    };
    return new Progress(folder, await FrameFile.open(join(folder, 'progress.log'), visit), state);
  }

  get position(): number {
    return this.#state.position;
  }

  get seal(): Seal | undefined {
    return this.#state.seal;
  }

  /** Seals a batch. When it resolves, this survives a power cut: only then may the batch be sent. */
  async sealBatch(seal: Seal): Promise<void> {
    await this.#set({ position: this.#state.position, seal }, true);
  }

  /**
   * Everything below the position is settled. A power cut may bring the sealed batch back: it is then sent again, as it was.
   */
  async moveTo(position: number): Promise<void> {
    await this.#set({ position }, false);
  }

  /** Makes everything survive a power cut. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #set(state: State, sync: boolean): Promise<void> {
    if (this.#file.size >= MAX_SIZE) await this.#compact();
    await this.#file.append(record(state), { sync });
    this.#state = state;
  }

  async #compact(): Promise<void> {
    const path = join(this.#folder, 'progress.new');
    await rm(path, { force: true });
    const file = await FrameFile.open(path, () => undefined);
    try {
      await file.append(record(this.#state), { sync: true });
      await rename(path, join(this.#folder, 'progress.log'));
    } catch (error) {
      await file.close();
      throw error;
    }
    await syncFolder(this.#folder);
    const old = this.#file;
    this.#file = file;
    await old.close();
  }
}

function record(state: State): Buffer {
  return encodeFrame(0, 0, Buffer.from(JSON.stringify(state)));
}
