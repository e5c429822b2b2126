/** Watches how far the vitals task has come on each partition of the input topic, and who owns it. */

import { setTimeout as delay } from 'node:timers/promises';

import { TOPICS } from '@kidjamo/vitals';
import { Client } from 'pg';

import type { Look } from './rate.ts';

/** Pause between two looks: what is measured is too long by this at most, ms. */
const LOOK_EVERY_MS = 20;
/** ms. */
const PATIENCE_MS = 120_000;

/** A partition as it was seen. */
export interface Place {
  readonly partition: number;
  readonly next: number;
  readonly generation: number;
  /** Undefined while nobody works on it. */
  readonly owner: string | undefined;
}

const READ = {
  name: 'bench-positions',
  text: `SELECT o.partition, o.next_offset::float8 AS next, l.generation::float8 AS generation, l.owner
           FROM stream.consumer_offset o JOIN stream.consumer_lease l USING (log, consumer_group, partition)
          WHERE o.log = $1 AND o.consumer_group = 'vitals' ORDER BY 1`,
  values: [TOPICS.input],
};

/** Now, s, on the clock that all looks are on. */
export function now(): number {
  return performance.now() / 1000;
}

/** What was seen at a time, s. */
export interface Seen {
  readonly at: number;
  readonly places: readonly Place[];
}

export class Positions {
  /** Everything seen, in order. */
  readonly seen: Seen[] = [];
  readonly #client: Client;
  readonly #signal: AbortSignal;

  private constructor(client: Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  static async open(databaseUrl: string, signal: AbortSignal): Promise<Positions> {
    const client = new Client({ connectionString: databaseUrl, application_name: 'kidjamo-bench-positions' });
    await client.connect();
    return new Positions(client, signal);
  }

  /** Looks again and again until `found` tells something. @throws Error when nothing moves for two minutes. */
  async until<T>(found: (seen: Seen) => T | undefined): Promise<T> {
    let last = '';
    let moved = now();
    for (;;) {
      this.#signal.throwIfAborted();
      const seen = await this.#look();
      const result = found(seen);
      if (result !== undefined) return result;
      const text = JSON.stringify(seen.places);
      if (text !== last) moved = seen.at;
      last = text;
      if (seen.at - moved > PATIENCE_MS / 1000) throw new Error(`no worker has moved for ${PATIENCE_MS / 1000} s`);
      await delay(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #look(): Promise<Seen> {
    const { rows } = await this.#client.query<{ partition: number; next: number; generation: number; owner: string | null }>(READ);
    const seen = { at: now(), places: rows.map(({ owner, ...place }) => ({ ...place, owner: owner ?? undefined })) };
    this.seen.push(seen);
    return seen;
  }
}

/** Records committed of those before `ends`, by partition. What workers append later to move time on is not counted. */
export function committed({ places }: Seen, ends: readonly number[]): number {
  return places.reduce((sum, { partition, next }) => sum + Math.min(next, ends[partition] ?? 0), 0);
}

/** The same for everything seen. */
export function looksOf(seen: readonly Seen[], ends: readonly number[]): Look[] {
  return seen.map((each) => ({ at: each.at, done: committed(each, ends) }));
}

/** How many work on it. */
export function owners({ places }: Seen): number {
  return new Set(places.flatMap(({ owner }) => owner ?? [])).size;
}

/** Whether every partition has an owner. */
export function allOwned({ places }: Seen): boolean {
  return places.length > 0 && places.every(({ owner }) => owner !== undefined);
}
