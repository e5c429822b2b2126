/** Takes the bytes of a request off the wire: bounded in size, in time, and in sum over all requests. */

import type { IncomingMessage } from 'node:http';

import type { Clock } from '@kidjamo/stream';

/** Bytes of one body that is held in memory. */
export const MAX_BODY = 1 << 20;
/** Bytes that are read off the wire and thrown away after that, so that a sender hears its 413 before the connection closes. */
const MAX_DISCARDED = 32 << 20;
/** Bytes of all bodies held in memory at a time; beyond it senders are told to slow down. */
const MAX_HELD = 128 << 20;
/** How long a body may take, ms; for NDJSON how long the next bytes may take. */
export const BODY_DEADLINE = 15_000;
const SWEEP = 1000;

/** How a body ended. */
export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  /** Too large; `bytes` is its beginning. */
  | { readonly kind: 'too_large'; readonly bytes: Buffer; readonly rest: boolean }
  /** The sender took too long, went away, or too much is held already. */
  | { readonly kind: 'slow' | 'gone' | 'crowded' };

interface Reading {
  readonly until: number;
  readonly expire: () => void;
}

/** Reads the bodies of requests. One sweep a second finds the slow ones, which spares each request a timer of its own. */
export class BodyReader {
  readonly #clock: Clock;
  readonly #open = new Set<Reading>();
  #held = 0;
  #sweeping = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads a body whole, up to {@link MAX_BODY}. Never rejects. The caller calls {@link release} when it is done with the bytes. */
  read(request: IncomingMessage): Promise<Body> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      let total = 0;
      const finish = (body: Body): void => {
        this.#open.delete(reading);
        request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
        if (body.kind === 'slow' || body.kind === 'gone' || body.kind === 'crowded') this.#held -= size;
        resolve(body);
      };
      const kept = (): Buffer => (chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
      const onData = (chunk: Buffer): void => {
        total += chunk.length;
        const part = size + chunk.length > MAX_BODY ? chunk.subarray(0, MAX_BODY - size) : chunk;
        if (part.length > 0) {
          chunks.push(part);
          size += part.length;
          this.#held += part.length;
        }
        if (this.#held > MAX_HELD) finish({ kind: 'crowded' });
        else if (total > MAX_DISCARDED) finish({ kind: 'too_large', bytes: kept(), rest: true });
      };
      const onEnd = (): void => finish(total > size ? { kind: 'too_large', bytes: kept(), rest: false } : { kind: 'whole', bytes: kept() });
      const onGone = (): void => finish({ kind: 'gone' });
      const reading = this.#watch(() => finish(total > size ? { kind: 'too_large', bytes: kept(), rest: true } : { kind: 'slow' }));
      request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    });
  }

  /** Gives the memory of a body back. */
  release(bytes: Buffer): void {
    this.#held -= bytes.length;
  }

  /** The chunks of a body as they come. Throws nothing: the last value tells how it ended. */
  async *chunks(request: IncomingMessage): AsyncGenerator<Buffer, 'end' | 'slow' | 'gone'> {
    const iterator = request[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    for (;;) {
      let reading: Reading | undefined;
      const late = new Promise<'slow'>((resolve) => {
        reading = this.#watch(() => resolve('slow'));
      });
      const next = await Promise.race([iterator.next().catch(() => 'gone' as const), late]);
      if (reading !== undefined) this.#open.delete(reading);
      if (next === 'gone' || next === 'slow') return next;
      if (next.done === true) return 'end';
      yield next.value;
    }
  }

  #watch(expire: () => void): Reading {
    const reading = { until: this.#clock.now() + BODY_DEADLINE, expire };
    this.#open.add(reading);
    if (!this.#sweeping) {
      this.#sweeping = true;
      void this.#sweep();
    }
    return reading;
  }

  async #sweep(): Promise<void> {
    while (this.#open.size > 0) {
      await this.#clock.sleep(SWEEP);
      const now = this.#clock.now();
      for (const reading of this.#open) {
        if (reading.until > now) break;
        reading.expire();
      }
    }
    this.#sweeping = false;
  }
}
