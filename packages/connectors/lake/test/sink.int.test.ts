import { execFileSync } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KidjamoError, pseudonymOf } from '@kidjamo/stream';
import { LakeEngine } from '@kidjamo/connector-lake';
import type { LakeSink, LakeTable } from '@kidjamo/connector-lake';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { batch, lease, MINUTE, NEVER, patient, SAMPLES, START, TrialLake, value } from './trial-lake.ts';

let trial: TrialLake;
beforeAll(async () => {
  trial = await TrialLake.open(5);
});
afterAll(() => trial.close());
beforeEach(() => trial.clear());

test('types every column, keeps microseconds, and leaves out what does not look like a code', async () => {
  const sink = trial.sink();
  await sink.open(lease());
  const given = [
    value(0, {
      at: START + 0.25,
      seen: 1e300,
      id: 'B5C1C1E0-0000-4000-8000-00000000abcd',
      flag: 'loose_strap',
      codes: ['ok', 'Jane Doe', 'motion'],
      worn: true,
    }),
    value(1, { flag: 'Jane Doe', codes: [], vitals: null, unknown: { name: 'Jane Doe' } }),
    '{}',
    '{"kind":"other","at":"soon"}',
  ];
  expect(await sink.write(batch(given, { from: 0 }), NEVER)).toEqual({ refused: [] });
  expect(await trial.query('SELECT * EXCLUDE (patient) FROM lake_samples ORDER BY i')).toEqual([
    {
      i: 0,
      id: 'b5c1c1e0-0000-4000-8000-00000000abcd',
      taken_at: '2024-01-01T00:00:00.000250Z',
      seen_at: null,
      heart_rate: 60.5,
      spo2: null,
      codes: ['ok', 'motion'],
      flag: 'loose_strap',
      worn: true,
      log_partition: 0,
      log_offset: 0,
      event_date: '2024-01-01',
    },
    {
      i: 1,
      id: null,
      taken_at: '2024-01-01T00:01:00.000Z',
      seen_at: null,
      heart_rate: null,
      spo2: null,
      codes: [],
      flag: null,
      worn: null,
      log_partition: 0,
      log_offset: 1,
      event_date: '2024-01-01',
    },
  ]);
  expect(await trial.bytes()).not.toContain('Jane');
});

test('one file per date, listed with its rows, times and offsets; nothing else is left on the disk', async () => {
  const sink = trial.sink();
  await sink.open(lease(4, 2));
  const values = [-1, 0, 1, 1439, 1440].map((i) => value(i));
  await sink.write(batch(values, { from: 0, lease: lease(4, 2) }), NEVER);
  const { rows } = await trial.pool.query(
    `SELECT table_name, event_date::text AS date, rows::int, min_time, max_time, log, partition, from_offset::int, to_offset::int, generation::int
       FROM lake.file ORDER BY event_date`,
  );
  const rest = { table_name: 'lake_samples', log: 'samples', partition: 2, from_offset: 0, to_offset: 5, generation: 4 };
  const at = (i: number): Date => new Date(START + i * MINUTE);
  expect(rows).toEqual([
    { ...rest, date: '2023-12-31', rows: 1, min_time: at(-1), max_time: at(-1) },
    { ...rest, date: '2024-01-01', rows: 3, min_time: at(0), max_time: at(1439) },
    { ...rest, date: '2024-01-02', rows: 1, min_time: at(1440), max_time: at(1440) },
  ]);
  const listed = await trial.listed();
  expect(await trial.files()).toEqual(listed);
  for (const path of listed) expect(path).toMatch(/^lake\/samples\/event_date=20\d\d-\d\d-\d\d\/[0-9a-f-]{36}\.parquet$/);
  expect(await readdir(trial.engine.folder)).toEqual([]);
});

test('pseudonyms stand for identities, the same in every batch, also after those in memory were forgotten', async () => {
  const key = { id: 'k9', key: Buffer.from('k'.repeat(32)) };
  const engine = await LakeEngine.open({ scratch: trial.scratch, key, maxPseudonyms: 3 });
  try {
    const sink = trial.sink({ engine });
    await sink.open(lease());
    for (let from = 0; from < 30; from += 10)
      await sink.write(
        batch(
          Array.from({ length: 10 }, (_, n) => value(from + n)),
          { from },
        ),
        NEVER,
      );
  } finally {
    await engine.close();
  }
  const rows = await trial.query('SELECT i, patient FROM lake_samples ORDER BY i');
  expect(rows).toEqual(Array.from({ length: 30 }, (_, i) => ({ i, patient: pseudonymOf(key, patient(i)) })));
  const bytes = await trial.bytes();
  for (let i = 0; i < 7; i += 1) {
    expect(bytes).not.toContain(patient(i));
    expect(bytes).not.toContain(Buffer.from(patient(i).replaceAll('-', ''), 'hex').toString('latin1'));
  }
});

test('refuses exactly what it cannot read, and stores the rest', async () => {
  const sink = trial.sink();
  await sink.open(lease());
  const values = Array.from({ length: 60 }, (_, i) => value(i));
  const bad = new Map([
    [3, 'no JSON'],
    [7, value(7, { at: null })],
    [8, `${value(8)}${value(8)}`],
    [20, value(20, { id: 'not-a-uuid' })],
    [21, value(21, { i: 3e9 })],
    [40, value(40).replace('"i":40', '"i":40,"i":41')],
    [41, value(41, { '@offset': 5 })],
    [59, ''],
  ]);
  for (const [i, text] of bad) values[i] = text;
  const whole = batch(values);
  const { refused } = await sink.write(whole, NEVER);
  expect(refused.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual([...bad.keys()]);
  expect(await trial.files()).toEqual([]);
  expect(await sink.write({ ...whole, records: Array.from(whole.records).filter(({ offset }) => !bad.has(offset)) }, NEVER)).toEqual({
    refused: [],
  });
  expect(await trial.query('SELECT count(*) AS n, count(DISTINCT i) AS numbers, sum(log_offset - i) AS shift FROM lake_samples')).toEqual([
    { n: 52, numbers: 52, shift: 0 },
  ]);
});

test('text of any length and script comes through', async () => {
  const sink = trial.sink({ table: { ...SAMPLES, columns: [...SAMPLES.columns, { name: 'words', type: 'text' }] } });
  await sink.open(lease());
  const words = ['Sβ0 \u00e9\u{1f98e}\u0000', 'x'.repeat(500_000), '€'.repeat(700_000), 'end'];
  await sink.write(batch(words.map((text, i) => value(i, { words: text }))), NEVER);
  const reader = await trial.reader([{ ...SAMPLES, columns: [...SAMPLES.columns, { name: 'words', type: 'text' }] }]);
  try {
    expect((await reader.query('SELECT words FROM lake_samples ORDER BY i')).rows.map((row) => row['words'])).toEqual(words);
  } finally {
    await reader.close();
  }
});

test('a record of another table never stands in the way, even when it alone makes DuckDB stumble', async () => {
  const sink = trial.sink();
  await sink.open(lease());
  const other = '{"kind":"other","vitals":{"heart_rate":"fast"}}';
  expect(await sink.write(batch([other, value(1), other]), NEVER)).toEqual({ refused: [] });
  expect(await trial.query('SELECT i FROM lake_samples')).toEqual([{ i: 1 }]);
  expect(await sink.write(batch([other, other], { from: 3 }), NEVER)).toEqual({ refused: [] });
  expect(await sink.open(lease(2))).toBe(5);
});

test('when the answer to the commit is lost, the files stay and nothing is doubled', async () => {
  const pool = new Proxy(trial.pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (sql: string, values: unknown[]) => {
        const result = await target.query(sql, values);
        if (sql.includes('UPDATE lake.position')) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
        return result;
      };
    },
  });
  const sink = trial.sink({ pool });
  await sink.open(lease());
  await expect(sink.write(batch([value(0), value(1)]), NEVER)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
  expect(await sink.open(lease())).toBe(2);
  expect(await trial.files()).toEqual(await trial.listed());
  expect(await trial.query('SELECT count(*) AS n FROM lake_samples')).toEqual([{ n: 2 }]);
});

test('when the connection ends before the commit, nothing is listed, and the batch is written by whoever comes next', async () => {
  const pool = new Proxy(trial.pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return (sql: string, values: unknown[]) => {
        if (!sql.includes('UPDATE lake.position')) return target.query(sql, values);
        return target.query('SELECT pg_terminate_backend(pg_backend_pid())');
      };
    },
  });
  const sink = trial.sink({ pool });
  await sink.open(lease());
  await expect(sink.write(batch([value(0)]), NEVER)).rejects.toMatchObject({ retryable: true });
  expect(await trial.listed()).toEqual([]);
  const heir = trial.sink();
  expect(await heir.open(lease(2))).toBe(0);
  await heir.write(batch([value(0)], { lease: lease(2) }), NEVER);
  expect(await trial.query('SELECT count(*) AS n FROM lake_samples')).toEqual([{ n: 1 }]);
});

test('a batch that is fenced leaves no file', async () => {
  const old = trial.sink();
  await old.open(lease(1));
  const pool = new Proxy(trial.pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name) as unknown;
      return async (sql: string, values: unknown[]) => {
        // The takeover comes after the files were written.
        if (sql.includes('UPDATE lake.position')) await trial.sink().open(lease(2));
        return target.query(sql, values);
      };
    },
  });
  await expect(trial.sink({ pool }).write(batch([value(0)]), NEVER)).rejects.toMatchObject({ code: 'FENCED' });
  expect(await trial.files()).toEqual([]);
});

test('a full disk is DISK_FULL: the position stays, nothing is left, and it works again when there is space', async (context) => {
  const small = join(trial.root, 'small');
  await mkdir(small, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small], { stdio: 'ignore' });
  } catch {
    context.skip('only root may mount a small disk');
  }
  try {
    const sink = trial.sink({ root: small });
    await sink.open(lease());
    await writeFile(join(small, 'filler'), Buffer.alloc(48 << 10));
    const large = batch(Array.from({ length: 3000 }, (_, i) => value(i, { vitals: { heart_rate: Math.sin(i) * 100 } })));
    const failure: unknown = await sink.write(large, NEVER).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KidjamoError);
    expect(failure).toMatchObject({ code: 'DISK_FULL', retryable: true });
    expect((await readdir(small, { recursive: true })).filter((name) => /parquet/.test(name))).toEqual([]);
    expect(await sink.open(lease())).toBe(0);
    await writeFile(join(small, 'filler'), '');
    execFileSync('mount', ['-o', 'remount,size=4m', small], { stdio: 'ignore' });
    await sink.write(large, NEVER);
    expect(await sink.open(lease())).toBe(3000);
  } finally {
    execFileSync('umount', [small], { stdio: 'ignore' });
  }
});

test('a table that does not hold together is refused, and so is a folder that DuckDB would take for a pattern', () => {
  const make = (table: Partial<LakeTable>): LakeSink => trial.sink({ table: { ...SAMPLES, ...table } });
  expect(() => make({ eventTime: 'spo2' })).toThrow(/event time/);
  expect(() => make({ sort: ['nothing'] })).toThrow(/no column/);
  expect(() => make({ columns: [...SAMPLES.columns, { name: 'log_offset', type: 'integer' }] })).toThrow(/twice/);
  expect(() => make({ folder: '../elsewhere' })).toThrow(/folder/);
  expect(() => trial.sink({ root: '/tmp/a*b' })).toThrow(/must not hold/);
});
