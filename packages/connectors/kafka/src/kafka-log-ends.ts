/**
 * The offset after the last record that a reader can see. A partition's own end also counts markers of transactions, records of aborted
 * ones and messages of others, which no reader's position ever passes: whoever compares positions with ends would wait for ever.
 */

import { fetchOnce, listOffsets } from './fetch.ts';
import type { CursorOptions } from './fetch-cursor.ts';

/** An end found, and the end of decided transactions for which it is true. */
interface Known {
  readonly stable: number;
  readonly end: number;
}

/** What one look brought. */
interface Looked {
  /** False where the beginning is gone. */
  readonly looked: boolean;
  /** The last visible record. */
  readonly last: number | undefined;
  readonly low: number;
}

/** How much further back each look begins. */
const FURTHER = 4;

export class VisibleEnds {
  readonly #options: CursorOptions;
  readonly #known = new Map<number, Known>();

  constructor(options: CursorOptions) {
    this.#options = options;
  }

  /** The ends, by partition. */
  async list(): Promise<number[]> {
    const { cluster, topic } = this.#options;
    const stables = await listOffsets(cluster, topic, 'stable');
    return Promise.all(stables.map((stable, partition) => this.#end(partition, stable)));
  }

  async #end(partition: number, stable: number): Promise<number> {
    const known = this.#known.get(partition);
    if (known?.stable === stable) return known.end;
    const end = stable === 0 ? 0 : await this.#look(partition, stable, known);
    this.#known.set(partition, { stable, end });
    return end;
  }

  /** Looks for the last visible record below `stable`, in steps that grow, down to what is known or kept. */
  async #look(partition: number, stable: number, known: Known | undefined): Promise<number> {
    let low = known !== undefined && known.stable < stable ? known.stable : 0;
    let step = 1;
    for (let to = stable; to > low; step *= FURTHER) {
      const from = Math.max(low, to - step);
      const found = await this.#lastBetween(partition, from, to);
      if (found.last !== undefined) return found.last + 1;
      low = Math.max(low, found.low);
      // What retention has removed in part is looked at again from where it begins now.
      if (found.looked) to = from;
    }
    return known?.end ?? low;
  }

  async #lastBetween(partition: number, from: number, to: number): Promise<Looked> {
    const { cluster, topic, codec } = this.#options;
    let last: number | undefined;
    let low = 0;
    for (let at = from; at < to;) {
      const fetched = await cluster.persist('looking for the end of the log', (fresh) =>
        fetchOnce({ cluster, topic, codec, partition, offset: at, maxBytes: 1, maxWait: 0, lane: 'read', fresh }),
      );
      if (fetched === undefined)
        return { looked: false, last: undefined, low: (await listOffsets(cluster, topic, 'low'))[partition] ?? to };
      low = fetched.low;
      for (const record of fetched.records) if (record.offset < to) last = record.offset;
      if (fetched.next === at) break;
      at = fetched.next;
    }
    return { looked: true, last, low };
  }
}
