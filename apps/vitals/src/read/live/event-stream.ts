/** One page's stream of server-sent events. A page that reads too slowly gets the latest state when it is ready again, not a queue. */

import type { ServerResponse } from 'node:http';

import type { Clock } from '@kidjamo/stream';

import type { Subscriber } from './feed.ts';

/** Bytes that may wait for a page. A snapshot of a full board is about a third of it. */
const MAX_WAITING = 1024 * 1024;

/** A page that takes nothing for this long is cut off, ms; its browser will connect again. */
const STUCK_MS = 30_000;

export interface EventStreamOptions {
  readonly response: ServerResponse;
  readonly clock: Clock;
  /** The latest state as an event. */
  readonly latest: () => string | undefined;
}

export class EventStream implements Subscriber {
  readonly #options: EventStreamOptions;
  /** Since when events are being skipped, ms. */
  #behindSince: number | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    options.response.on('drain', () => this.#catchUp());
  }

  /** Sends the head of the answer, so that the page knows that it is connected before there is anything to tell. */
  open(): void {
    const { response } = this.#options;
    if (response.headersSent) return;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
  }

  push(frame: string): void {
    const { response, clock } = this.#options;
    this.open();
    if (this.#behindSince !== undefined) {
      if (clock.now() - this.#behindSince > STUCK_MS) response.destroy();
    } else if (response.writableLength > MAX_WAITING) {
      this.#behindSince = clock.now();
    } else {
      response.write(frame);
    }
  }

  end(): void {
    this.#options.response.end();
  }

  #catchUp(): void {
    if (this.#behindSince === undefined) return;
    this.#behindSince = undefined;
    const latest = this.#options.latest();
    if (latest !== undefined) this.#options.response.write(latest);
  }
}
