/** A TaskContext in memory, for tests of a task by itself: feed it records one by one, and look at what it emitted. */

import type { LogRecord } from '../contracts/log.ts';
import type { Task, TaskContext, TaskInput, TimerFiring } from '../contracts/task.ts';
import { KidjamoError } from '../errors.ts';

/** What a task sent to an output log. */
export interface EmittedRecord {
  readonly key: string;
  readonly value: object;
}

/**
 * Keeps state as JSON text between inputs, so that a task which relies on anything else fails here too. Fires due timers before each
 * input, and gives each idempotency key to the task once, as a runtime does.
 */
export class MemoryTaskContext<V> implements TaskContext {
  logTime = 0;
  readonly rows = new Map<string, object[]>();
  readonly outputs = new Map<string, EmittedRecord[]>();
  readonly counters = new Map<string, number>();
  readonly deadLetters: string[] = [];
  readonly states = new Map<string, string>();
  readonly timers = new Map<string, TimerFiring>();
  readonly #task: Task<V>;
  readonly #applied = new Map<string, string>();
  #named: readonly string[] = [];
  #offset = 0;
  /** No timer is due before this. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(task: Task<V>) {
    this.#task = task;
  }

  /** Gives the task a value as an input of log time `time`. */
  feed(value: V, time = this.logTime): void {
    this.advanceTo(time);
    const text = JSON.stringify(value);
    const record: LogRecord = { partition: 0, offset: this.#offset, key: 'test', value: text, time };
    this.#offset += 1;
    const input: TaskInput<V> = { record, value: this.#task.parse(text) };
    this.#named = this.#task.keys(input.value);
    const key = this.#task.idempotency(input.value);
    const before = key === undefined ? undefined : this.#applied.get(key.id);
    if (key === undefined || before === undefined) {
      if (key !== undefined) this.#applied.set(key.id, key.digest);
      this.#task.process(input, this);
    } else if (before === key.digest) this.#task.onDuplicate(input, this);
    else this.#task.onConflict(input, this);
  }

  /** Moves log time on, and fires what comes due on the way in the order of due time. */
  advanceTo(time: number): void {
    for (let next = this.#nextTimer(time); next !== undefined; next = this.#nextTimer(time)) {
      this.timers.delete(timerKey(next.key, next.name));
      this.logTime = Math.max(this.logTime, next.due);
      this.#named = [next.key, ...(this.#task.timerKeys?.(next) ?? [])];
      this.#task.onTimer(next, this);
    }
    this.logTime = Math.max(this.logTime, time);
  }

  get<S>(key: string): S | undefined {
    this.#checkNamed(key);
    const text = this.states.get(key);
    // The task stored this value under this key itself, so it alone knows its type.
    return text === undefined ? undefined : (JSON.parse(text) as S);
  }

  put(key: string, state: unknown): void {
    this.#checkNamed(key);
    if (state === undefined) this.states.delete(key);
    else this.states.set(key, JSON.stringify(state));
  }

  row(table: string, row: object): void {
    const rows = this.rows.get(table);
    if (rows === undefined) this.rows.set(table, [row]);
    else rows.push(row);
  }

  rowOf(table: string, _thing: object, make: () => object): void {
    // Every input is a batch of its own.
    this.row(table, make());
  }

  output(log: string, key: string, value: object): void {
    const records = this.outputs.get(log);
    // Through JSON, as in a log.
    const record = { key, value: JSON.parse(JSON.stringify(value)) as object };
    if (records === undefined) this.outputs.set(log, [record]);
    else records.push(record);
  }

  arm(key: string, name: string, due: number): void {
    this.timers.set(timerKey(key, name), { key, name, due });
    this.#earliest = Math.min(this.#earliest, due);
  }

  disarm(key: string, name: string): void {
    this.timers.delete(timerKey(key, name));
  }

  count(counter: string, n = 1): void {
    this.counters.set(counter, (this.counters.get(counter) ?? 0) + n);
  }

  deadLetter(reason: string): void {
    this.deadLetters.push(reason);
  }

  #checkNamed(key: string): void {
    if (!this.#named.includes(key)) throw new KidjamoError('TASK_FAILED', 'the task uses a state whose key it did not name for this input');
  }

  #nextTimer(until: number): TimerFiring | undefined {
    if (this.#earliest > until) return undefined;
    let next: TimerFiring | undefined;
    for (const timer of this.timers.values()) if (next === undefined || timer.due < next.due) next = timer;
    this.#earliest = next?.due ?? Number.POSITIVE_INFINITY;
    return this.#earliest > until ? undefined : next;
  }
}

function timerKey(key: string, name: string): string {
  return `${key}\n${name}`;
}
