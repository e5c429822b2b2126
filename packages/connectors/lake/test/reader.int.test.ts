import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openLake } from '@kidjamo/connector-lake';
import type { Lake, LakeTable } from '@kidjamo/connector-lake';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { batch, lease, NEVER, SAMPLES, TrialLake, value } from './trial-lake.ts';

const EMPTY: LakeTable = { ...SAMPLES, name: 'lake_empty', folder: 'lake/empty' };
let trial: TrialLake;
let lake: Lake;
beforeAll(async () => {
  trial = await TrialLake.open();
  const sink = trial.sink();
  await sink.open(lease());
  await sink.write(batch([value(0), value(1), value(1440)]), NEVER);
  lake = await openLake({
    root: trial.root,
    pool: trial.pool,
    tables: [SAMPLES, EMPTY],
    views: [{ name: 'lake_days', sql: 'SELECT event_date, count(*) AS n FROM lake_samples GROUP BY 1' }],
    scratch: trial.scratch,
  });
});
afterAll(async () => {
  await lake.close();
  await trial.close();
});

test('views over the tables, and over those', async () => {
  expect((await lake.query('SELECT * FROM lake_days ORDER BY event_date')).rows).toEqual([
    { event_date: '2024-01-01', n: 2 },
    { event_date: '2024-01-02', n: 1 },
  ]);
});

test('a table without files is empty and has all its columns', async () => {
  const columns = (answer: Awaited<ReturnType<Lake['query']>>): unknown => answer.columns;
  const empty = await lake.query('SELECT * FROM lake_empty');
  expect(empty.rows).toEqual([]);
  expect(empty.columns.map(({ name }) => name)).toEqual([
    ...SAMPLES.columns.map(({ name }) => name),
    'log_partition',
    'log_offset',
    'event_date',
  ]);
  expect(columns(empty)).toEqual(columns(await lake.query('SELECT * FROM lake_samples')));
});

test('files written before a column was added have nulls there', async () => {
  const wider: LakeTable = { ...SAMPLES, columns: [...SAMPLES.columns, { name: 'mood', type: 'text' }] };
  const later = await trial.reader([wider]);
  try {
    expect((await later.query('SELECT DISTINCT mood FROM lake_samples')).rows).toEqual([{ mood: null }]);
    const sink = trial.sink({ table: wider });
    const from = await sink.open(lease());
    await sink.write(batch([value(2, { mood: 'calm' })], { from }), NEVER);
  } finally {
    await later.close();
  }
  const newest = await trial.reader([wider]);
  try {
    expect((await newest.query('SELECT i, mood FROM lake_samples ORDER BY i')).rows).toEqual([
      { i: 0, mood: null },
      { i: 1, mood: null },
      { i: 2, mood: 'calm' },
      { i: 1440, mood: null },
    ]);
  } finally {
    await newest.close();
  }
  // The reader that was open before goes on with what it saw.
  expect((await lake.query('SELECT count(*) AS n FROM lake_samples')).rows).toEqual([{ n: 3 }]);
});

test('only listed files are seen', async () => {
  const [listed = ''] = await trial.listed();
  await writeFile(join(trial.root, listed.replace(/[^/]+$/, 'stray.parquet')), 'not Parquet');
  expect(await trial.query('SELECT count(*) AS n FROM lake_samples')).toEqual([{ n: 4 }]);
});

test('answers are what JSON can hold', async () => {
  const { rows, columns } =
    await lake.query(`SELECT 9007199254740991::BIGINT AS exact, 9007199254740993::BIGINT AS large, 1.5::DECIMAL(4, 2) AS decimal,
    TIMESTAMP '2024-02-29 12:00:00.123456' AS micros, TIMESTAMP '1960-01-01 00:00:00.000001' AS early, DATE '2024-02-29' AS day, [1, NULL] AS list,
    {'a': 1::BIGINT, 'b': TIMESTAMP '2024-01-01'} AS struct, NULL AS nothing, 'NaN'::DOUBLE AS nan, 1 AS twice, 2 AS twice, sum(range) AS huge FROM range(3)`);
  expect(rows).toEqual([
    {
      exact: 9007199254740991,
      large: '9007199254740993',
      decimal: 1.5,
      micros: '2024-02-29T12:00:00.123456Z',
      early: '1960-01-01T00:00:00.000001Z',
      day: '2024-02-29',
      list: [1, null],
      struct: { a: 1, b: '2024-01-01T00:00:00.000Z' },
      nothing: null,
      nan: 'NaN',
      twice: 1,
      'twice:1': 2,
      huge: 3,
    },
  ]);
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  expect(columns[0]).toEqual({ name: 'exact', type: 'BIGINT' });
});

test.each([
  'SELECT 1',
  'WITH x AS (SELECT 1 AS a) SELECT * FROM x',
  'FROM lake_samples',
  'DESCRIBE lake_samples',
  'SHOW TABLES',
  'SUMMARIZE lake_samples',
  'EXPLAIN SELECT * FROM lake_samples',
  '  -- a comment\n SELECT 2;',
])('takes %s', async (sql) => {
  expect((await lake.query(sql)).rows.length).toBeGreaterThan(0);
});

test.each([
  'DROP VIEW lake_samples',
  'CREATE TABLE t (a INTEGER)',
  `COPY lake_samples TO '/tmp/stolen.csv'`,
  `EXPLAIN ANALYZE COPY lake_samples TO '/tmp/stolen.csv'`,
  `EXPLAIN (ANALYZE) COPY lake_samples TO '/tmp/stolen.csv'`,
  `EXPLAIN COPY lake_samples TO '/tmp/stolen.csv'`,
  'SELECT 1; SELECT 2',
  '',
  'SET threads = 9',
  'PRAGMA enable_profiling',
  `ATTACH '/tmp/other.db'`,
  'INSTALL httpfs',
  'LOAD httpfs',
  'CALL pragma_version()',
  'SELEC 1',
  'SELECT nothing FROM lake_samples',
  `SELECT * FROM read_text('/etc/passwd')`,
  `SELECT * FROM read_csv('/etc/passwd')`,
  `SELECT * FROM glob('/etc/*')`,
  `SELECT * FROM '/etc/passwd'`,
])('refuses %s', async (sql) => {
  await expect(lake.query(sql)).rejects.toMatchObject({ code: 'QUERY_REFUSED' });
});

test('a file of the lake that is not listed, or of another table, cannot be read by its name', async () => {
  const [listed = ''] = await trial.listed();
  const stray = join(trial.root, listed.replace(/[^/]+$/, 'stray.parquet'));
  await expect(lake.query(`SELECT * FROM read_parquet('${stray}')`)).rejects.toMatchObject({ code: 'QUERY_REFUSED' });
});
