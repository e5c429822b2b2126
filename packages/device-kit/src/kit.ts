/** The kit: a reading goes in, is kept on the device's own disk, and reaches the server once. */

import { EventEmitter } from 'node:events';

import type { RetryOptions } from './backoff.ts';
import type { Clock, Random } from './clock.ts';
import { systemClock, systemRandom } from './clock.ts';
import { DeviceKitError } from './errors.ts';
import type { Reading } from './reading.ts';
import { encodeReading } from './reading.ts';
import type { BatchOptions, Counts } from './sender.ts';
import { Sender } from './sender.ts';
import { Spool } from './spool/spool.ts';
import { httpTransport } from './transport/http.ts';
import type { Transport } from './transport/transport.ts';

/** How a kit is opened. */
export interface DeviceKitOptions {
  /** A folder of the device's own, made where it is missing. One kit at a time uses it. */
  readonly folder: string;
  /** One kit per device. */
  readonly deviceId: string;
  /** Address of the server, for HTTP. */
  readonly url?: string | URL;
  /** Another way to the server, in place of `url`: see `@kidjamo/device-kit/mqtt`, or {@link httpTransport} with its options. */
  readonly transport?: Transport;
  readonly batch?: BatchOptions;
  readonly retry?: RetryOptions;
  /** Bytes of the readings kept. Default 67,108,864: about 200,000 readings. At least 1,048,576. */
  readonly maxBytes?: number;
  /** Bytes of `refused.ndjson` before it is moved aside. Default 16,777,216. */
  readonly maxRefusedBytes?: number;
  /** At `maxBytes`: `reject` (default) lets `record` reject; `drop-oldest` lets the oldest go, told by the event `lost`. */
  readonly whenFull?: 'reject' | 'drop-oldest';
  /**
   * `always` (default): a recorded reading survives a power cut. `second`: it survives the death of the process at once, and a power
   * cut a second later; kinder to SD cards.
   */
  readonly fsync?: 'always' | 'second';
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What the kit tells, for a screen or a log. Counts are readings. */
export interface DeviceKitEvents {
  /** The server has the readings of a batch, and they are off the disk. */
  delivered: [Counts];
  /** The server will never take these: they are in `refused.ndjson`. With the reason of the first. */
  refused: [readings: number, reason: string];
  /** A try failed; the next one comes after the delay. */
  retry: [{ readonly reason: string; readonly failures: number; readonly delayMs: number }];
  /** Readings that are gone for good. */
  lost: [why: 'dropped' | 'damaged' | 'refused-file-full', readings: number];
}

/** How things stand. Times are ms since the epoch by the device's clock. */
export interface DeviceKitStatus {
  /** Readings that the server does not have yet, as far as we know. */
  readonly pending: number;
  /** When the oldest of them was recorded. */
  readonly oldest: number | undefined;
  readonly spoolBytes: number;
  readonly lastError: { readonly at: number; readonly reason: string } | undefined;
  readonly lastSuccess: number | undefined;
  /** Since the kit was opened. */
  readonly delivered: number;
  readonly refused: number;
  readonly lost: number;
}

interface Flush {
  readonly until: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const MAX_READINGS = 1000;
const MAX_BODY = 1 << 20;

export class DeviceKit extends EventEmitter<DeviceKitEvents> {
  readonly #options: DeviceKitOptions;
  readonly #clock: Clock;
  readonly #transport: Transport;
  readonly #spool: Spool;
  readonly #sender: Sender;
  readonly #closing = new AbortController();
  #flushes: Flush[] = [];
  #syncing: Promise<void> | undefined;
  #closed: Promise<void> | undefined;
  #lastError: DeviceKitStatus['lastError'];
  #lastSuccess: number | undefined;
  readonly #counts = { delivered: 0, refused: 0, lost: 0 };

  private constructor(options: DeviceKitOptions, transport: Transport, spool: Spool) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#transport = transport;
    this.#spool = spool;
    const { readings = 10, ms = 30_000, maxReadings = MAX_READINGS, maxBytes = MAX_BODY } = options.batch ?? {};
    this.#sender = new Sender({
      spool,
      transport,
      clock: this.#clock,
      random: options.random ?? systemRandom,
      batch: { readings, ms, maxReadings, maxBytes },
      retry: options.retry ?? {},
      events: {
        progressed: () => this.#settleFlushes(),
        delivered: (counts) => this.#delivered(counts),
        refused: (count, reason) => this.#tell('refused', count, reason),
        retry: (failure) => {
          this.#lastError = { at: this.#clock.now(), reason: failure.reason };
          this.#tell('retry', failure);
        },
      },
    });
  }

  /**
   * Opens the folder and begins to send what is in it.
   * @throws DeviceKitError INVALID_OPTION or LOCKED, or what the disk says.
   */
  static async open(options: DeviceKitOptions): Promise<DeviceKit> {
    const { folder, clock = systemClock, random = systemRandom, maxBytes = 64 << 20, maxRefusedBytes = 16 << 20 } = options;
    check(options, maxBytes);
    const transport = options.transport ?? httpTransport({ url: options.url ?? '', clock });
    const lost: { report?: (why: DeviceKitEvents['lost'][0], readings: number) => void } = {};
    const spool = await Spool.open({
      folder,
      clock,
      random,
      maxBytes,
      segmentBytes: Math.min(MAX_BODY, Math.floor(maxBytes / 8)),
      maxRefusedBytes,
      sync: options.fsync !== 'second',
      dropOldest: options.whenFull === 'drop-oldest',
      onLost: (why, readings) => lost.report?.(why, readings),
    });
    const kit = new DeviceKit(options, transport, spool);
    lost.report = (why, readings) => kit.#lose(why, readings);
    return kit;
  }

  /**
   * Resolves when the reading is on the device's own disk. From then on it is delivered, or told of.
   * @throws DeviceKitError INVALID_READING, SPOOL_FULL, BUSY or CLOSED, or what the disk says: then it is not kept.
   */
  async record(reading: Reading): Promise<void> {
    this.#checkOpen();
    await this.#spool.append(encodeReading(reading, this.#options.deviceId));
    if (this.#options.fsync === 'second') this.#syncing ??= this.#syncSoon();
    this.#sender.notice();
  }

  /**
   * Sends everything recorded so far without waiting for a full batch or the end of a back-off.
   * Resolves when the server has it. While it cannot be reached this waits; `close` makes it reject.
   * @throws DeviceKitError CLOSED.
   */
  async flush(): Promise<void> {
    this.#checkOpen();
    if (this.#spool.pending === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#flushes.push({ until: this.#spool.next, resolve, reject });
      this.#sender.hurry();
    });
  }

  status(): DeviceKitStatus {
    const { pending, oldest, bytes } = this.#spool;
    return { pending, oldest, spoolBytes: bytes, lastError: this.#lastError, lastSuccess: this.#lastSuccess, ...this.#counts };
  }

  /** Stops. What is pending stays on the disk, for the next time. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    await this.#sender.stop();
    for (const { reject } of this.#flushes.splice(0))
      reject(new DeviceKitError('CLOSED', 'the kit was closed; what is pending stays on the disk'));
    await this.#syncing;
    await this.#spool.close();
    await this.#transport.close();
  }

  async #syncSoon(): Promise<void> {
    await this.#clock.sleep(1000, this.#closing.signal);
    this.#syncing = undefined;
    await this.#spool.sync().catch((error: unknown) => {
      // Told, and tried again with the next reading.
      this.#lastError = { at: this.#clock.now(), reason: error instanceof Error ? error.message : 'the disk failed' };
    });
  }

  #delivered(counts: Counts): void {
    this.#lastSuccess = this.#clock.now();
    this.#counts.delivered += counts.accepted + counts.duplicates + counts.quarantined;
    this.#counts.refused += counts.refused;
    this.#tell('delivered', counts);
  }

  #lose(why: DeviceKitEvents['lost'][0], readings: number): void {
    this.#counts.lost += readings;
    this.#tell('lost', why, readings);
  }

  #settleFlushes(): void {
    const done = this.#flushes.filter(({ until }) => until <= this.#spool.position);
    this.#flushes = this.#flushes.filter(({ until }) => until > this.#spool.position);
    for (const { resolve } of done) resolve();
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new DeviceKitError('CLOSED', 'the kit is closed');
  }

  /** Listeners run on their own: what one throws must not stop the sender. */
  #tell<Name extends keyof DeviceKitEvents>(name: Name, ...args: DeviceKitEvents[Name]): void {
    queueMicrotask(() => (this as EventEmitter).emit(name, ...args));
  }
}

function check(options: DeviceKitOptions, maxBytes: number): void {
  const { batch: { readings = 10, ms = 30_000, maxReadings = MAX_READINGS, maxBytes: bytes = MAX_BODY } = {} } = options;
  if (options.deviceId === '') throw invalid('deviceId must not be empty');
  if ((options.url === undefined) === (options.transport === undefined)) throw invalid('give either url or transport');
  if (!(maxBytes >= MAX_BODY)) throw invalid(`maxBytes must be ${MAX_BODY} or more`);
  if (!(readings >= 1 && ms >= 0)) throw invalid('batch.readings must be 1 or more, and batch.ms 0 or more');
  if (!(maxReadings >= 1 && maxReadings <= MAX_READINGS))
    throw invalid(`batch.maxReadings must be 1 to ${MAX_READINGS}: the server takes no more`);
  if (!(bytes >= 1024 && bytes <= MAX_BODY)) throw invalid(`batch.maxBytes must be 1024 to ${MAX_BODY}: the server takes no more`);
}

function invalid(message: string): DeviceKitError {
  return new DeviceKitError('INVALID_OPTION', message);
}
