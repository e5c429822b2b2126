import { randomBytes } from 'node:crypto';

import { systemClock } from '@kidjamo/stream';
import { LOG_PARTITIONS, logConformance } from '@kidjamo/stream/testing';
import type pg from 'pg';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { PostgresLog, trimLog, Wakeups } from '../src/index.ts';
import { openDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';

let database: TestDatabase;
let count = 0;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

/** A log with two handles, each with its own pool and its own wake-ups, as two processes have them. */
async function openLog() {
  count += 1;
  const name = `log-${count}`;
  const pools = [database.pool(5), database.pool(5)] as const;
  const wakeups = [new Wakeups(`a-${name}`), new Wakeups(`b-${name}`)] as const;
  const log = await PostgresLog.open({ name, pool: pools[0], wakeups: wakeups[0] }, LOG_PARTITIONS);
  const second = await PostgresLog.open({ name, pool: pools[1], wakeups: wakeups[1] }, LOG_PARTITIONS);
  const register = (group: string, partition: number, offset: number) =>
    pools[0].query(
      `INSERT INTO stream.consumer_offset (log, consumer_group, partition, next_offset) VALUES ($1, $2, $3, $4)
       ON CONFLICT (log, consumer_group, partition) DO UPDATE SET next_offset = excluded.next_offset`,
      [name, group, partition, offset],
    );
  return {
    name,
    pool: pools[0],
    log,
    second,
    register,
    close: async () => {
      for (const each of wakeups) each.close();
      for (const pool of pools) await pool.end();
    },
  };
}

const trimNow = (name: string, pool: Pool, olderThanMs = -60_000) => trimLog({ pool, log: name, olderThanMs, clock: systemClock });

logConformance('PostgreSQL', async () => {
  const opened = await openLog();
  return {
    ...opened,
    trim: async (partition, offset) => {
      for (let other = 0; other < LOG_PARTITIONS; other += 1) await opened.register('reader', other, other === partition ? offset : 0);
      await trimNow(opened.name, opened.pool);
    },
  };
});

describe('retention', () => {
  const one = (value: number) => [{ partition: 0, key: 'k', value: String(value) }];

  test('keeps what any registered group has still to read', async () => {
    const { name, pool, log, register, close } = await openLog();
    for (let i = 0; i < 10; i += 1) await log.append(one(i));
    await register('fast', 0, 10);
    await register('slow', 0, 4);
    expect(await trimNow(name, pool)).toBe(4);
    expect((await log.read(0, 0, 100)).map((record) => record.offset)).toEqual([4, 5, 6, 7, 8, 9]);
    await register('slow', 0, 10);
    expect(await trimNow(name, pool)).toBe(6);
    expect(await log.read(0, 0, 100)).toEqual([]);
    expect(await log.ends()).toEqual([10, 0, 0, 0]);
    await close();
  });

  test('keeps what is younger than the age, and trims a log that nobody reads by age alone', async () => {
    const { name, pool, log, close } = await openLog();
    for (let i = 0; i < 3; i += 1) await log.append(one(i));
    expect(await trimNow(name, pool, 3_600_000)).toBe(0);
    await pool.query(`UPDATE stream.log_batch SET appended_at = appended_at - interval '2 hours' WHERE log = $1 AND base_offset < 2`, [
      name,
    ]);
    expect(await trimNow(name, pool, 3_600_000)).toBe(2);
    expect((await log.read(0, 0, 100)).map((record) => record.offset)).toEqual([2]);
    const { rows } = await pool.query<{ low: string }>(
      'SELECT low_offset AS low FROM stream.log_partition WHERE log = $1 AND partition = 0',
      [name],
    );
    expect(rows).toEqual([{ low: '2' }]);
    await close();
  });

  test('removes more rows than one step may', async () => {
    const { name, pool, log, close } = await openLog();
    await pool.query(
      "SELECT stream.append($1, ARRAY[0], ARRAY[1], ARRAY[0::smallint], ARRAY['\\x6b1e76'::bytea]) FROM generate_series(1, 1203)",
      [name],
    );
    expect(await trimNow(name, pool)).toBe(1203);
    expect(await log.ends()).toEqual([1203, 0, 0, 0]);
    await close();
  });
});

describe('a read is bounded by volume', () => {
  /** What one read gives at most, apart from the row that crosses it. */
  const VOLUME = 8 << 20;
  /** Less than a row may hold, so that each append is one row of one record. */
  const SIZE = 600_000;
  const COUNT = 60;
  const ROW = 1 << 20;

  test.for([
    { what: 'text that compresses to nothing', value: (i: number) => JSON.stringify('x'.repeat(SIZE) + String(i)) },
    { what: 'text that does not compress', value: () => randomBytes((SIZE * 3) / 4).toString('base64') },
  ])('$what: whole, in order, a part at a time', async ({ value }) => {
    const { name, pool, log, close } = await openLog();
    const values = Array.from({ length: COUNT }, (_, i) => value(i));
    for (const text of values) await log.append([{ partition: 0, key: 'k', value: text }]);

    let fetched = 0;
    const watched = new Proxy(pool, {
      get: (target, member) =>
        member === 'query'
          ? async (query: string | pg.QueryConfig, values?: unknown[]) => {
              const result = await target.query<{ body?: Buffer }>(query, values);
              for (const { body } of result.rows) fetched += body?.length ?? 0;
              return result;
            }
          : (Reflect.get(target, member) as unknown),
    });
    const wakeups = new Wakeups(`w-${name}`);
    const reader = await PostgresLog.open({ name, pool: watched, wakeups }, LOG_PARTITIONS);
    const read: string[] = [];
    while (read.length < COUNT) {
      fetched = 0;
      const records = await reader.read(0, read.length, 16_000);
      expect(records.length).toBeGreaterThan(0);
      expect(records.reduce((sum, record) => sum + record.value.length, 0)).toBeLessThan(VOLUME + ROW);
      expect(fetched).toBeLessThan(VOLUME + ROW);
      expect(records.map((record) => record.offset)).toEqual(records.map((_, i) => read.length + i));
      for (const record of records) read.push(record.value);
    }
    expect(read).toEqual(values);
    wakeups.close();
    await close();
  });

  test('a record larger than a read gives comes alone', async () => {
    const { log, close } = await openLog();
    const large = 'y'.repeat(VOLUME);
    for (const value of [large, 'small', large]) await log.append([{ partition: 0, key: 'k', value }]);
    expect((await log.read(0, 0, 100)).map(({ value }) => value.length)).toEqual([VOLUME]);
    expect((await log.read(0, 1, 100)).map(({ value }) => value.length)).toEqual([5]);
    expect((await log.read(0, 2, 100)).map(({ value }) => value.length)).toEqual([VOLUME]);
    await close();
  });

  test('small records come in full batches again after large ones', async () => {
    const { log, close } = await openLog();
    await log.append([{ partition: 0, key: 'k', value: 'y'.repeat(VOLUME) }]);
    for (let i = 0; i < 40; i += 1) await log.append([{ partition: 0, key: 'k', value: String(i) }]);
    const sizes: number[] = [];
    for (let at = 0; at < 41;) {
      const records = await log.read(0, at, 100);
      sizes.push(records.length);
      at += records.length;
    }
    expect(sizes).toEqual([1, 1, 2, 4, 8, 16, 9]);
    await close();
  });
});

describe('what only this log has', () => {
  test('an existing log keeps its number of partitions', async () => {
    const { name, pool, close } = await openLog();
    const wakeups = new Wakeups(name);
    expect((await PostgresLog.open({ name, pool, wakeups }, 9)).partitions).toBe(LOG_PARTITIONS);
    wakeups.close();
    await close();
  });

  test('admission is asked before anything is written', async () => {
    const { name, pool, close } = await openLog();
    const wakeups = new Wakeups(name);
    const full = new Error('full');
    const log = await PostgresLog.open(
      {
        name,
        pool,
        wakeups,
        admit: () => {
          throw full;
        },
      },
      LOG_PARTITIONS,
    );
    await expect(log.append([{ partition: 0, key: 'k', value: 'v' }])).rejects.toBe(full);
    expect(await log.ends()).toEqual([0, 0, 0, 0]);
    wakeups.close();
    await close();
  });

  test('a log whose database is gone says so with a code, and without secrets', async () => {
    const { log, pool, close } = await openLog();
    await pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await expect(log.ends()).resolves.toHaveLength(LOG_PARTITIONS);
    await close();
    await expect(log.ends()).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
  });

  test('handles with the same scope wake each other', async () => {
    const { name, pool, close } = await openLog();
    const [here, there] = [new Wakeups(name), new Wakeups(name)];
    const log = await PostgresLog.open({ name, pool, wakeups: here }, LOG_PARTITIONS);
    const other = await PostgresLog.open({ name, pool, wakeups: there }, LOG_PARTITIONS);
    const waited = other.wait(0, 600_000, new AbortController().signal);
    await log.append([{ partition: 0, key: 'k', value: 'v' }]);
    await waited;
    here.close();
    there.close();
    await close();
  });
});
