import { systemClock } from '@kidjamo/stream';
import Fastify from 'fastify';
import pg from 'pg';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { registerReadApi } from '../src/read/routes.ts';
import * as schemas from '../src/read/schemas.ts';
import { addPatient, openFixture, storeAlert, storeReading } from './read-fixture.ts';
import type { Fixture } from './read-fixture.ts';

type Item = Readonly<Record<string, unknown>>;
interface PageBody {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

let fixture: Fixture;
let anna: string;
let ben: string;

beforeAll(async () => {
  fixture = await openFixture();
  const { pool, fastify } = fixture;
  registerReadApi(fastify, { pool, clock: systemClock });
  anna = await addPatient(pool, { externalId: 'patient-001-ss', genotype: 'SS', birthDate: '1994-05-02' });
  ben = await addPatient(pool);
  // Several at the same instant, so that the second column of the key decides.
  for (let i = 0; i < 7; i += 1) {
    const at = `2026-03-0${1 + Math.floor(i / 3)}T10:00:00.123456Z`;
    await storeReading(pool, { patient: anna, at, vitals: { spo2: 90 + i } });
    await storeAlert(pool, { patient: anna, type: `rule_${i}`, createdAt: at, severity: i % 2 === 0 ? 'critical' : 'warn' });
  }
  await storeReading(pool, { patient: ben, at: '2026-03-01T10:00:00Z', vitals: { heart_rate: 0 } });
  await storeAlert(pool, { patient: ben, createdAt: '2026-03-01T10:00:00Z', resolvedAt: '2026-03-01T11:00:00Z' });
  await storeAlert(pool, { patient: null, createdAt: '2026-03-04T10:00:00Z', uncertain: true });
  // Two devices, with a gap of an hour.
  const counts = Object.keys(schemas.WINDOW_VITALS).filter((name) => name.endsWith('_count'));
  const zeros = counts.map(() => '0').join(', ');
  await pool.query(
    `INSERT INTO window_panes (patient_id, device_id, minute, count, quality_sum, quality_count, ${counts.join(', ')})
     SELECT $1, ('00000000-0000-4000-8000-00000000000' || d)::uuid, '2026-03-01T00:00:00Z'::timestamptz + make_interval(mins => m + 60 * (m / 4)), 1, 0, 0, ${zeros}
       FROM generate_series(0, 7) m, generate_series(1, 2) d`,
    [anna],
  );
  await pool.query(
    `INSERT INTO quarantine (quarantine_id, reason, field, detail, source, key_id, payload, received_at, correlation_id)
     SELECT gen_random_uuid(), 'invalid', '/spo2', 'must be a number', 'flat', 'k1', 'secret payload', now() - make_interval(secs => g % 3), 'c'
       FROM generate_series(1, 5) g`,
  );
  await pool.query(
    `INSERT INTO stream.dead_letter (log, consumer_group, partition, record_offset, key, value, reason)
     SELECT 'vitals-input', 'vitals', g % 2, g, 'k', 'secret value', 'cannot be parsed' FROM generate_series(1, 5) g`,
  );
});

afterAll(() => fixture.close());

async function get(url: string): Promise<{ status: number; type: string; body: Item & PageBody }> {
  const answer = await fixture.fastify.inject({ url: `/api/v1${url}` });
  return { status: answer.statusCode, type: String(answer.headers['content-type']), body: answer.json() };
}

async function walk(url: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const separator = url.includes('?') ? '&' : '?';
    const { status, body }: { status: number; body: PageBody } = await get(
      `${url}${separator}limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    expect(status).toBe(200);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    cursor = body.next_cursor;
  }
  return items;
}

describe('paging', () => {
  it.each([
    '/alerts',
    '/alerts?severity=warn',
    '/patients',
    '/patients/patient-001-ss/measurements',
    '/patients/patient-001-ss/windows',
    '/patients/patient-001-ss/windows?from=2026-03-01T00:01:00Z&to=2026-03-01T01:02:00Z',
    '/patients/patient-001-ss/alerts',
    '/quarantine',
    '/dead-letters',
  ])('gives every row of %s once, in one order whatever the size of the page', async (url) => {
    const all = (await get(url)).body.items;
    expect(all.length).toBeGreaterThan(1);
    for (const limit of [1, 2, 3]) expect(await walk(url, limit)).toEqual(all);
  });

  it('is not shifted by rows that come in between', async () => {
    const first = await get(`/patients/${anna}/measurements?limit=3`);
    const newest = await storeReading(fixture.pool, { patient: anna, at: '2026-03-09T10:00:00Z' });
    const second = await get(`/patients/${anna}/measurements?limit=3&cursor=${String(first.body.next_cursor)}`);
    await fixture.pool.query('DELETE FROM measurements WHERE message_id = $1', [newest]);
    const all = (await get(`/patients/${anna}/measurements?limit=6`)).body.items;
    expect([...first.body.items, ...second.body.items]).toEqual(all);
  });

  it('has no next page when the last one is exactly full', async () => {
    expect((await get(`/patients/${anna}/measurements?limit=7`)).body).toMatchObject({ next_cursor: null, items: { length: 7 } });
  });
});

describe('answers', () => {
  it.each([
    ['/alerts', schemas.Alert],
    ['/patients', schemas.Patient],
    ['/patients/patient-001-ss/measurements', schemas.Measurement],
    ['/patients/patient-001-ss/windows', schemas.Window],
    ['/quarantine', schemas.Quarantined],
    ['/dead-letters', schemas.DeadLetterOut],
    ['/rules', schemas.Rule],
  ])('of %s are as their schema says, to the member', async (url, schema) => {
    const items = (await get(url)).body.items;
    const faults = items.flatMap((item) => Compile({ ...schema, additionalProperties: false }).Errors(item));
    expect(faults).toEqual([]);
    expect(Object.keys(items[0] ?? {}).sort()).toEqual(Object.keys(schema.properties).sort());
  });

  it('keep microseconds, and say null where nothing was measured', async () => {
    const { body } = await get(`/patients/${anna}/measurements?limit=1`);
    expect(body.items[0]).toMatchObject({ recorded_at: '2026-03-03T10:00:00.123456Z', spo2_percent: 96, temperature_celsius: null });
  });

  it('keep a zero apart from nothing', async () => {
    const { body } = await get(`/patients/${ben}/measurements`);
    expect(body.items[0]).toMatchObject({ heart_rate_bpm: 0, spo2_percent: null, breaches: ['CRITICAL_HEART_RATE'] });
  });

  it('name a patient by either id', async () => {
    const { body } = await get('/patients/patient-001-ss');
    expect(body).toEqual((await get(`/patients/${anna}`)).body);
    expect(body).toMatchObject({ patient_id: anna, genotype: 'SS', birth_date: '1994-05-02', age_band: 'G5' });
    expect((await get(`/patients/${ben}`)).body['age_band']).toBeNull();
  });

  it('hold neither payloads nor what they came from', async () => {
    const text = JSON.stringify([(await get('/quarantine')).body, (await get('/dead-letters')).body]);
    expect(text).toContain('/spo2');
    expect(text).not.toMatch(/secret|payload|"key/);
  });
});

describe('filters', () => {
  it('keep open alerts, a severity, a patient, and what is new', async () => {
    const count = async (query: string): Promise<number> => (await get(`/alerts?limit=1000&${query}`)).body.items.length;
    expect(await count('')).toBe(9);
    expect(await count('status=all')).toBe(9);
    expect(await count('status=open')).toBe(8);
    expect(await count('severity=warn')).toBe(3);
    expect(await count('patient=patient-001-ss')).toBe(7);
    expect(await count(`patient=${ben}&status=open`)).toBe(0);
    expect(await count('since=2026-03-03')).toBe(2);
    expect(await count('since=2026-03-03T10:00:00.123456Z')).toBe(2);
    expect(await count('since=2026-03-03T10:00:00.123457Z')).toBe(1);
  });

  it('take the beginning of a range and leave its end', async () => {
    const count = async (query: string): Promise<number> => (await get(`/patients/${anna}/measurements?${query}`)).body.items.length;
    expect(await count('from=2026-03-02T10:00:00.123456Z')).toBe(4);
    expect(await count('to=2026-03-02T10:00:00.123456Z')).toBe(3);
    expect(await count('from=2026-03-02T12:00:00%2B02:00&to=2026-03-03')).toBe(3);
  });
});

describe('windows', () => {
  it('are those of the view, each page reading only what it needs', async () => {
    const { rows } = await fixture.pool.query<{ n: number }>('SELECT count(*)::float8 AS n FROM windows WHERE patient_id = $1', [anna]);
    expect(await walk(`/patients/${anna}/windows`, 3)).toHaveLength(rows[0]?.n ?? -1);
    expect((await get(`/patients/${anna}/windows?limit=1`)).body.items[0]).toMatchObject({
      window_start: '2026-03-01T01:07:00.000000Z',
      window_end: '2026-03-01T01:12:00.000000Z',
      measurement_count: 1,
      spo2_count: 0,
      avg_spo2: null,
      spo2_anomaly: null,
    });
  });
});

describe('refusals', () => {
  it.each([
    ['/alerts?limit=0', 'limit'],
    ['/alerts?limit=1001', 'limit'],
    ['/alerts?limit=1.5', 'limit'],
    ['/alerts?limit=', 'limit'],
    ['/alerts?limit=5&limit=6', 'limit'],
    ['/alerts?severity=high', 'severity'],
    ['/alerts?status=closed', 'status'],
    ['/alerts?since=yesterday', 'since'],
    ['/alerts?since=2026-02-30', 'since'],
    ['/alerts?sverity=warn', 'sverity'],
    ['/alerts?cursor=nonsense', 'cursor'],
    [
      `/alerts?cursor=${Buffer.from('["2026-99-99T00:00:00.000000Z","00000000-0000-4000-8000-000000000000"]').toString('base64url')}`,
      'cursor',
    ],
    [`/alerts?cursor=${Buffer.from('[null,1]').toString('base64url')}`, 'cursor'],
    ['/patients/patient-001-ss/measurements?from=2026-03-02&to=2026-03-01', 'to'],
    ['/quarantine?status=lost', 'status'],
  ])('%s is 422 and names %s', async (url, parameter) => {
    const { status, type, body } = await get(url);
    expect({ status, type, parameter: body['parameter'] }).toEqual({
      status: 422,
      type: expect.stringContaining('application/problem+json') as unknown,
      parameter,
    });
  });

  it('a cursor of one list does not open another', async () => {
    const { body } = await get('/patients?limit=1');
    expect((await get(`/alerts?cursor=${String(body.next_cursor)}`)).status).toBe(422);
  });

  it.each([
    '/patients/nobody',
    '/patients/nobody/alerts',
    '/patients/%00/measurements',
    '/patients/00000000-0000-4000-8000-000000000000',
    '/alerts?patient=nobody',
  ])('%s is 404, without telling the id back', async (url) => {
    const { status, type, body } = await get(url);
    expect(status).toBe(404);
    expect(type).toContain('application/problem+json');
    expect(JSON.stringify(body)).not.toContain('nobody');
  });

  it('a database that is away is 503 with Retry-After', async () => {
    const fastify = Fastify();
    const pool = new pg.Pool({ host: '127.0.0.1', port: 1, connectionTimeoutMillis: 500 });
    registerReadApi(fastify, { pool, clock: systemClock });
    const answer = await fastify.inject({ url: '/api/v1/alerts' });
    expect(answer.statusCode).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await fastify.close();
    await pool.end();
  });
});
