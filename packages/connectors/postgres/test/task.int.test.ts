import { hasCode } from '@kidjamo/stream';
import type { Changes, Lease } from '@kidjamo/stream';
import { ROW_TABLE, taskStoreConformance } from '@kidjamo/stream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { PostgresTaskStore, Wakeups } from '../src/index.ts';
import { openGroup } from './commit-subject.ts';
import { openDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { rowWriter } from './row-writer.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

taskStoreConformance('PostgreSQL', () => openGroup(database));

const nothing = (): void => undefined;

const START = { offset: 0, logTime: 0 };
const AFTER = { offset: 1, logTime: 1 };

function rows(...list: object[]): Changes {
  return {
    rows: new Map([[ROW_TABLE, list]]),
    states: new Map(),
    timers: new Map(),
    outputs: new Map(),
    counters: new Map(),
    deadLetters: [],
    packs: [],
  };
}

test('commits of all partitions go through a pool as small as they are many, and prepare takes none of its connections', async () => {
  const subject = await openGroup(database);
  const pool = database.pool(4);
  const wakeups = new Wakeups('small');
  const writer = rowWriter(ROW_TABLE, subject.log);
  const store = new PostgresTaskStore({
    pool,
    wakeups,
    writer: {
      ...writer,
      prepare: async (on) => {
        await on.query('SELECT 1');
      },
    },
    outputs: new Map(),
  });
  const { leases } = await subject.member('a').heartbeat();
  await Promise.all(
    leases.map((lease: Lease) => store.commit(lease, { from: START, to: AFTER }, rows({ id: String(lease.partition), digest: '', n: 0 }))),
  );
  expect(pool.totalCount).toBeLessThanOrEqual(4);
  wakeups.close();
  await subject.close();
});

test('rows that the database refuses are told apart from a database that cannot serve, and nothing of them is quoted', async () => {
  const subject = await openGroup(database);
  const [lease] = (await subject.member('a').heartbeat()).leases;
  if (lease === undefined) throw new Error('no lease');
  const wakeups = new Wakeups('refused');
  const base = rowWriter(ROW_TABLE, subject.log);
  const failing = (write: typeof base.write) =>
    new PostgresTaskStore({ pool: database.pool(2), wakeups, writer: { ...base, write }, outputs: new Map() });
  const outcome = async (write: typeof base.write): Promise<{ code: string; message: string }> =>
    failing(write)
      .commit(lease, { from: START, to: AFTER }, rows())
      .then(
        () => ({ code: 'none', message: '' }),
        (error: unknown) => error as { code: string; message: string },
      );

  const data = await outcome((client) => client.query(`SELECT 'top secret'::integer`).then(nothing));
  expect(data.code).toBe('STORE_REJECTED');
  expect(data.message).not.toContain('secret');
  expect(await outcome((client) => client.query('SELECT 1 FROM no_such_table').then(nothing))).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(
    await outcome(async () => {
      Buffer.alloc(4).writeInt32BE(2 ** 40);
    }),
  ).toMatchObject({ code: 'STORE_REJECTED' });
  expect(await outcome((client) => client.query('SELECT pg_terminate_backend(pg_backend_pid())').then(nothing))).toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  expect(await subject.store.position(lease)).toEqual(START);
  wakeups.close();
  await subject.close();
});

test('the loss of a connection between two statements of a commit does not end the process', async () => {
  const subject = await openGroup(database);
  const [lease] = (await subject.member('a').heartbeat()).leases;
  if (lease === undefined) throw new Error('no lease');
  const wakeups = new Wakeups('between');
  const pool = database.pool(2);
  const writer = rowWriter(ROW_TABLE, subject.log);
  const store = new PostgresTaskStore({
    pool,
    wakeups,
    writer: {
      ...writer,
      write: async (client) => {
        const lost = new Promise((resolve) => client.once('end', resolve));
        await pool.query('SELECT pg_terminate_backend($1, 10000)', [(client as unknown as { processID: number }).processID]);
        await lost;
      },
    },
    outputs: new Map(),
  });
  const error: unknown = await store.commit(lease, { from: START, to: AFTER }, rows()).catch((reason: unknown) => reason);
  expect(hasCode(error, 'STORE_UNAVAILABLE')).toBe(true);
  expect(await subject.store.position(lease)).toEqual(START);
  wakeups.close();
  await subject.close();
});
