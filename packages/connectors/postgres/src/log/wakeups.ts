import { BroadcastChannel } from 'node:worker_threads';

/**
 * Tells readers in this process, and through a BroadcastChannel those in its worker threads, that a log has grown, so that they need
 * not poll fast. Readers in other processes poll. NOTIFY is not used: it takes one lock for the whole database at commit, which would
 * serialise every append and every commit.
 */
export class Wakeups {
  readonly #channel: BroadcastChannel;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #announced = new Map<string, number>();

  constructor(scope: string) {
    this.#channel = new BroadcastChannel(`kidjamo:${scope}`);
    this.#channel.onmessage = (message: unknown) => {
      const topics = typeof message === 'object' && message !== null && 'data' in message ? message.data : undefined;
      if (Array.isArray(topics)) for (const topic of topics) this.#fire(String(topic));
    };
    this.#channel.unref();
  }

  /** Announces growth of `topics` to every reader of this process. */
  announce(topics: readonly string[]): void {
    for (const topic of topics) this.#fire(topic);
    this.#channel.postMessage(topics);
  }

  /** How often growth of `topic` was announced. A reader that remembers it from before its last read misses nothing in between. */
  announced(topic: string): number {
    return this.#announced.get(topic) ?? 0;
  }

  /** Resolves at the next announcement of `topic`, after `ms`, or on abort. */
  wait(topic: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const listeners = this.#waiting.get(topic) ?? new Set();
      this.#waiting.set(topic, listeners);
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        listeners.delete(finish);
        resolve();
      };
      const timer = setTimeout(finish, ms);
      signal.addEventListener('abort', finish, { once: true });
      listeners.add(finish);
    });
  }

  close(): void {
    this.#channel.close();
  }

  #fire(topic: string): void {
    this.#announced.set(topic, this.announced(topic) + 1);
    const listeners = this.#waiting.get(topic);
    if (listeners !== undefined) for (const listener of [...listeners]) listener();
  }
}
