import { LAKE_MIGRATIONS } from '@kidjamo/connector-lake';
import { PostgresLog, STREAM_MIGRATIONS, Wakeups } from '@kidjamo/connector-postgres';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { LOGS, VITALS_MIGRATIONS } from '@kidjamo/vitals';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';

import type { InputMode } from '../src/config/kafka.ts';
import { checkInputMode, databaseId, recordedMode } from '../src/stack/input-mode.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: pg.Pool;
let wakeups: Wakeups;
let log: PostgresLog;

beforeEach(async () => {
  database = await createTestDatabase([STREAM_MIGRATIONS, VITALS_MIGRATIONS, LAKE_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url, max: 2, application_name: 'kidjamo-start' });
  wakeups = new Wakeups('log');
  log = await PostgresLog.open({ name: LOGS.input, pool, wakeups }, 2);
});
afterEach(async () => {
  wakeups.close();
  await pool.end();
  await database.drop();
});

const start = (mode: InputMode, keys: { topics?: string; sealed?: string } = {}): Promise<void> =>
  checkInputMode(pool, { mode, topicsKeyId: keys.topics ?? 't', sealedKeyId: keys.sealed ?? 's' });
const takeIn = (): Promise<unknown> => log.append([{ partition: 1, key: 'k', value: '{}' }]);

test('the first to come decides, and may change it as long as nothing was taken in', async () => {
  expect(await recordedMode(pool)).toBeUndefined();
  for (const mode of ['embedded', 'outbox', 'direct', 'embedded'] as const) {
    await start(mode);
    expect(await recordedMode(pool)).toBe(mode);
  }
});

test('a database from before there was a choice belongs to one machine', async () => {
  await takeIn();
  expect(await recordedMode(pool)).toBe('embedded');
  await expect(start('outbox')).rejects.toThrow(/state and positions belong to the log they come from/);
  await start('embedded');
});

test('what waits in the outbox is carried to Kafka before the gateway goes there directly', async () => {
  await start('outbox');
  await takeIn();
  await expect(start('direct')).rejects.toThrow(/not everything was carried to Kafka/);
  await expect(start('embedded')).rejects.toThrow(/state and positions/);
  expect(await recordedMode(pool)).toBe('outbox');
  await pool.query(
    `INSERT INTO stream.consumer_offset (log, consumer_group, partition, next_offset) VALUES ($1, 'relay-vitals-input', 1, 1)`,
    [LOGS.input],
  );
  await start('direct');
  await start('outbox');
});

test('nothing changes while another process works on the database', async () => {
  await start('outbox');
  const other = new pg.Client({ connectionString: database.url, application_name: 'kidjamo-task' });
  await other.connect();
  await expect(start('direct')).rejects.toThrow(/never changed while processes work on it/);
  await start('outbox');
  await other.end();
});

test('other keys for the topics are refused', async () => {
  await start('outbox');
  await expect(start('outbox', { sealed: 'other' })).rejects.toThrow(/under other keys/);
  await expect(start('outbox', { topics: 'other' })).rejects.toThrow(/under other keys/);
});

test('a database keeps its name', async () => {
  expect(await databaseId(pool)).toBe(await databaseId(pool));
});
