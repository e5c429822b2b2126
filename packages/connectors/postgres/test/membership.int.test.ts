import { systemClock } from '@kidjamo/stream';
import { membershipConformance } from '@kidjamo/stream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { PostgresLog, PostgresMembership, Wakeups } from '../src/index.ts';
import { openGroup } from './commit-subject.ts';
import { openDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

membershipConformance('PostgreSQL', () => openGroup(database));

const base = { clock: systemClock, ttl: 600_000, patience: 50 };

test('a group of the same name on another log does not lessen the share', async () => {
  const pool = database.pool();
  const wakeups = new Wakeups('share');
  for (const name of ['share-a', 'share-b']) await PostgresLog.open({ name, pool, wakeups }, 4);
  const a = new PostgresMembership({ ...base, pool, log: 'share-a', group: 'lake', member: 'one' });
  const b = new PostgresMembership({ ...base, pool, log: 'share-b', group: 'lake', member: 'two' });
  await a.heartbeat();
  expect((await b.heartbeat()).leases).toHaveLength(4);
  expect((await a.heartbeat()).release).toEqual([]);
  await b.leave();
  expect((await a.heartbeat()).leases).toHaveLength(4);
  wakeups.close();
});

test('a member that was there before its log gets its partitions once the log is made', async () => {
  const pool = database.pool();
  const wakeups = new Wakeups('late');
  const member = new PostgresMembership({ ...base, pool, log: 'late', group: 'g', member: 'm' });
  expect((await member.heartbeat()).leases).toEqual([]);
  await PostgresLog.open({ name: 'late', pool, wakeups }, 2);
  expect((await member.heartbeat()).leases).toHaveLength(2);
  wakeups.close();
});

test('a database that is away is told with a code that says to try again', async () => {
  const pool = database.pool();
  const member = new PostgresMembership({ ...base, pool, log: 'any', group: 'g', member: 'm' });
  await pool.end();
  await expect(member.heartbeat()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
});
