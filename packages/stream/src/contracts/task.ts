/** The Task contract: a deterministic function from a record and keyed state to outputs. */

import type { LogRecord } from './log.ts';

/** What a task may ask for and emit while it processes one input. Everything emitted becomes visible in one transaction, or not at all. */
export interface TaskContext {
  /** Log time, ms: the time of the input consumed. Deadlines and silence use it. Never decreases within a partition. */
  readonly logTime: number;
  /** The state under `key`, or undefined. `key` MUST be one of those that {@link Task.keys} named for this input. */
  get<S>(key: string): S | undefined;
  /** Replaces the state under `key`, which MUST be one of the named, too; undefined deletes it. MUST be JSON. */
  put(key: string, state: unknown): void;
  /** Emits a row for a table of the store. */
  row(table: string, row: object): void;
  /**
   * Emits the row of `thing` as it stands when the batch is done, once however often this is called for it: the first `make` is called then.
   * `thing` MUST be part of a state, and the row MUST replace the one before.
   */
  rowOf(table: string, thing: object, make: () => object): void;
  /** Emits a record to an output log, on the partition of the input. `value` is serialised once, as JSON. */
  output(log: string, key: string, value: object): void;
  /** Arms the timer `name` of `key` at log time `due` (ms), in place of an earlier one. It comes back as an input to {@link Task.onTimer}. */
  arm(key: string, name: string, due: number): void;
  /** Takes the timer away. */
  disarm(key: string, name: string): void;
  /** Adds to a durable counter, counted exactly once. */
  count(counter: string, n?: number): void;
  /** Sends the input to the dead letters with a reason. The reason holds no identity. */
  deadLetter(reason: string): void;
}

/** One input: a record with its value parsed. */
export interface TaskInput<V> {
  readonly record: LogRecord;
  readonly value: V;
}

/** What the store knows of an idempotency key already. */
export interface KnownKey {
  /** Digest of the body first stored under the key. */
  readonly digest: string;
}

/** The key under which an input may be applied once only. */
export interface IdempotencyKey {
  readonly id: string;
  /** The kind of thing, where the store keeps several apart. */
  readonly scope: string;
  /** Event time, ms; part of where the store looks. */
  readonly at: number;
  readonly digest: string;
}

/** A timer that came due. */
export interface TimerFiring {
  readonly key: string;
  readonly name: string;
  readonly due: number;
}

/**
 * A pure, deterministic function of (input, state, context). It MUST NOT do I/O, read a clock or draw random numbers; ids are derived
 * from the input. It MAY change state objects in place, but what it does not `put` is not kept.
 */
export interface Task<V> {
  readonly name: string;
  /** Turns a record's text into a value. Throwing sends the record to the dead letters. */
  parse(value: string): V;
  /** The state keys that this input needs. MUST be cheap. */
  keys(value: V): readonly string[];
  /** The key for deduplication, or undefined where an input may be applied any number of times. */
  idempotency(value: V): IdempotencyKey | undefined;
  process(input: TaskInput<V>, context: TaskContext): void;
  /** Same key, same body: already applied. The task counts it. */
  onDuplicate(input: TaskInput<V>, context: TaskContext): void;
  /** Same key, other body. The task decides what becomes of it; it MUST leave a trace. */
  onConflict(input: TaskInput<V>, context: TaskContext): void;
  onTimer(firing: TimerFiring, context: TaskContext): void;
  /** The states that a timer needs beside the one under its own key. Without it, none. MUST be cheap. */
  timerKeys?(firing: TimerFiring): readonly string[];
}
