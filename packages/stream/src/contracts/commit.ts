/** The Commit contract: rows, state, timers, outputs and the consumed offset become visible together, under a fence, or not at all. */

import type { NewRecord } from './log.ts';
import type { IdempotencyKey, KnownKey, TimerFiring } from './task.ts';

/** The right to work on a partition. Whoever takes it over raises the generation, which makes every older lease worthless. */
export interface Lease {
  readonly log: string;
  readonly group: string;
  readonly partition: number;
  readonly generation: number;
}

/** A place in a partition: the next offset to consume, and the log time reached (ms). */
export interface Position {
  readonly offset: number;
  readonly logTime: number;
}

/** A step through a partition. Both ends are the same where only timers fired at a log time already reached. */
export interface Move {
  readonly from: Position;
  readonly to: Position;
}

/** A record that could not be processed. */
export interface DeadLetter {
  readonly offset: number;
  readonly key: string;
  readonly value: string;
  readonly reason: string;
}

/** Everything that a batch of inputs brought about. */
export interface Changes {
  /** Rows by table, in order. */
  readonly rows: ReadonlyMap<string, readonly object[]>;
  /** State by key as JSON text; null deletes. */
  readonly states: ReadonlyMap<string, string | null>;
  /** Timers by "key\nname": due log time, or null to take it away. */
  readonly timers: ReadonlyMap<string, TimerChange>;
  /** Records for output logs, by log. */
  readonly outputs: ReadonlyMap<string, readonly NewRecord[]>;
  readonly counters: ReadonlyMap<string, number>;
  readonly deadLetters: readonly DeadLetter[];
  /** What {@link TaskStore.pack} made of earlier pieces of the batch, in order. It comes before `rows` and `outputs`. */
  readonly packs: readonly object[];
}

/** A part of a batch that is emitted already, while the rest is still to be processed. */
export type Piece = Pick<Changes, 'rows' | 'outputs'>;

/** A timer set or taken away. */
export interface TimerChange {
  readonly key: string;
  readonly name: string;
  readonly due: number | null;
}

/** Which partitions this process may work on, as seen now. */
export interface Assignment {
  readonly leases: readonly Lease[];
  /** Leases that this process should give up, after it has finished what it has in hand, so that others get their share. */
  readonly release: readonly Lease[];
}

/** Membership of a consumer group: who works on which partition. */
export interface Membership {
  /**
   * Renews this member's presence and leases, and claims a fair share of free partitions. Claiming a partition MUST raise its
   * generation before anything is read, and MUST NOT wait for ever for a stopped process that holds a lock on it.
   */
  heartbeat(): Promise<Assignment>;
  /** Gives a partition up so that another may claim it at once. Nothing happens when the lease is already worthless. */
  release(lease: Lease): Promise<void>;
  /** Tells lag tools and retention how far a group has come whose true position lives elsewhere. Never moves backwards. */
  report(lease: Lease, offset: number): Promise<void>;
  /** Gives everything up. */
  leave(): Promise<void>;
}

/** The transactional side of a task: reads state, and commits. */
export interface TaskStore {
  position(lease: Lease): Promise<Position>;
  loadStates(lease: Lease, keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Which of these idempotency keys were applied before, by id. */
  known(keys: readonly IdempotencyKey[]): Promise<ReadonlyMap<string, KnownKey>>;
  /** The timers of the partition that are due at log time `until` or before, earliest first. */
  dueTimers(lease: Lease, until: number, max: number): Promise<readonly TimerFiring[]>;
  /** The earliest due time of the partition's timers, or undefined. */
  nextTimer(lease: Lease): Promise<number | undefined>;
  /**
   * Turns a piece of a batch into what takes less memory until the commit, where it is given back as it is. A batch of many thousand records
   * would otherwise be carried about as objects by every collection of garbage.
   */
  pack(piece: Piece): object;
  /**
   * Makes all changes visible and moves the position, in one transaction.
   * @throws KidjamoError FENCED, with nothing changed, unless the lease is current and the position is `move.from`.
   * @throws KidjamoError STORE_UNAVAILABLE when the outcome is unknown; the caller reads the position again.
   */
  commit(lease: Lease, move: Move, changes: Changes): Promise<void>;
}
