/** The durable append at the door: concurrent requests share one append of the log. */

import type { Clock, Log, NewRecord } from '@kidjamo/stream';

import { GroupCommit } from './group-commit.ts';

/** Bounds of the queue in front of the log. */
export interface AppendLimits {
  /** Characters of records in one append. */
  readonly maxAppend: number;
  /** Characters of records queued or under way; beyond it senders are told to slow down. */
  readonly maxPending: number;
  /** How long an append may take before its requests are answered 503, ms. */
  readonly deadline: number;
}

export const APPEND_LIMITS: AppendLimits = { maxAppend: 8 << 20, maxPending: 64 << 20, deadline: 4000 };

/** What a record weighs beside its text: the objects around it. */
const RECORD_OVERHEAD = 200;

export class AppendQueue {
  readonly #group: GroupCommit<readonly NewRecord[], undefined>;

  constructor(log: Log, clock: Clock, limits: AppendLimits = APPEND_LIMITS) {
    this.#group = new GroupCommit({
      clock,
      run: async (lists: readonly (readonly NewRecord[])[]) => {
        await log.append(lists.length === 1 ? (lists[0] ?? []) : lists.flat());
        return lists.map(() => undefined);
      },
      weigh: (records) => {
        let weight = 0;
        for (const { value } of records) weight += value.length + RECORD_OVERHEAD;
        return weight;
      },
      maxRun: limits.maxAppend,
      maxPending: limits.maxPending,
      deadline: limits.deadline,
      late: 'LOG_UNAVAILABLE',
    });
  }

  /** Characters queued or under way. */
  get pending(): number {
    return this.#group.pending;
  }

  /**
   * Resolves when the records are durable. Records of one partition stay in the order of the calls.
   * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE or LOG_FULL; after the last two the records may or may not have been kept.
   */
  append(records: readonly NewRecord[]): Promise<void> {
    return records.length === 0 ? Promise.resolve() : this.#group.call(records);
  }

  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void> {
    return this.#group.idle();
  }
}
