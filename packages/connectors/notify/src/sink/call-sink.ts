/**
 * Takes calls from their log to the notifier. The position moves in the statement that writes the deliveries down, so each call is planned
 * once; what then becomes of its deliveries is the notifier's own matter.
 *
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Lease, Records, Sink, SinkBatch, SinkBatching, SinkResult } from '@kidjamo/stream';

import type { NotifyRequest } from '../notifier/call.ts';
import type { Notifier } from '../notifier/notifier.ts';
import type { NotificationStore } from '../notifier/store.ts';

/** What a record of the log says: who is to be told what, or why that cannot be read. The reason holds no identity. */
export type ReadCall = { readonly offset: number; readonly request: NotifyRequest } | { readonly offset: number; readonly reason: string };

/** Knows what the records of a log mean. */
export interface CallSource {
  /** The log. */
  readonly log: string;
  /** Reads records, one answer for each, in order. @throws KidjamoError that is retryable where people cannot be looked up now. */
  read(records: Records): Promise<readonly ReadCall[]>;
}

/** What a sink of calls works with. */
export interface CallSinkOptions {
  readonly source: CallSource;
  readonly notifier: Notifier;
  /** The store of the notifier. */
  readonly store: NotificationStore;
}

/** Calls are few and urgent: a batch is what has come at once. */
const BATCHING: SinkBatching = { maxRecords: 500, maxBytes: 4 << 20, maxDelay: 5 };

export class CallSink implements Sink {
  readonly name = 'notifier';
  readonly log: string;
  readonly batching = BATCHING;
  readonly #options: CallSinkOptions;

  constructor(options: CallSinkOptions) {
    this.log = options.source.log;
    this.#options = options;
  }

  open(lease: Lease): Promise<number> {
    return this.#options.store.takeOver(lease);
  }

  async write({ lease, from, to, records }: SinkBatch, signal: AbortSignal): Promise<SinkResult> {
    const { source, notifier } = this.#options;
    stopIfAborted(signal);
    const read = await source.read(records);
    const unread = read.filter((each) => 'reason' in each);
    if (unread.length > 0) return { refused: unread };
    stopIfAborted(signal);
    const readable = read.filter((each) => 'request' in each);
    const { refused } = await notifier.handOver(
      readable.map(({ request }) => request),
      { lease, from, to },
    );
    const reasons = new Map(refused.map(({ id, reason }) => [id, reason]));
    return {
      refused: readable.flatMap(({ offset, request }) => {
        const reason = reasons.get(request.call.id);
        return reason === undefined ? [] : [{ offset, reason }];
      }),
    };
  }

  async close(): Promise<void> {
    // Every write is durable when it returns; pool and notifier belong to the caller.
  }
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new KidjamoError('SINK_UNAVAILABLE', 'the notifier was told to stop');
}
