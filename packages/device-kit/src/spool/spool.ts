/**
 * What the device keeps until the server has it. The order of the writes is what makes a kill at any moment harmless:
 *
 *   a reading is on the disk            before record() resolves
 *   a batch is sealed: numbers and key  before its first try, and after its readings survive a power cut
 *   refused readings are in their file  before the batch is settled
 *   the batch is settled                before its segments are removed
 */

import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import type { Clock, Random } from '../clock.ts';
import type { Frame } from './frames.ts';
import { lockFolder } from './lock.ts';
import { Progress } from './progress.ts';
import { ReadingLog } from './reading-log.ts';
import type { RefusedReading } from './refused-file.ts';
import { RefusedFile } from './refused-file.ts';

/** A sealed batch, ready to be sent. */
export interface Batch {
  readonly key: string;
  /** A JSON array. The same bytes at every try. */
  readonly body: Buffer;
  readonly readings: readonly Frame[];
}

/** Bounds and policies. */
export interface SpoolOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxBytes: number;
  readonly segmentBytes: number;
  readonly maxRefusedBytes: number;
  readonly sync: boolean;
  readonly dropOldest: boolean;
  /** Told of readings that are lost: dropped since the folder was full, found damaged, or refused long ago. */
  readonly onLost: (why: 'dropped' | 'damaged' | 'refused-file-full', readings: number) => void;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #log: ReadingLog;
  readonly #progress: Progress;
  readonly #refused: RefusedFile;
  readonly #unlock: () => Promise<void>;
  /** Sealing, settling and dropping, one at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #oldest: number | undefined;

  private constructor(
    options: SpoolOptions,
    parts: { log: ReadingLog; progress: Progress; refused: RefusedFile; unlock: () => Promise<void> },
  ) {
    this.#options = options;
    this.#log = parts.log;
    this.#progress = parts.progress;
    this.#refused = parts.refused;
    this.#unlock = parts.unlock;
  }

  /** @throws DeviceKitError LOCKED. */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, maxRefusedBytes } = options;
    const unlock = await lockFolder(folder);
    const opened: { close(): Promise<void> }[] = [];
    try {
      const progress = await Progress.open(folder);
      opened.push(progress);
      const refused = await RefusedFile.open(folder, maxRefusedBytes);
      opened.push(refused);
      const makeRoom = (): Promise<boolean> => spool.#makeRoom();
      const log = await ReadingLog.open(join(folder, 'readings'), progress.position, { ...options, makeRoom });
      opened.push(log);
      const spool = new Spool(options, { log, progress, refused, unlock });
      // Where the progress was lost, or segments were removed by hand.
      if (log.first > progress.position) await progress.moveTo(log.first);
      await log.removeBefore(progress.position);
      await spool.#lookAtOldest();
      return spool;
    } catch (error) {
      for (const file of opened) await file.close();
      await unlock();
      throw error;
    }
  }

  /** Readings that are not settled. Damaged ones count until they are found out. */
  get pending(): number {
    return this.#log.next - this.#progress.position;
  }

  /** The number that the next reading gets. */
  get next(): number {
    return this.#log.next;
  }

  /** Everything below is settled. */
  get position(): number {
    return this.#progress.position;
  }

  /** When the oldest pending reading was recorded, ms since the epoch by the device's clock. */
  get oldest(): number | undefined {
    return this.pending === 0 ? undefined : this.#oldest;
  }

  /** Whether a batch is sealed and waits for its delivery. */
  get sealed(): boolean {
    return this.#progress.seal !== undefined;
  }

  get bytes(): number {
    return this.#log.bytes;
  }

  /** @throws DeviceKitError SPOOL_FULL or BUSY, or what the disk says. */
  async append(payload: Buffer): Promise<void> {
    const at = this.#options.clock.now();
    const number = await this.#log.append(payload);
    if (number === this.#progress.position || this.#oldest === undefined) this.#oldest = at;
  }

  /** Makes all readings survive a power cut. */
  sync(): Promise<void> {
    return this.#log.sync();
  }

  /** The batch to send: the sealed one, or a new one of the oldest readings. Undefined when nothing is pending. */
  batch(limits: { readonly items: number; readonly bytes: number }): Promise<Batch | undefined> {
    return this.#alone(async () => {
      for (;;) {
        const { seal, position } = this.#progress;
        if (seal !== undefined) {
          const frames = await this.#log.read(seal.first, { items: seal.last - seal.first + 1, bytes: Number.MAX_SAFE_INTEGER });
          const batch = toBatch(
            seal.key,
            frames.filter(({ number }) => number <= seal.last),
          );
          if (crc32(batch.body) === seal.crc) return batch;
        }
        if (this.pending === 0) return undefined;
        const last = seal === undefined ? Number.MAX_SAFE_INTEGER : seal.last;
        const found = await this.#log.read(position, limits);
        const frames = found.filter(({ number }) => number <= last);
        if (frames.length > 0) await this.#seal(frames);
        else await this.#passOver(found[0]?.number ?? this.#log.endOfSegment(position));
      }
    });
  }

  /** Seals the first half of the sealed batch under a new key: the server said that it will never take the whole. */
  split(batch: Batch): Promise<void> {
    return this.#alone(async () => {
      // Dropped while it was under way.
      if (this.#progress.seal?.key !== batch.key) return;
      await this.#seal(batch.readings.slice(0, Math.ceil(batch.readings.length / 2)));
    });
  }

  /** Settles the sealed batch: it is delivered, but for those that are refused. */
  settle(batch: Batch, refused: readonly RefusedReading[]): Promise<void> {
    return this.#alone(async () => {
      const first = batch.readings[0]?.number ?? 0;
      const last = batch.readings.at(-1)?.number ?? first;
      const gone = await this.#refused.add(refused, this.#options.clock.now());
      if (gone > 0) this.#options.onLost('refused-file-full', gone);
      // Dropped while it was under way.
      if (this.#progress.seal?.key !== batch.key) return;
      const missing = last - this.#progress.position + 1 - batch.readings.length;
      await this.#moveTo(last + 1);
      if (missing > 0) this.#options.onLost('damaged', missing);
    });
  }

  /** Closes the files and gives the folder back. */
  async close(): Promise<void> {
    await this.#log.idle();
    await this.#alone(async () => {
      await this.#log.close();
      await this.#progress.close();
      await this.#refused.close();
    });
    await this.#unlock();
  }

  async #seal(frames: readonly Frame[]): Promise<void> {
    const key = Buffer.from(this.#options.random(16)).toString('hex');
    const { body } = toBatch(key, frames);
    const first = frames[0]?.number ?? 0;
    // A reading that is sent must not vanish in a power cut: its number would be given to another.
    await this.#log.sync();
    await this.#progress.sealBatch({ key, first, last: frames.at(-1)?.number ?? first, crc: crc32(body) });
  }

  /** Goes on behind readings that are damaged. */
  async #passOver(position: number): Promise<void> {
    const lost = position - this.#progress.position;
    await this.#moveTo(position);
    this.#options.onLost('damaged', lost);
  }

  async #moveTo(position: number): Promise<void> {
    await this.#progress.moveTo(position);
    const end = this.#log.endOfOldest;
    if (end !== undefined && end <= position) {
      await this.#progress.sync();
      await this.#log.removeBefore(position);
    }
    await this.#lookAtOldest();
  }

  async #lookAtOldest(): Promise<void> {
    const [oldest] = this.pending === 0 ? [] : await this.#log.read(this.#progress.position, { items: 1, bytes: 0 });
    this.#oldest = oldest?.at;
  }

  #makeRoom(): Promise<boolean> {
    return this.#alone(async () => {
      const end = this.#log.endOfOldest;
      if (!this.#options.dropOldest || end === undefined) return false;
      const lost = Math.max(0, end - this.#progress.position);
      await this.#moveTo(Math.max(end, this.#progress.position));
      if (lost > 0) this.#options.onLost('dropped', lost);
      return true;
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    // The next one does not care how this one ended; the caller does.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function toBatch(key: string, readings: readonly Frame[]): Batch {
  const parts: Buffer[] = [];
  for (const { payload } of readings) parts.push(parts.length === 0 ? OPEN : COMMA, payload);
  return { key, readings, body: Buffer.concat([...parts, CLOSE]) };
}

const OPEN = Buffer.from('[');
const COMMA = Buffer.from(',');
const CLOSE = Buffer.from(']');
