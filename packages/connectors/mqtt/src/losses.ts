/**
 * Which devices are connected, and which were cut off. A device that came back on another connection before the old one was noticed to be
 * dead is not lost; one loss is told once.
 */

import { isRetryable } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';

import type { Loss, MessageKeeper, MqttMetrics } from './messages.ts';

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** Losses that wait to be written; the oldest are told first and newer ones are only counted. */
const MAX_WAITING = 20_000;

export class Losses {
  readonly #connections = new Map<string, number>();
  readonly #keeper: MessageKeeper;
  readonly #metrics: MqttMetrics;
  readonly #clock: Clock;
  readonly #waiting: Loss[] = [];
  readonly #stop = new AbortController();
  #writing: Promise<void> | undefined;

  constructor(parts: { keeper: MessageKeeper; metrics: MqttMetrics; clock: Clock }) {
    this.#keeper = parts.keeper;
    this.#metrics = parts.metrics;
    this.#clock = parts.clock;
  }

  /** Devices that are connected. */
  get devices(): number {
    return this.#connections.size;
  }

  came(device: string): void {
    this.#connections.set(device, (this.#connections.get(device) ?? 0) + 1);
  }

  /** A connection of the device ended; with `loss` when it did not say goodbye. */
  went(device: string, loss: Loss | undefined): void {
    const left = (this.#connections.get(device) ?? 1) - 1;
    if (left > 0) {
      this.#connections.set(device, left);
      return;
    }
    this.#connections.delete(device);
    if (loss !== undefined) this.tell(loss);
  }

  /** Has a loss written down, again and again until it is durable. */
  tell(loss: Loss): void {
    this.#metrics.countLoss();
    if (this.#waiting.length >= MAX_WAITING || this.#stop.signal.aborted) return;
    this.#waiting.push(loss);
    this.#writing ??= this.#write();
  }

  /** Tells no more losses, and resolves when the one in hand is done. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    let pause = FIRST_PAUSE;
    for (let loss = this.#waiting[0]; loss !== undefined && !this.#stop.signal.aborted; loss = this.#waiting[0]) {
      try {
        await this.#keeper.lost(loss);
        this.#waiting.shift();
        pause = FIRST_PAUSE;
      } catch (error) {
        if (!isRetryable(error)) {
          this.#metrics.fault(error, 'the loss of a device could not be written down');
          this.#waiting.shift();
          continue;
        }
        await this.#clock.sleep(pause, this.#stop.signal);
        pause = Math.min(LONGEST_PAUSE, pause * 2);
      }
    }
    this.#writing = undefined;
  }
}
