/**
 * The readings on the disk: numbered records in segment files, each named by its first number. Appends that come while the disk is busy share the next
 * write. Memory holds the list of segments, what waits for the disk, and one segment while it is read.
 */

import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../clock.ts';
import { DeviceKitError } from '../errors.ts';
import { FrameFile, syncFolder } from './frame-file.ts';
import type { Frame } from './frames.ts';
import { encodeFrame, frameSize, framesOf } from './frames.ts';

/** Bounds and policy of the log. */
export interface ReadingLogOptions {
  readonly clock: Clock;
  readonly segmentBytes: number;
  /** Bytes of all segments together. */
  readonly maxBytes: number;
  /** Whether an append resolves only when it survives a power cut. */
  readonly sync: boolean;
  /** Called when an append would go beyond `maxBytes`. True when it made room. */
  readonly makeRoom: () => Promise<boolean>;
}

const NAME = /^readings-(\d{16})\.log$/;

interface Segment {
  readonly first: number;
  size: number;
}

interface Waiting {
  readonly payload: Buffer;
  readonly resolve: (number: number) => void;
  readonly reject: (error: unknown) => void;
}

export class ReadingLog {
  readonly #folder: string;
  readonly #options: ReadingLogOptions;
  /** Oldest first; the last one is appended to. */
  readonly #segments: Segment[];
  #file: FrameFile;
  #next: number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;

  private constructor(folder: string, options: ReadingLogOptions, found: { segments: Segment[]; file: FrameFile; next: number }) {
    this.#folder = folder;
    this.#options = options;
    this.#segments = found.segments;
    this.#file = found.file;
    this.#next = found.next;
  }

  /** Opens the log, whose next number is `least` or more. */
  static async open(folder: string, least: number, options: ReadingLogOptions): Promise<ReadingLog> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const segments: Segment[] = [];
    for (const name of (await readdir(folder)).sort()) {
      const first = NAME.exec(name)?.[1];
      if (first !== undefined) segments.push({ first: Number(first), size: 0 });
    }
    if (segments.length === 0) segments.push({ first: least, size: 0 });
    const last = segments.at(-1) ?? { first: least, size: 0 };
    let next = last.first;
    const file = await FrameFile.open(pathOf(folder, last.first), ({ number }) => (next = Math.max(next, number + 1)));
    for (const segment of segments) segment.size = segment === last ? file.size : (await stat(pathOf(folder, segment.first))).size;
    await syncFolder(folder);
    const log = new ReadingLog(folder, options, { segments, file, next });
    // Someone removed files: numbers are never used twice.
    if (next < least) await log.#roll(least);
    return log;
  }

  /** The number that the next reading gets. */
  get next(): number {
    return this.#next;
  }

  /** The number of the oldest reading that is kept. */
  get first(): number {
    return this.#segments[0]?.first ?? this.#next;
  }

  /** Bytes on the disk. */
  get bytes(): number {
    let sum = 0;
    for (const { size } of this.#segments) sum += size;
    return sum;
  }

  /** The number behind the oldest segment, unless it is the one appended to. */
  get endOfOldest(): number | undefined {
    return this.#segments[1]?.first;
  }

  /**
   * Resolves to the number of the reading when it is kept.
   * @throws DeviceKitError SPOOL_FULL or BUSY, or what the disk says: then it is not kept.
   */
  append(payload: Buffer): Promise<number> {
    const { segmentBytes } = this.#options;
    if (this.#waitingBytes > 0 && this.#waitingBytes + frameSize(payload) > segmentBytes) {
      return Promise.reject(new DeviceKitError('BUSY', `${segmentBytes} bytes wait for the disk: await record() before the next one`));
    }
    this.#waitingBytes += frameSize(payload);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Makes everything appended so far survive a power cut. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  /** Resolves when nothing waits for the disk. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  /**
   * The readings from a number on, up to the end of the segment that holds it: at least one, unless all that is left there is
   * damaged, or there is none.
   */
  async read(from: number, limits: { readonly items: number; readonly bytes: number }): Promise<Frame[]> {
    const segment = this.#segments.findLast(({ first }) => first <= from);
    if (segment === undefined) return [];
    const bytes = segment === this.#segments.at(-1) ? await this.#file.read() : await readFile(pathOf(this.#folder, segment.first));
    const frames: Frame[] = [];
    let next = from;
    let sum = 0;
    for (const frame of framesOf(bytes)) {
      if (frame.number < next) continue;
      sum += frame.payload.length + 1;
      if (frames.length > 0 && (frames.length >= limits.items || sum > limits.bytes)) break;
      frames.push(frame);
      next = frame.number + 1;
    }
    return frames;
  }

  /** Where the segment that holds a number ends: the first number of the next one. */
  endOfSegment(number: number): number {
    return this.#segments.find(({ first }) => first > number)?.first ?? this.#next;
  }

  /** Removes the segments that hold only numbers below this one. */
  async removeBefore(number: number): Promise<void> {
    let removed = false;
    for (let end = this.endOfOldest; end !== undefined && end <= number; end = this.endOfOldest) {
      await rm(pathOf(this.#folder, this.first), { force: true });
      this.#segments.shift();
      removed = true;
    }
    if (removed) await syncFolder(this.#folder);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#room(group);
        await this.#writeGroup(group);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = undefined;
  }

  async #room(group: readonly Waiting[]): Promise<void> {
    const { maxBytes, makeRoom } = this.#options;
    let size = 0;
    for (const { payload } of group) size += frameSize(payload);
    while (this.bytes + size > maxBytes) {
      if (!(await makeRoom())) {
        throw new DeviceKitError(
          'SPOOL_FULL',
          `the folder holds maxBytes (${maxBytes}): the server is away, or maxBytes is too small. The reading is not kept`,
        );
      }
    }
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const { clock, segmentBytes, sync } = this.#options;
    if (this.#file.size >= segmentBytes) await this.#roll(this.#next);
    const at = clock.now();
    const first = this.#next;
    const frames = group.map(({ payload }, i) => encodeFrame(first + i, at, payload));
    await this.#file.append(Buffer.concat(frames), { sync });
    this.#next += group.length;
    const last = this.#segments.at(-1);
    if (last !== undefined) last.size = this.#file.size;
    group.forEach(({ resolve }, i) => resolve(first + i));
  }

  async #roll(first: number): Promise<void> {
    // Before the switch: sync() of the log looks at the last segment only.
    await this.#file.sync();
    const file = await FrameFile.open(pathOf(this.#folder, first), () => undefined);
    await syncFolder(this.#folder);
    const old = this.#file;
    this.#file = file;
    this.#next = first;
    this.#segments.push({ first, size: 0 });
    await old.close();
  }
}

function pathOf(folder: string, first: number): string {
  return join(folder, `readings-${String(first).padStart(16, '0')}.log`);
}
