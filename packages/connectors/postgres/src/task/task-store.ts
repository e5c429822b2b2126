/**
 * The transactional side of a task on PostgreSQL. One commit is one transaction:
 *
 *   1. fence and offset   UPDATE consumer_offset ... WHERE generation = $g AND next_offset = $expected, exactly one row
 *   2. rows               by the application's {@link RowWriter}
 *   3. state and timers   upserts and deletes of the keys touched
 *   4. outputs            appended to their logs
 *   5. counters, dead letters
 *   6. COMMIT             and only then are readers of the outputs woken
 *
 * The fence comes first: from there to the commit the row of the partition is locked, so a takeover waits, or ends this transaction.
 */

import { hasCode, KidjamoError } from '@kidjamo/stream';
import type { Changes, IdempotencyKey, KnownKey, Lease, Move, Piece, Position, TaskStore, TimerFiring } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import { withClient } from '../client.ts';
import { storeError } from '../failure.ts';
import { appendBatches } from '../log/append-batches.ts';
import { encodeBatches } from '../log/encode.ts';
import type { EncodedBatch } from '../log/encode.ts';
import { wakeupTopic } from '../log/postgres-log.ts';
import type { Wakeups } from '../log/wakeups.ts';
import { writeDeadLetters } from './dead-letters.ts';

/** Writes an application's rows and looks its idempotency keys up. */
export interface RowWriter {
  /** Turns rows into fewer and smaller ones that stand for them; the other functions are given either. */
  pack(rows: Changes['rows']): Changes['rows'];
  /** Writes rows inside the commit's transaction. */
  write(client: PoolClient, rows: Changes['rows']): Promise<void>;
  /** Called before the transaction: makes what the rows need and a transaction should not hold locks for, such as partitions of tables. */
  prepare(pool: Pool, rows: Changes['rows']): Promise<void>;
  known(pool: Pool, keys: readonly IdempotencyKey[]): Promise<ReadonlyMap<string, KnownKey>>;
}

/** What the store needs of its surroundings. */
export interface PostgresTaskStoreOptions {
  readonly pool: Pool;
  readonly wakeups: Wakeups;
  readonly writer: RowWriter;
  /** Number of partitions of each output log, by log. */
  readonly outputs: ReadonlyMap<string, number>;
}

/** A piece of a batch as it waits for the commit: rows as the writer packs them, outputs as rows of the log. */
class Pack {
  readonly rows: Changes['rows'];
  readonly outputs: ReadonlyMap<string, readonly EncodedBatch[]>;

  constructor(rows: Changes['rows'], outputs: ReadonlyMap<string, readonly EncodedBatch[]>) {
    this.rows = rows;
    this.outputs = outputs;
  }
}

export class PostgresTaskStore implements TaskStore {
  readonly #options: PostgresTaskStoreOptions;

  constructor(options: PostgresTaskStoreOptions) {
    this.#options = options;
  }

  async position(lease: Lease): Promise<Position> {
    const { rows } = await this.#query<{ next_offset: string; log_time: number; generation: string }>({
      name: 'stream-position',
      text: 'SELECT next_offset, log_time, generation FROM stream.consumer_offset WHERE log = $1 AND consumer_group = $2 AND partition = $3',
      values: [lease.log, lease.group, lease.partition],
    });
    const row = rows[0];
    if (row === undefined || Number(row.generation) !== lease.generation) throw fenced(lease);
    return { offset: Number(row.next_offset), logTime: row.log_time };
  }

  async loadStates(lease: Lease, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (keys.length === 0) return new Map();
    const { rows } = await this.#query<{ key: string; state: string }>({
      name: 'stream-load-states',
      text: `SELECT key, state FROM stream.task_state WHERE consumer_group = $1 AND key = ANY (string_to_array($2, E'\\n'))`,
      values: [lease.group, keys.join('\n')],
    });
    return new Map(rows.map((row) => [row.key, row.state]));
  }

  async known(keys: readonly IdempotencyKey[]): Promise<ReadonlyMap<string, KnownKey>> {
    if (keys.length === 0) return new Map();
    try {
      return await this.#options.writer.known(this.#options.pool, keys);
    } catch (error) {
      throw storeError(error);
    }
  }

  async dueTimers(lease: Lease, until: number, max: number): Promise<readonly TimerFiring[]> {
    const { rows } = await this.#query<TimerFiring>({
      name: 'stream-due-timers',
      text: `SELECT key, name, (extract(epoch FROM due_at) * 1000)::float8 AS due FROM stream.task_timer
              WHERE consumer_group = $1 AND partition = $2 AND due_at <= to_timestamp($3::float8 / 1000)
              ORDER BY due_at, key, name LIMIT $4`,
      values: [lease.group, lease.partition, until, max],
    });
    return rows;
  }

  async nextTimer(lease: Lease): Promise<number | undefined> {
    const { rows } = await this.#query<{ due: number }>({
      name: 'stream-next-timer',
      text: `SELECT (extract(epoch FROM due_at) * 1000)::float8 AS due FROM stream.task_timer
              WHERE consumer_group = $1 AND partition = $2 ORDER BY due_at LIMIT 1`,
      values: [lease.group, lease.partition],
    });
    return rows[0]?.due;
  }

  pack({ rows, outputs }: Piece): Pack {
    const encoded = new Map<string, readonly EncodedBatch[]>();
    for (const [log, records] of outputs) {
      const partitions = this.#options.outputs.get(log);
      if (partitions === undefined) throw new KidjamoError('CONFIG_INVALID', `the task emits to the log ${log}, which was not opened`);
      encoded.set(log, encodeBatches(records, partitions));
    }
    return new Pack(this.#options.writer.pack(rows), encoded);
  }

  async commit(lease: Lease, move: Move, changes: Changes): Promise<void> {
    const { pool, writer, wakeups } = this.#options;
    const packs = [...changes.packs, this.pack(changes)].map(ours);
    const rows = merged(packs.map((pack) => pack.rows));
    const outputs = merged(packs.map((pack) => pack.outputs));
    // Before a connection is taken: with all of the pool's taken by commits that wait for one more, none would ever end.
    try {
      await writer.prepare(pool, rows);
    } catch (error) {
      throw storeError(error);
    }
    await withClient(pool, (client) => this.#transact(client, lease, { ...move, changes, rows, outputs }), isFenced);
    const grown = new Set<string>();
    for (const [log, batches] of outputs) for (const { partition } of batches) grown.add(wakeupTopic(log, partition));
    if (grown.size > 0) wakeups.announce([...grown]);
  }

  async #transact(client: PoolClient, lease: Lease, step: Step): Promise<void> {
    const { changes, rows, outputs } = step;
    await client.query('BEGIN');
    await moveOffset(client, lease, step);
    await this.#options.writer.write(client, rows);
    await writeStates(client, lease, changes.states);
    await writeTimers(client, lease, changes.timers);
    for (const [log, batches] of outputs) if (batches.length > 0) await appendBatches(client, log, batches);
    await writeCounters(client, lease, changes.counters);
    await writeDeadLetters(client, lease, changes.deadLetters);
    await client.query('COMMIT');
  }

  async #query<R extends object>(query: { name: string; text: string; values: unknown[] }): Promise<{ rows: R[] }> {
    try {
      return await this.#options.pool.query<R>(query);
    } catch (error) {
      throw storeError(error);
    }
  }
}

function ours(pack: object): Pack {
  if (!(pack instanceof Pack)) throw new KidjamoError('STORE_REJECTED', 'a pack of the changes was not made by this kind of store');
  return pack;
}

/** What a transaction does. */
interface Step extends Move {
  readonly changes: Changes;
  readonly rows: Changes['rows'];
  readonly outputs: ReadonlyMap<string, readonly EncodedBatch[]>;
}

/** The lists of several maps, one after the other. */
function merged<T>(maps: readonly ReadonlyMap<string, readonly T[]>[]): Map<string, readonly T[]> {
  const lists = new Map<string, readonly T[]>();
  for (const map of maps) for (const [key, list] of map) lists.set(key, [...(lists.get(key) ?? []), ...list]);
  return lists;
}

async function moveOffset(client: PoolClient, lease: Lease, move: Move): Promise<void> {
  const { rowCount } = await client.query({
    name: 'stream-move-offset',
    text: `UPDATE stream.consumer_offset SET next_offset = $6, log_time = $7
            WHERE log = $1 AND consumer_group = $2 AND partition = $3 AND generation = $4 AND next_offset = $5 AND log_time = $8`,
    values: [
      lease.log,
      lease.group,
      lease.partition,
      lease.generation,
      move.from.offset,
      move.to.offset,
      move.to.logTime,
      move.from.logTime,
    ],
  });
  if (rowCount !== 1) {
    await client.query('ROLLBACK');
    throw fenced(lease);
  }
}

async function writeStates(client: PoolClient, lease: Lease, states: Changes['states']): Promise<void> {
  const keys: string[] = [];
  const values: string[] = [];
  const gone: string[] = [];
  for (const [key, state] of states) {
    if (state === null) gone.push(key);
    else {
      keys.push(key);
      values.push(state);
    }
  }
  if (keys.length > 0) {
    await client.query({
      name: 'stream-put-states',
      text: `INSERT INTO stream.task_state AS s (consumer_group, partition, key, state)
             SELECT $1, $2, * FROM unnest(string_to_array($3, E'\\n'), string_to_array($4, E'\\n'))
             ON CONFLICT (consumer_group, key) DO UPDATE SET state = excluded.state, partition = excluded.partition`,
      values: [lease.group, lease.partition, keys.join('\n'), values.join('\n')],
    });
  }
  if (gone.length > 0) {
    await client.query('DELETE FROM stream.task_state WHERE consumer_group = $1 AND key = ANY ($2)', [lease.group, gone]);
  }
}

async function writeTimers(client: PoolClient, lease: Lease, timers: Changes['timers']): Promise<void> {
  const armed = [...timers.values()].filter((timer) => timer.due !== null);
  const gone = [...timers.values()].filter((timer) => timer.due === null);
  if (armed.length > 0) {
    await client.query({
      name: 'stream-arm-timers',
      text: `INSERT INTO stream.task_timer (consumer_group, partition, key, name, due_at)
             SELECT $1, $2, key, name, to_timestamp(due / 1000) FROM unnest($3::text[], $4::text[], $5::float8[]) AS t (key, name, due)
             ON CONFLICT (consumer_group, key, name) DO UPDATE SET due_at = excluded.due_at, partition = excluded.partition`,
      values: [
        lease.group,
        lease.partition,
        armed.map((timer) => timer.key),
        armed.map((timer) => timer.name),
        armed.map((timer) => timer.due),
      ],
    });
  }
  if (gone.length > 0) {
    await client.query(
      `DELETE FROM stream.task_timer WHERE consumer_group = $1 AND (key, name) IN (SELECT * FROM unnest($2::text[], $3::text[]))`,
      [lease.group, gone.map((timer) => timer.key), gone.map((timer) => timer.name)],
    );
  }
}

async function writeCounters(client: PoolClient, lease: Lease, counters: Changes['counters']): Promise<void> {
  if (counters.size === 0) return;
  await client.query({
    name: 'stream-count',
    text: `INSERT INTO stream.counter AS c (consumer_group, partition, name, value)
           SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[])
           ON CONFLICT (consumer_group, partition, name) DO UPDATE SET value = c.value + excluded.value`,
    values: [lease.group, lease.partition, [...counters.keys()], [...counters.values()]],
  });
}

function fenced(lease: Lease): KidjamoError {
  return new KidjamoError(
    'FENCED',
    `partition ${lease.partition} of ${lease.log} is no longer ours for the group ${lease.group} (generation ${lease.generation})`,
  );
}

/** A fenced commit has rolled back already; its connection is as good as new. */
function isFenced(error: unknown): boolean {
  return hasCode(error, 'FENCED');
}
