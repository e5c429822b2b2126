/** Follows a log from given offsets on, outside any consumer group: what a live view missed is not made up for. */

import type { Log, LogRecord } from '@kidjamo/stream';

/** Records read at once. */
const READ_MAX = 500;

/** How often a log is looked at when nobody tells that it has grown, ms: writers of other processes cannot wake us. */
const POLL_MS = 250;

/** Records of a partition after which following costs more than starting again from the store. */
const MAX_BEHIND = 5000;

export interface TailOptions {
  readonly log: Log;
  /** The next offset of each partition. */
  readonly from: readonly number[];
  readonly deliver: (records: readonly LogRecord[]) => void;
  readonly signal: AbortSignal;
}

/** Delivers records as they come, until abort, or until it is so far behind that the caller had better begin anew. */
export async function tail({ log, from, deliver, signal }: TailOptions): Promise<'aborted' | 'behind'> {
  const next = [...from];
  while (!signal.aborted) {
    // Listening begins before the look, so that growth in between is not slept through.
    const round = new AbortController();
    const growth = anyGrowth(log, AbortSignal.any([signal, round.signal]));
    try {
      const ends = await log.ends();
      let delivered = false;
      for (const [partition, end] of ends.entries()) {
        const start = next[partition] ?? end;
        if (end - start > MAX_BEHIND) return 'behind';
        if (end <= start) continue;
        const records = await log.read(partition, start, READ_MAX);
        // What retention has dropped cannot be read any more.
        next[partition] = (records.at(-1)?.offset ?? end - 1) + 1;
        if (records.length > 0) deliver(records);
        delivered = true;
      }
      if (!delivered) await growth;
    } finally {
      round.abort();
    }
  }
  return 'aborted';
}

function anyGrowth(log: Log, signal: AbortSignal): Promise<void> {
  return Promise.race(Array.from({ length: log.partitions }, (_, partition) => log.wait(partition, POLL_MS, signal)));
}
