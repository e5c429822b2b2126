import { randomUUID } from 'node:crypto';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { compactLake, sweepLake } from '@kidjamo/connector-lake';
import type { Compacted, Swept } from '@kidjamo/connector-lake';
import { systemClock } from '@kidjamo/stream';
import { ManualClock } from '@kidjamo/stream/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { batch, lease, NEVER, SAMPLES, TrialLake, value } from './trial-lake.ts';

const DAY = 1440;
let trial: TrialLake;
beforeAll(async () => {
  trial = await TrialLake.open();
});
afterAll(() => trial.close());
beforeEach(() => trial.clear());

/** Writes `batches` batches of 20 records over two dates, in partition 0. */
async function fill(batches: number): Promise<void> {
  const sink = trial.sink();
  let from = await sink.open(lease());
  for (let n = 0; n < batches; n += 1, from += 20) {
    const numbers = Array.from({ length: 20 }, (_, i) => (i % 2) * DAY + (((from + i) * 7) % DAY));
    await sink.write(
      batch(
        numbers.map((i) => value(i)),
        { from },
      ),
      NEVER,
    );
  }
}

const compact = (more: { minFiles?: number; maxRows?: number } = {}): Promise<Compacted> =>
  compactLake({ pool: trial.pool, root: trial.root, engine: trial.engine, tables: [SAMPLES], minFiles: 3, ...more });
const sweep = (graceMs: number, clock = systemClock): Promise<Swept> =>
  sweepLake({ pool: trial.pool, root: trial.root, tables: [SAMPLES], clock, graceMs });
const content = () => trial.query('SELECT * FROM lake_samples ORDER BY log_partition, log_offset');

test('merges the small files of each date into one, sorted, with the same rows', async () => {
  await fill(5);
  const before = await content();
  expect(await compact()).toEqual({ merged: 10, made: 2 });
  expect(await content()).toEqual(before);
  expect(before).toHaveLength(100);
  const listed = await trial.listed();
  expect(listed).toHaveLength(2);
  const { rows } = await trial.pool.query(
    'SELECT sum(rows)::int AS rows, min(min_time) AS first, max(max_time) AS last FROM lake.file WHERE replaced_at IS NULL',
  );
  const { rows: old } = await trial.pool.query(
    'SELECT sum(rows)::int AS rows, min(min_time) AS first, max(max_time) AS last FROM lake.file WHERE replaced_at IS NOT NULL',
  );
  expect(rows).toEqual(old);
  const stored = await trial.query(`SELECT patient, taken_at FROM lake_samples WHERE event_date = DATE '2024-01-01'`);
  const order = (row: (typeof stored)[number]): string => `${row['patient'] as string} ${row['taken_at'] as string}`;
  expect(stored.map(order)).toEqual(stored.map(order).sort());
  expect(await compact()).toEqual({ merged: 0, made: 0 });
});

test('makes no file larger than the limit, and leaves large ones and few ones alone', async () => {
  await fill(5);
  expect(await compact({ minFiles: 6 })).toEqual({ merged: 0, made: 0 });
  expect(await compact({ maxRows: 25 })).toEqual({ merged: 8, made: 4 });
  expect(await compact({ maxRows: 25 })).toEqual({ merged: 0, made: 0 });
  expect(await content()).toHaveLength(100);
});

test('two compactors, a sink and readers at once lose nothing and double nothing', async () => {
  await fill(4);
  const counts: unknown[] = [];
  const read = async (): Promise<void> => {
    for (let n = 0; n < 5; n += 1) {
      const [row] = await trial.query('SELECT count(*) AS n, count(DISTINCT log_offset) AS offsets FROM lake_samples');
      expect(row?.['n']).toBe(row?.['offsets']);
      counts.push(row?.['n']);
    }
  };
  await Promise.all([compact(), compact(), fill(6), read(), compact()]);
  await compact();
  expect(await content()).toHaveLength(200);
  expect(counts.every((n) => Number(n) >= 80)).toBe(true);
});

test('a merge whose input was replaced meanwhile changes nothing and leaves no file', async () => {
  await fill(3);
  const before = await content();
  // The other compactor ends its merge just before ours swaps.
  const pool = new Proxy(trial.pool, {
    get: (target, name) => {
      if (name !== 'connect') return Reflect.get(target, name) as unknown;
      return async () => {
        const client = await target.connect();
        return new Proxy(client, {
          get: (inner, member) => {
            if (member === 'query')
              return async (sql: string, values: unknown[]) => {
                if (sql === 'BEGIN')
                  await trial.pool.query(
                    'UPDATE lake.file SET replaced_at = now() WHERE file_id = (SELECT min(file_id) FROM lake.file WHERE replaced_at IS NULL)',
                  );
                return inner.query(sql, values);
              };
            const found: unknown = Reflect.get(inner, member);
            return typeof found === 'function' ? (found.bind(inner) as unknown) : found;
          },
        });
      };
    },
  });
  const files = await trial.files();
  const done = await compactLake({ pool, root: trial.root, engine: trial.engine, tables: [SAMPLES], minFiles: 2 });
  expect(done).toEqual({ merged: 0, made: 0 });
  expect(await trial.files()).toEqual(files);
  await trial.pool.query('UPDATE lake.file SET replaced_at = NULL');
  expect(await content()).toEqual(before);
});

test('replaced files stay for the time of grace, and readers that are open go on; then they go, row and file', async () => {
  await fill(3);
  const reader = await trial.reader();
  try {
    await compact();
    expect(await sweep(60_000)).toEqual({ replaced: 0, orphans: 0, parts: 0 });
    expect((await reader.query('SELECT count(*) AS n FROM lake_samples')).rows).toEqual([{ n: 60 }]);
  } finally {
    await reader.close();
  }
  expect(await trial.files()).toHaveLength(8);
  await trial.pool.query(`UPDATE lake.file SET replaced_at = replaced_at - interval '2 minutes'`);
  expect(await sweep(60_000)).toEqual({ replaced: 6, orphans: 0, parts: 0 });
  expect(await trial.files()).toEqual(await trial.listed());
  expect(await content()).toHaveLength(60);
});

test('orphans and parts go when they are old enough, listed files never', async () => {
  await fill(2);
  const listed = await trial.listed();
  const folder = `${SAMPLES.folder}/event_date=2024-01-01`;
  const old = [`${folder}/${randomUUID()}.parquet`, `${folder}/${randomUUID()}.parquet.part`];
  const young = [`${folder}/${randomUUID()}.parquet`, `${folder}/${randomUUID()}.parquet.part`];
  for (const path of [...old, ...young]) await writeFile(join(trial.root, path), 'x');
  const past = new Date(systemClock.now() - 120_000);
  for (const path of [...old, ...listed]) await utimes(join(trial.root, path), past, past);
  expect(await sweep(60_000)).toEqual({ replaced: 0, orphans: 1, parts: 1 });
  expect(await trial.files()).toEqual([...listed, ...young].sort());
  expect(await sweep(60_000, new ManualClock(systemClock.now() + 120_000))).toEqual({ replaced: 0, orphans: 1, parts: 1 });
  expect(await trial.files()).toEqual(listed);
  expect(await content()).toHaveLength(40);
});

test('a sink whose files were swept while it was stopped fails, lists nothing, and writes the batch again', async () => {
  const later = new ManualClock(systemClock.now() + 3_600_000);
  const pool = new Proxy(trial.pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (sql: string, values: unknown[]) => {
        if (sql.includes('UPDATE lake.position')) expect(await sweep(60_000, later)).toEqual({ replaced: 0, orphans: 1, parts: 0 });
        return target.query(sql, values);
      };
    },
  });
  const sink = trial.sink({ pool });
  await sink.open(lease());
  await expect(sink.write(batch([value(0)]), NEVER)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
  expect(await trial.listed()).toEqual([]);
  const again = trial.sink();
  expect(await again.open(lease())).toBe(0);
  await again.write(batch([value(0)]), NEVER);
  expect(await content()).toHaveLength(1);
});

test('a sweep that was cut short after its claim is ended by the next one', async () => {
  const path = `${SAMPLES.folder}/event_date=2024-01-01/${randomUUID()}.parquet`;
  await mkdir(dirname(join(trial.root, path)), { recursive: true });
  await writeFile(join(trial.root, path), 'x');
  await trial.pool.query('INSERT INTO lake.file (table_name, path, rows, bytes, replaced_at) VALUES ($1, $2, 0, 0, now())', [
    SAMPLES.name,
    path,
  ]);
  expect(await sweep(0)).toEqual({ replaced: 0, orphans: 1, parts: 0 });
  expect(await trial.files()).toEqual([]);
});
