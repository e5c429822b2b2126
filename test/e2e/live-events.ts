/** Listens to the live page's stream of server-sent events. */
import { setTimeout as delay } from 'node:timers/promises';

interface LiveEvent {
  readonly name: string;
  readonly data: unknown;
}

export class LiveEvents {
  readonly #stop = new AbortController();
  readonly #events: LiveEvent[] = [];

  private constructor() {}

  /** Resolves when the first snapshot is there. */
  static async open(url: string): Promise<LiveEvents> {
    const live = new LiveEvents();
    const answer = await fetch(`${url}/events`, { signal: live.#stop.signal });
    if (answer.body === null || answer.headers.get('content-type')?.startsWith('text/event-stream') !== true)
      throw new Error('no event stream');
    void live.#read(answer.body.pipeThrough(new TextDecoderStream()));
    await live.until((event) => event.name === 'snapshot', 30_000);
    return live;
  }

  /** The first event, from the beginning, that `wanted` says yes to; undefined when none came in time. */
  async until(wanted: (event: LiveEvent) => boolean, ms: number): Promise<LiveEvent | undefined> {
    for (const end = performance.now() + ms; performance.now() < end;) {
      const found = this.#events.find(wanted);
      if (found !== undefined) return found;
      await delay(20);
    }
    return undefined;
  }

  close(): void {
    this.#stop.abort();
  }

  async #read(chunks: AsyncIterable<string>): Promise<void> {
    let text = '';
    try {
      for await (const chunk of chunks) {
        text += chunk;
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        for (const frame of frames) this.#take(frame);
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  #take(frame: string): void {
    const field = (name: string): string =>
      frame
        .split('\n')
        .filter((line) => line.startsWith(`${name}: `))
        .map((line) => line.slice(name.length + 2))
        .join('\n');
    const data = field('data');
    if (data !== '') this.#events.push({ name: field('event'), data: JSON.parse(data) as unknown });
  }
}
