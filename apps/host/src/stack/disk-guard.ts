/** Watches free space, so that the gateway refuses readings (503) while it can still say so, before the database is stopped by a full disk. */

import { statfs } from 'node:fs/promises';

import { KidjamoError, systemClock } from '@kidjamo/stream';

const LOOK_EVERY = 1000;

export class DiskGuard {
  readonly #folder: string;
  readonly #reserve: number;
  #free = Number.POSITIVE_INFINITY;

  /** `reserve` in bytes. */
  constructor(folder: string, reserve: number) {
    this.#folder = folder;
    this.#reserve = reserve;
  }

  /** Free bytes when last looked at. */
  get free(): number {
    return this.#free;
  }

  /** @throws KidjamoError LOG_FULL when less than the reserve is free. */
  readonly admit = (): void => {
    if (this.#free >= this.#reserve) return;
    const mebibytes = (bytes: number): string => `${String(Math.floor(bytes / 2 ** 20))} MB`;
    throw new KidjamoError(
      'LOG_FULL',
      `${mebibytes(this.#free)} free on the disk, below the reserve of ${mebibytes(this.#reserve)}: free some space`,
    );
  };

  /** Looks at once, and then every second until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { bavail, bsize } = await statfs(this.#folder);
      this.#free = bavail * bsize;
      await systemClock.sleep(LOOK_EVERY, signal);
    }
  }
}
