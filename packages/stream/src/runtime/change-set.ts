/** Collects what a task emits over a batch, and gives it the state it reads. */

import { KidjamoError } from '../errors.ts';
import type { Changes, DeadLetter, TaskStore, TimerChange } from '../contracts/commit.ts';
import type { LogRecord, NewRecord } from '../contracts/log.ts';
import type { TaskContext } from '../contracts/task.ts';
import type { StateCell } from './state-cache.ts';

export class ChangeSet implements TaskContext {
  logTime = 0;
  /** The earliest timer armed in this batch: the batch must end before a record at or after it. */
  earliestArmed = Number.POSITIVE_INFINITY;
  readonly #partition: number;
  readonly #dirty: StateCell[] = [];
  readonly #packs: object[] = [];
  #rows = new Map<string, object[]>();
  readonly #things = new Map<object, { readonly table: string; readonly make: () => object }>();
  readonly #timers = new Map<string, TimerChange>();
  #outputs = new Map<string, NewRecord[]>();
  readonly #counters = new Map<string, number>();
  readonly #deadLetters: DeadLetter[] = [];
  #current: LogRecord | undefined;
  #cells: readonly StateCell[] = [];

  constructor(partition: number) {
    this.#partition = partition;
  }

  /** Turns to the next input, which is a record or a timer, with the states that it named. They are changed in place. */
  begin(input: { readonly record?: LogRecord; readonly cells: readonly StateCell[] }, logTime: number): void {
    this.#current = input.record;
    this.#cells = input.cells;
    this.logTime = logTime;
  }

  get<S>(key: string): S | undefined {
    // The task stored this value under this key itself, so it alone knows its type.
    return this.#cell(key).value as S | undefined;
  }

  put(key: string, state: unknown): void {
    const cell = this.#cell(key);
    cell.value = state;
    if (cell.dirty) return;
    cell.dirty = true;
    this.#dirty.push(cell);
  }

  row(table: string, row: object): void {
    const rows = this.#rows.get(table);
    if (rows === undefined) this.#rows.set(table, [row]);
    else rows.push(row);
  }

  rowOf(table: string, thing: object, make: () => object): void {
    if (!this.#things.has(thing)) this.#things.set(thing, { table, make });
  }

  output(log: string, key: string, value: object): void {
    const record = { partition: this.#partition, key, value: JSON.stringify(value) };
    const records = this.#outputs.get(log);
    if (records === undefined) this.#outputs.set(log, [record]);
    else records.push(record);
  }

  arm(key: string, name: string, due: number): void {
    this.#timers.set(`${key}\n${name}`, { key, name, due });
    this.earliestArmed = Math.min(this.earliestArmed, due);
  }

  disarm(key: string, name: string): void {
    this.#timers.set(`${key}\n${name}`, { key, name, due: null });
  }

  count(counter: string, n = 1): void {
    this.#counters.set(counter, (this.#counters.get(counter) ?? 0) + n);
  }

  deadLetter(reason: string): void {
    const record = this.#current;
    if (record === undefined) throw new KidjamoError('TASK_FAILED', `a timer cannot be sent to the dead letters (${reason})`);
    this.#deadLetters.push({ offset: record.offset, key: record.key, value: record.value, reason });
    this.count('dead_letter');
  }

  /** Has the store pack what was emitted so far. */
  pack(store: TaskStore): void {
    if (this.#rows.size === 0 && this.#outputs.size === 0) return;
    this.#packs.push(store.pack({ rows: this.#rows, outputs: this.#outputs }));
    this.#rows = new Map();
    this.#outputs = new Map();
  }

  /** The changes, with the states that were put as JSON text. */
  finish(): Changes {
    for (const { table, make } of this.#things.values()) this.row(table, make());
    const states = new Map<string, string | null>();
    for (const cell of this.#dirty) {
      cell.dirty = false;
      states.set(cell.key, cell.value === undefined ? null : JSON.stringify(cell.value));
    }
    return {
      rows: this.#rows,
      states,
      timers: this.#timers,
      outputs: this.#outputs,
      counters: this.#counters,
      deadLetters: this.#deadLetters,
      packs: this.#packs,
    };
  }

  /** Whether the timer was armed or taken away in this batch. */
  hasTouched(timer: { readonly key: string; readonly name: string }): boolean {
    return this.#timers.has(`${timer.key}\n${timer.name}`);
  }

  get touchedTimers(): boolean {
    return this.#timers.size > 0;
  }

  /** An input has one or two states, so going through them is the quickest way to one. */
  #cell(key: string): StateCell {
    for (const cell of this.#cells) if (cell.key === key) return cell;
    // Whether the state of another key is at hand depends on how the records were cut into batches.
    throw new KidjamoError('TASK_FAILED', 'the task uses a state whose key it did not name for this input');
  }
}
