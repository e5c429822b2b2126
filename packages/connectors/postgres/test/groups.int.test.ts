import { systemClock } from '@kidjamo/stream';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { abandonedGroups, PostgresLog, PostgresMembership, retireGroup, trimLog, Wakeups } from '../src/index.ts';
import { openDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

test('a group that is gone holds its log back until it is retired, and may come back', async () => {
  const pool = database.pool(4);
  const wakeups = new Wakeups('groups');
  const log = await PostgresLog.open({ name: 'log', pool, wakeups }, 2);
  const member = (group: string) =>
    new PostgresMembership({ pool, clock: systemClock, log: 'log', group, member: `of ${group}`, ttl: 600_000, patience: 1000 });
  const [stays, goes] = [member('stays'), member('goes')];
  const { leases } = await stays.heartbeat();
  await goes.heartbeat();
  await log.append([
    { partition: 0, key: 'k', value: '1' },
    { partition: 0, key: 'k', value: '2' },
  ]);
  for (const lease of leases) await stays.report(lease, 2);

  const later = systemClock.now() + 60_000;
  const trim = () => trimLog({ pool, log: 'log', olderThanMs: -60_000, clock: systemClock });
  expect(await abandonedGroups(pool, later)).toEqual([]);
  await expect(retireGroup(pool, 'goes')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/member/) as string,
  });
  await goes.leave();
  expect(await abandonedGroups(pool, later)).toMatchObject([{ log: 'log', group: 'goes' }]);
  expect(await abandonedGroups(pool, later - 3_600_000)).toEqual([]);
  expect(await trim()).toBe(0);
  expect(await retireGroup(pool, 'goes')).toEqual([{ log: 'log', unread: 2 }]);
  expect(await trim()).toBe(1);
  await expect(retireGroup(pool, 'goes')).rejects.toMatchObject({ code: 'NOT_FOUND' });

  // The same handle, which thinks the group registered.
  await goes.heartbeat();
  expect((await goes.heartbeat()).leases).toHaveLength(2);

  await pool.query(`INSERT INTO stream.task_state (consumer_group, key, partition, state) VALUES ('task', 'k', 0, '{}')`);
  await expect(retireGroup(pool, 'task')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/task/) as string,
  });
  wakeups.close();
});
