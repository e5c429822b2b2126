/**
 * A worker process: it counts the numbers of a log and keeps each record's place, through the runtime as it is. It says, one JSON line
 * each, which partitions it has, and when it was fenced; told to halt, it stops itself (SIGSTOP) in its first commit. SIGTERM ends it in
 * good order.
 */
import { PostgresTaskStore, Wakeups } from '@kidjamo/connector-postgres';
import type { RowWriter } from '@kidjamo/connector-postgres';
import { hasCode, runGroup, systemClock, TaskRunner } from '@kidjamo/stream';
import type { Task, TaskStore } from '@kidjamo/stream';
import pg from 'pg';

import type { KafkaConnection } from '../src/connection.ts';
import { memberOf } from './membership-subject.ts';
import { openLog } from './kafka-log-subject.ts';

/** What the parent tells. */
export interface WorkerOrders {
  readonly url: string;
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly group: string;
  readonly member: string;
  readonly instance?: string;
  readonly halt?: boolean;
}

/** What the worker says. */
export interface WorkerSaid {
  readonly partitions?: readonly number[];
  readonly rebalances?: number;
  readonly expulsions?: number;
  readonly halted?: boolean;
  readonly fenced?: boolean;
  readonly failed?: string;
}

const orders = JSON.parse(process.argv[2] ?? '{}') as WorkerOrders;
const say = (said: WorkerSaid): void => void process.stdout.write(`${JSON.stringify(said)}\n`);

const pool = new pg.Pool({ connectionString: orders.url, max: 8 });
pool.on('error', () => undefined);
const wakeups = new Wakeups(orders.group);
const log = await openLog(orders);
const membership = memberOf({ ...orders, pool }, orders.member, orders.instance === undefined ? {} : { instance: orders.instance });

const writer: RowWriter = {
  prepare: async () => undefined,
  pack: (rows) => rows,
  write: async (client, rows) => {
    const list = rows.get('counted') ?? [];
    if (list.length === 0) return;
    await client.query('INSERT INTO counted SELECT partition, place, n FROM jsonb_populate_recordset(NULL::counted, $1)', [
      JSON.stringify(list),
    ]);
  },
  known: async () => new Map(),
};
const store = new PostgresTaskStore({ pool, wakeups, writer, outputs: new Map() });

let halt = orders.halt === true;
const watched: TaskStore = new Proxy<TaskStore>(store, {
  get: (target, member) => {
    const value: unknown = Reflect.get(target, member);
    if (typeof value !== 'function') return value;
    const call = value.bind(target) as (...args: unknown[]) => unknown;
    if (member !== 'commit') return call;
    return async (...args: unknown[]) => {
      if (halt) {
        halt = false;
        say({ halted: true });
        process.kill(process.pid, 'SIGSTOP');
      }
      try {
        return await call(...args);
      } catch (error) {
        if (hasCode(error, 'FENCED')) say({ fenced: true });
        throw error;
      }
    };
  },
});

const task: Task<number> = {
  name: 'count',
  parse: Number,
  keys: () => ['sum'],
  idempotency: () => undefined,
  process: ({ record, value }, context) => {
    context.row('counted', { partition: record.partition, place: record.offset, n: value });
    context.count('records');
    context.count('sum', value);
  },
  onDuplicate: () => undefined,
  onConflict: () => undefined,
  onTimer: () => undefined,
};

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
// Whoever started it is gone.
process.stdin.on('end', () => process.exit()).resume();
const observer = {
  committed: () => undefined,
  failed: (_: unknown, error: unknown) => say({ failed: error instanceof Error ? error.message : 'unknown' }),
  assigned: (_: string, partitions: readonly number[]) => {
    const { rebalances, expulsions } = membership.status;
    say({ partitions, rebalances, expulsions });
  },
};
await runGroup(
  {
    group: orders.group,
    membership,
    clock: systemClock,
    observer,
    heartbeatEvery: 200,
    work: (lease, signal) =>
      new TaskRunner(
        {
          task,
          log,
          store: watched,
          clock: systemClock,
          observer,
          random: () => 0,
          maxBatch: 50,
          piece: 20,
          pollEvery: 500,
          pace: 5,
          cachedStates: 100,
          backoff: { initial: 10, max: 200 },
        },
        lease,
      ).run(signal),
  },
  stop.signal,
);
await log.close();
wakeups.close();
await pool.end();
process.stdin.destroy();
