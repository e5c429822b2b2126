/** The live board for any number of pages: one session while somebody looks, none while nobody does. */

import { KidjamoError } from '@kidjamo/stream';

import type { LiveEvents } from './model.ts';
import { LiveSession } from './session.ts';
import type { SessionOptions } from './session.ts';

/** Most pages served at once by one process. */
const MAX_SUBSCRIBERS = 200;

/** Takes events, already written out. It must not throw, and must not keep what it cannot pass on. */
export interface Subscriber {
  push(frame: string): void;
  /** The server shuts down: no more events. */
  end(): void;
}

export type FeedOptions = Omit<SessionOptions, 'publish'>;

export class LiveFeed {
  readonly #options: FeedOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #running = new Set<Promise<void>>();
  #session: LiveSession | undefined;
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /**
   * Sends `subscriber` a snapshot as soon as there is one, and every event after it, until the function answered is called.
   * @throws KidjamoError OVERLOADED when too many look already or the server shuts down.
   */
  subscribe(subscriber: Subscriber): () => void {
    if (this.#closed || this.#subscribers.size >= MAX_SUBSCRIBERS) {
      throw new KidjamoError('OVERLOADED', `the live board serves ${MAX_SUBSCRIBERS} pages at most, and none while it shuts down`);
    }
    this.#subscribers.add(subscriber);
    if (this.#session === undefined) this.#start();
    else {
      const frame = this.snapshotFrame();
      if (frame !== undefined) subscriber.push(frame);
    }
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#stopSession();
    };
  }

  /** The whole board as an event, or undefined while it is being loaded. */
  snapshotFrame(): string | undefined {
    const snapshot = this.#session?.snapshot();
    return snapshot === undefined ? undefined : toFrame('snapshot', snapshot);
  }

  /** Ends every page's stream and waits until nothing reads the database any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const subscriber of [...this.#subscribers]) subscriber.end();
    this.#subscribers.clear();
    this.#stopSession();
    await Promise.all(this.#running);
  }

  #start(): void {
    const session: LiveSession = new LiveSession({
      ...this.#options,
      publish: (name, data) => {
        if (this.#session === session) this.#publish(name, data);
      },
    });
    this.#session = session;
    const running = session.run().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  #stopSession(): void {
    this.#session?.stop();
    this.#session = undefined;
  }

  #publish<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void {
    const frame = toFrame(name, data);
    for (const subscriber of this.#subscribers) subscriber.push(frame);
  }
}

/** An event in the text/event-stream format. The beat carries a comment too, for proxies that only look for one. */
function toFrame<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): string {
  const event = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  return name === 'beat' ? `: heartbeat\n${event}` : event;
}
