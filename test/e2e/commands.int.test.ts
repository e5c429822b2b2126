import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Home, type Outcome } from './kidjamo.ts';

// What every command owes to whoever types it: help, JSON, and an exit code that tells the truth.

const OPTIONS: readonly (readonly [command: string, ...options: string[]])[] = [
  ['up', '--demo', '--join', '--no-migrate', '--seed', '--json'],
  ['replay', '--start', '--direct', '--fresh', '--lanes', '--batch', '--no-wait', '--json'],
  ['simulate', '--model', '--minutes', '--speed', '--seed', '--scenario', '--patients', '--rate', '--truth', '--out', '--json'],
  ['query', '--store', '--lake', '--no-flush', '--json'],
  ['doctor', '--json'],
  ['migrate', '--json'],
  ['device assign', '--device', '--patient', '--json'],
  ['quarantine list', '--status', '--limit', '--cursor', '--json'],
  ['quarantine show', '--json'],
  ['quarantine release', '--why', '--json'],
  ['quarantine discard', '--why', '--json'],
  ['dlq list', '--status', '--limit', '--cursor', '--json'],
  ['dlq show', '--json'],
  ['dlq replay', '--why', '--json'],
  ['dlq discard', '--why', '--json'],
  ['retire', '--json'],
  ['bench', '--only', '--runs', '--quick', '--out', '--json'],
];

let home: Home;
let empty: Home;

beforeAll(async () => {
  [home, empty] = await Promise.all([Home.make(), Home.make()]);
  await home.up();
});

afterAll(async () => {
  await Promise.all([home.remove(), empty.remove()]);
});

interface Failure {
  readonly ok: false;
  readonly error: { readonly code: string; readonly message: string };
}

/** The one line of JSON that a command printed. */
function json<T>({ out }: Outcome): T {
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? '') as T;
}

describe('help', () => {
  test('the program lists every command', async () => {
    const { code, out } = await home.run(['--help']);
    expect(code).toBe(0);
    for (const [command] of OPTIONS) expect(out).toMatch(new RegExp(`^  ${command.split(' ')[0] ?? ''}\\b`, 'm'));
  });

  test.concurrent.for(OPTIONS)('%s --help names its options', async ([command, ...options]) => {
    const { code, out, err } = await home.run([...command.split(' '), '--help']);
    expect([code, err]).toEqual([0, '']);
    for (const option of [...options, '--help']) expect(out).toMatch(new RegExp(`^  (-h, )?${option}\\b`, 'm'));
  });
});

describe('wrong calls end with 2 and say why', () => {
  test.concurrent.for([
    { args: ['no-such-command'], says: /unknown command/ },
    { args: ['doctor', '--no-such-option'], says: /unknown option/ },
    { args: ['device', 'assign', '--device', 'd'], says: /--patient/ },
    { args: ['replay', 'x.csv', '--batch', '0'], says: /--batch must be a whole number from 1/ },
    { args: ['replay', 'x.csv', '--start', 'yesterday'], says: /--start must be an ISO 8601 time/ },
    { args: ['up', '--seed', 'x'], says: /--seed must be a whole number/ },
    { args: ['query', '--store', '--lake', 'SELECT 1'], says: /choose one/ },
    { args: ['bench', '--only', 'nothing'], says: /--only takes/ },
    { args: ['doctor'], env: { API_PORT: 'eighty', KIDJAMO_LEASE_MS: '1' }, says: /API_PORT must[^]*KIDJAMO_LEASE_MS must/ },
    { args: ['doctor'], env: { API_HOST: '0.0.0.0' }, says: /API_HOST must be a loopback address/ },
    { args: ['doctor'], env: { KIDJAMO_ENV: 'production', AUTO_ENROLL: 'true' }, says: /AUTO_ENROLL=true is refused/ },
  ])('$args $env', async ({ args, env, says }) => {
    const { code, out, err } = await home.run(args, env ?? {});
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(says);
  });
});

describe('wrong calls with --json tell it as JSON too', () => {
  test.concurrent.for([
    { args: ['no-such-command'], says: /unknown command/ },
    { args: ['doctor', '--no-such-option'], says: /unknown option/ },
    { args: ['quarantine', 'show', 'x'], says: /must be a UUID/ },
    { args: ['dlq', 'discard', 'x/y/0/1'], says: /--why/ },
    { args: ['quarantine', 'list', '--status', 'lost'], says: /status/ },
  ])('$args', async ({ args, says }) => {
    const outcome = await home.run([...args, '--json']);
    expect(outcome.code).toBe(2);
    expect(json<Failure>(outcome)).toMatchObject({
      ok: false,
      error: { code: 'CONFIG_INVALID', message: expect.stringMatching(says) as string },
    });
  });
});

describe('failures end with 1', () => {
  test('doctor where nothing runs', async () => {
    const outcome = await empty.run(['doctor', '--json']);
    expect(outcome.code).toBe(1);
    const report = json<{ checks: object[] }>(outcome);
    expect(report).toMatchObject({ ok: false, api_url: null, database_url: null });
    expect(report.checks).toContainEqual(expect.objectContaining({ name: 'instance', ok: false, remedy: expect.any(String) as string }));
    expect((await empty.run(['doctor'])).code).toBe(1);
  });

  test('replay of a file that is not there, or not what it should be', async () => {
    const missing = await home.run(['replay', join(home.path, 'nothing.csv'), '--json']);
    expect([missing.code, json<Failure>(missing)]).toMatchObject([1, { ok: false, error: { code: 'NOT_FOUND' } }]);
    const other = await home.run(['replay', join(import.meta.dirname, 'commands.int.test.ts'), '--json']);
    expect([other.code, json<Failure>(other)]).toMatchObject([1, { ok: false, error: { code: 'INPUT_INVALID' } }]);
  });

  test('a second instance on the same home', async () => {
    const second = await home.run(['up', '--json']);
    expect([second.code, json<Failure>(second)]).toMatchObject([1, { ok: false, error: { code: 'HOME_LOCKED' } }]);
  });

  test('joining where nothing runs', async () => {
    const alone = await empty.run(['up', '--join', '--json']);
    expect([alone.code, json<Failure>(alone)]).toMatchObject([1, { ok: false, error: { code: 'INSTANCE_UNREACHABLE' } }]);
  });
});

describe('query', () => {
  const outside = (): string => join(home.path, 'written-by-a-query');

  test('prints rows as an array of objects, or as a table', async () => {
    const values = `SELECT 1 AS a, 'x' AS b, NULL AS c, 12345678901234::int8 AS d UNION ALL SELECT 2, 'y', NULL, 5 ORDER BY 1`;
    const rows = [
      { a: 1, b: 'x', c: null, d: 12_345_678_901_234 },
      { a: 2, b: 'y', c: null, d: 5 },
    ];
    expect(await home.store(values)).toEqual(rows);
    expect(await home.store('SELECT 1 WHERE false')).toEqual([]);
    const { code, out } = await home.run(['query', values]);
    expect(code).toBe(0);
    expect(out.split('\n')[0]?.split(/\s+/)).toEqual(['a', 'b', 'c', 'd']);
    expect(await home.lake('SELECT 1::INTEGER AS a, [1, 2]::INTEGER[] AS list')).toEqual([{ a: 1, list: [1, 2] }]);
    const tables = (await home.lake<{ view: string }>('SELECT DISTINCT view_name AS view FROM duckdb_views() WHERE NOT internal')).map(
      ({ view }) => view,
    );
    expect(tables).toEqual(expect.arrayContaining(['raw_readings', 'bronze_readings']));
  });

  test.concurrent.for([
    'SELECT no_such_column FROM measurements',
    '',
    'INSERT INTO patients (patient_id) VALUES (gen_random_uuid())',
    'SELECT 1; SELECT 2',
    "COPY patients TO PROGRAM 'true'",
  ])('the store refuses: %s', async (sql) => {
    const outcome = await home.run(['query', sql, '--json']);
    expect([outcome.code, json<Failure>(outcome)]).toMatchObject([1, { ok: false, error: { code: 'QUERY_REFUSED' } }]);
  });

  test.concurrent.for([
    'SELECT no_such_column',
    "COPY (SELECT 1) TO '$outside'",
    "ATTACH '$outside' AS other",
    "SELECT * FROM read_csv('/etc/hostname')",
    'INSTALL httpfs',
  ])('the lake refuses: %s', async (sql) => {
    const outcome = await home.run(['query', '--lake', '--no-flush', sql.replace('$outside', outside()), '--json']);
    expect([outcome.code, json<Failure>(outcome)]).toMatchObject([1, { ok: false, error: { code: 'QUERY_REFUSED' } }]);
    expect(existsSync(outside())).toBe(false);
  });
});

test('doctor and migrate on a running instance', async () => {
  const outcome = await home.run(['doctor', '--json']);
  expect(outcome.code, outcome.out).toBe(0);
  const report = json<{ checks: { ok: boolean; name: string }[] }>(outcome);
  expect(report).toMatchObject({
    ok: true,
    api_url: home.url,
    database_url: expect.stringMatching(/^postgres(ql)?:\/\/kidjamo:/) as string,
  });
  expect(report.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['node', 'disk', 'instance', 'gateway', 'database', 'migrations', 'group vitals', 'quarantine', 'dead letters']),
  );
  const migrate = await home.run(['migrate', '--json']);
  expect([migrate.code, json(migrate)]).toEqual([0, { ok: true, applied: [] }]);
});
