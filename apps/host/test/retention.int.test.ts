import { PostgresLog, STREAM_MIGRATIONS, Wakeups } from '@kidjamo/connector-postgres';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { systemClock } from '@kidjamo/stream';
import { KEY_KEPT, LOGS, VITALS_MIGRATIONS } from '@kidjamo/vitals';
import pg from 'pg';
import { expect, test } from 'vitest';

import { makeLogger } from '../src/roles/logger.ts';
import { removeOld } from '../src/roles/retention-role.ts';

test('old keys and old records go, young ones stay', async () => {
  const database = await createTestDatabase([STREAM_MIGRATIONS, VITALS_MIGRATIONS]);
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const wakeups = new Wakeups('log');
  const now = systemClock.now();
  // More than one step removes.
  await pool.query(
    `INSERT INTO idempotency_keys (id, digest, created_at)
     SELECT gen_random_uuid(), 'old', to_timestamp($1::float8 / 1000) FROM generate_series(1, 5001)`,
    [now - KEY_KEPT - 60_000],
  );
  await pool.query(
    `INSERT INTO idempotency_keys (id, digest, created_at) VALUES (gen_random_uuid(), 'young', to_timestamp($1::float8 / 1000))`,
    [now - KEY_KEPT + 60_000],
  );
  const log = await PostgresLog.open({ name: LOGS.input, pool, wakeups }, 1);
  await log.append([{ partition: 0, key: 'k', value: '1' }]);
  await pool.query("UPDATE stream.log_batch SET appended_at = appended_at - interval '3 hours'");
  await log.append([{ partition: 0, key: 'k', value: '2' }]);

  await removeOld({ pool, hours: 2, logger: makeLogger('host', 'silent') }, systemClock);
  expect((await pool.query('SELECT digest FROM idempotency_keys')).rows).toEqual([{ digest: 'young' }]);
  expect((await log.read(0, 0, 10)).map(({ value }) => value)).toEqual(['2']);
  wakeups.close();
  await pool.end();
  await database.drop();
});
