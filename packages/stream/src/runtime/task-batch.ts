/**
 * Turns a run of records into changes. Deterministic: the same records from the same state give the same changes, however they are
 * cut into batches, because timers fire exactly between the records that their due time lies between.
 */

import type { Changes, Lease, Position, TaskStore } from '../contracts/commit.ts';
import type { LogRecord } from '../contracts/log.ts';
import type { IdempotencyKey, Task, TimerFiring } from '../contracts/task.ts';
import { ChangeSet } from './change-set.ts';
import type { StateCache, StateCell } from './state-cache.ts';

/** Key of the records that only carry log time forward. */
export const TICK_KEY = '#tick';

/** The value of a tick. */
export const TICK_VALUE = '{"kind":"tick"}';

/** What a batch came to. */
export interface BatchOutcome {
  readonly changes: Changes;
  readonly to: Position;
  readonly consumed: number;
  readonly touchedTimers: boolean;
}

/** A record that made the task throw. */
export class PoisonRecord extends Error {
  readonly offset: number;

  constructor(offset: number, cause: unknown) {
    super(`the task failed on the record at offset ${offset}`, { cause });
    this.offset = offset;
  }
}

/** A timer that made the task throw. */
export class PoisonTimer extends Error {
  readonly timer: TimerFiring;

  constructor(timer: TimerFiring, cause: unknown) {
    super('the task failed on a timer', { cause });
    this.timer = timer;
  }
}

interface Parsed<V> {
  readonly record: LogRecord;
  readonly value: V | undefined;
  /** The states that it names. */
  readonly cells: readonly StateCell[];
  readonly key: IdempotencyKey | undefined;
  readonly reason: string | undefined;
}

/** What is needed to run batches of one partition. */
export interface BatchEnvironment<V> {
  readonly task: Task<V>;
  readonly store: TaskStore;
  readonly lease: Lease;
  readonly cache: StateCache;
  /** Records that are parsed and processed together; what they emit is packed before the next ones. */
  readonly piece: number;
  /** Offsets whose records are to be dead-lettered, with the reason. */
  readonly poison: ReadonlyMap<number, string>;
  /** Timers, by {@link timerId}, that are to be taken away and counted instead of fired. */
  readonly poisonTimers: ReadonlySet<string>;
}

/** Tells one firing of a timer from every other. */
export function timerId({ key, name, due }: TimerFiring): string {
  return `${key}\n${name}\n${due}`;
}

/**
 * Fires `firings` (due, earliest first) without consuming a record. Ends early where a timer armed on the way must go first, so that
 * the order is that of the due times however the firings are cut.
 */
export async function runTimers<V>(env: BatchEnvironment<V>, from: Position, firings: readonly TimerFiring[]): Promise<BatchOutcome> {
  const missing: StateCell[] = [];
  const cells = firings.map((firing) =>
    [firing.key, ...(env.task.timerKeys?.(firing) ?? [])].map((key) => cellOf(env.cache, key, missing)),
  );
  await load(env, missing);
  const set = new ChangeSet(env.lease.partition);
  let logTime = from.logTime;
  for (const [i, firing] of firings.entries()) {
    if (set.earliestArmed <= firing.due) break;
    // Taken away, or armed anew for later, by a firing before it.
    if (set.hasTouched(firing)) continue;
    logTime = Math.max(logTime, firing.due);
    set.begin({ cells: cells[i] ?? [] }, logTime);
    set.disarm(firing.key, firing.name);
    if (env.poisonTimers.has(timerId(firing))) set.count('timer_failed');
    else {
      try {
        env.task.onTimer(firing, set);
      } catch (error) {
        throw new PoisonTimer(firing, error);
      }
    }
  }
  return { changes: set.finish(), to: { offset: from.offset, logTime }, consumed: 0, touchedTimers: true };
}

/** Processes `records`, up to the first one that a timer armed on the way must precede. */
export async function runRecords<V>(env: BatchEnvironment<V>, from: Position, records: readonly LogRecord[]): Promise<BatchOutcome> {
  const applied = new Map<string, string>();
  const set = new ChangeSet(env.lease.partition);
  let { offset, logTime } = from;
  let consumed = 0;
  for (let whole = true; whole && consumed < records.length;) {
    const missing: StateCell[] = [];
    const parsed = records.slice(consumed, consumed + env.piece).map((record) => parse(env, record, missing));
    const [known] = await Promise.all([env.store.known(keysOf(parsed)), load(env, missing)]);
    for (const [id, { digest }] of known) applied.set(id, digest);
    for (const item of parsed) {
      const time = Math.max(logTime, item.record.time);
      whole = time < set.earliestArmed;
      if (!whole) break;
      logTime = time;
      offset = item.record.offset + 1;
      consumed += 1;
      set.begin(item, logTime);
      apply(env.task, set, { item, applied });
    }
    set.pack(env.store);
  }
  return { changes: set.finish(), to: { offset, logTime }, consumed, touchedTimers: set.touchedTimers };
}

function parse<V>(env: BatchEnvironment<V>, record: LogRecord, missing: StateCell[]): Parsed<V> {
  const nothing = { record, value: undefined, cells: [], key: undefined };
  if (record.key === TICK_KEY) return { ...nothing, reason: undefined };
  const reason = env.poison.get(record.offset);
  if (reason !== undefined) return { ...nothing, reason };
  try {
    const value = env.task.parse(record.value);
    const keys = env.task.keys(value);
    const key = env.task.idempotency(value);
    return { record, value, cells: keys.map((name) => cellOf(env.cache, name, missing)), key, reason: undefined };
  } catch (error) {
    return { ...nothing, reason: `cannot be parsed (${error instanceof Error ? error.name : 'unknown error'})` };
  }
}

function apply<V>(task: Task<V>, set: ChangeSet, step: { item: Parsed<V>; applied: Map<string, string> }): void {
  const { record, value, key, reason } = step.item;
  if (reason !== undefined) set.deadLetter(reason);
  if (value === undefined) return;
  try {
    const input = { record, value };
    const before = key === undefined ? undefined : step.applied.get(key.id);
    if (key === undefined || before === undefined) {
      if (key !== undefined) step.applied.set(key.id, key.digest);
      task.process(input, set);
    } else if (before === key.digest) task.onDuplicate(input, set);
    else task.onConflict(input, set);
  } catch (error) {
    throw new PoisonRecord(record.offset, error);
  }
}

function keysOf<V>(parsed: readonly Parsed<V>[]): IdempotencyKey[] {
  const keys: IdempotencyKey[] = [];
  for (const { key } of parsed) if (key !== undefined) keys.push(key);
  return keys;
}

/** The cell of a state, which is added to `missing` when its value has to be loaded first. */
function cellOf(cache: StateCache, key: string, missing: StateCell[]): StateCell {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const cell = cache.add(key);
  missing.push(cell);
  return cell;
}

async function load<V>({ store, lease }: BatchEnvironment<V>, missing: readonly StateCell[]): Promise<void> {
  const loaded = await store.loadStates(
    lease,
    missing.map(({ key }) => key),
  );
  for (const cell of missing) {
    const text = loaded.get(cell.key);
    if (text !== undefined) cell.value = JSON.parse(text) as unknown;
  }
}
