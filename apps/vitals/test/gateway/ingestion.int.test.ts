import { KidjamoError } from '@kidjamo/stream';
import Fastify from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { TSchema } from 'typebox';

import { AlertAnswer, BatchAnswer, FlatAnswer, NestedAnswer, Problem, StatusAnswer } from '../../src/contracts/formats/answers.ts';
import { compileFormat } from '../../src/gateway/validation.ts';
import { NOW, nestedBody, Rig, timeOf } from './rig.ts';

let rig: Rig;
let series = 0;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: true });
});
afterAll(() => rig.stop());
beforeEach(async () => {
  rig.log.broken = undefined;
  await rig.pool.query('TRUNCATE quarantine, measurements, idempotency_keys CASCADE');
});

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** A reading that no other test sends. */
const fresh = (overrides: Record<string, unknown> = {}): Record<string, unknown> =>
  nestedBody({ timestamp: timeOf((series += 1)), ...overrides });

describe('answers', () => {
  test('the nested format', async () => {
    const answer = await rig.post('/iot/measurements', fresh({ measurements: { spo2_pct: 86, temp_corp: 39 } }), {
      'x-correlation-id': 'trace-1',
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['x-correlation-id']).toBe('trace-1');
    expect(answer.json()).toEqual({
      status: 'success',
      message_id: expect.stringMatching(UUID) as string,
      timestamp: new Date(NOW).toISOString(),
      critical_alerts: 3,
      quality_score: 95,
      latency_s: 0,
    });
    const record = (await rig.records()).find((one) => 'id' in one && one.id === answer.json<{ message_id: string }>().message_id);
    expect(record).toMatchObject({
      kind: 'reading',
      source: 'nested',
      correlation: 'trace-1',
      received: NOW,
      vitals: { spo2: 86, temperature: 39 },
    });
  });

  test('the flat format', async () => {
    const answer = await rig.post('/ingest', {
      patient_id: 'p',
      device_id: 'd',
      timestamp: timeOf((series += 1)),
      freq_card: 200,
      temp_ambiante: 20,
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      status: 'success',
      alerts_detected: 1,
      latency_s: 0,
      message_id: expect.stringMatching(UUID) as string,
    });
  });

  test('an alert of a person; sent again with its key or its time it is the same alert', async () => {
    const body = {
      patient_id: 'p',
      alert_type: 'PAIN',
      severity: 'high',
      message: 'mal au dos',
      measurements: { x: { y: 1 } },
      by: 'nurse',
    };
    const [first, again, other, dated, datedAgain] = await Promise.all(
      [
        [body, { 'idempotency-key': 'k1' }],
        [body, { 'idempotency-key': 'k1' }],
        [body, {}],
        [{ ...body, timestamp: timeOf(1) }, {}],
        [{ ...body, timestamp: timeOf(1) }, {}],
      ].map(async ([sent, headers]) =>
        (await rig.post('/iot/alerts', sent, headers as Record<string, string>)).json<{ status: string; alert_id: string }>(),
      ),
    );
    expect(first?.status).toBe('success');
    expect(again?.alert_id).toBe(first?.alert_id);
    expect(other?.alert_id).not.toBe(first?.alert_id);
    expect(datedAgain?.alert_id).toBe(dated?.alert_id);
    expect(await rig.records()).toContainEqual(
      expect.objectContaining({
        kind: 'manual_alert',
        id: first?.alert_id,
        severity: 'alert',
        message: 'mal au dos',
        vitals: { x: { y: 1 } },
        extra: { by: 'nurse' },
      }),
    );
  });

  test('a device status', async () => {
    const answer = await rig.post('/api/v1/device/status', {
      patient_id: 'p',
      device_id: 'd',
      timestamp: timeOf(1),
      battery_level: 12,
      status: 'connected',
      error_code: null,
    });
    expect(answer.statusCode).toBe(202);
    const { message_id: id } = answer.json<{ message_id: string }>();
    expect(answer.json()).toEqual({ status: 'accepted', message_id: id, latency_s: 0 });
    const found = (await rig.records()).find((record) => 'id' in record && record.id === id);
    expect(found).toMatchObject({ kind: 'device_status', battery: 12, status: 'connected' });
    expect(found).not.toHaveProperty('error_code');
  });

  test('one, an array and NDJSON, in the api and the cloud format', async () => {
    const cloud = (n: number): object => ({ device_id: 'd9', patient_id: 'p9', timestamp: timeOf(n), vitals: { spo2: 95 } });
    const one = await rig.post('/v1/vitals', cloud(1));
    expect([one.statusCode, one.json()]).toEqual([
      202,
      expect.objectContaining({ status: 'accepted', accepted: 1, message_id: expect.stringMatching(UUID) as string }),
    ]);
    const array = await rig.post('/api/v1/measurements', [fresh(), fresh(), 'nothing', fresh()]);
    expect(array.statusCode).toBe(202);
    expect(array.json()).toMatchObject({
      status: 'partial',
      accepted: 3,
      duplicates: 0,
      quarantined: 0,
      rejected: 1,
      results_complete: true,
      results: [
        { index: 0, status: 'accepted' },
        { status: 'accepted' },
        { index: 2, status: 'rejected', errors: [{ pointer: '/2', detail: 'must be an object' }] },
        { status: 'accepted' },
      ],
    });
    const lines = await rig.post('/v1/vitals', [JSON.stringify(cloud(2)), '', '{', JSON.stringify(cloud(3))].join('\n'), {
      'content-type': 'application/x-ndjson',
    });
    expect(lines.json()).toMatchObject({
      accepted: 2,
      rejected: 1,
      results: [{ status: 'accepted' }, { index: 1, reason: 'unparseable' }, { status: 'accepted' }],
    });
    expect((await rig.held()).map(({ payload }) => payload).sort()).toEqual(['"nothing"', '{']);
  });

  test('a long NDJSON body: everything is taken, and only what was not accepted is listed', async () => {
    const lines = Array.from({ length: 3500 }, (_, n) =>
      JSON.stringify({
        device_id: 'long',
        patient_id: 'long',
        timestamp: new Date(NOW - n * 1000).toISOString(),
        vitals: {},
        ...(n === 2000 ? { device_id: 5 } : {}),
      }),
    );
    const answer = await rig.post('/v1/vitals', lines.join('\n'), { 'content-type': 'application/x-ndjson' });
    expect(answer.json()).toMatchObject({
      accepted: 3499,
      rejected: 1,
      results_complete: false,
      results: [{ index: 2000, status: 'rejected', errors: [{ pointer: '/2000/device_id' }] }],
    });
  });
});

test('answers satisfy the schemas that describe them', async () => {
  const reading = fresh();
  const pairs: readonly (readonly [TSchema, string, unknown])[] = [
    [NestedAnswer, '/iot/measurements', reading],
    [FlatAnswer, '/ingest', fresh({ measurements: 1 })],
    [AlertAnswer, '/iot/alerts', { patient_id: 'p', alert_type: 'X', severity: 'low', message: 'm' }],
    [StatusAnswer, '/api/v1/device/status', reading],
    [BatchAnswer, '/api/v1/measurements', [fresh(), fresh({ timestamp: '2030-01-01' }), fresh({ timestamp: '2030-01-01T00:00:00Z' }), {}]],
    [Problem, '/iot/measurements', {}],
    [Problem, '/v1/vitals', [{}]],
  ];
  for (const [schema, path, body] of pairs) {
    const answer = (await rig.post(path, body)).json<unknown>();
    expect(compileFormat(schema).faults(answer), path).toEqual([]);
  }
});

describe('refusals', () => {
  test.each([
    { name: 'unparseable', body: '{"patient_id":"secret', status: 400, reason: 'unparseable', field: null },
    { name: 'bad UTF-8', body: Buffer.from([0x7b, 0xff, 0x7d]), status: 400, reason: 'unparseable', field: null },
    { name: 'empty', body: '', status: 400, reason: 'unparseable', field: null },
    {
      name: 'no identity',
      body: '{"device_id":"secret","timestamp":"2026-11-21T11:00:00Z"}',
      status: 422,
      reason: 'invalid',
      field: '/patient_id',
    },
    {
      name: 'wrong type',
      body: JSON.stringify(nestedBody({ measurements: { spo2_pct: 'secret' } })),
      status: 422,
      reason: 'invalid',
      field: '/measurements/spo2_pct',
    },
    {
      name: 'infinite',
      body: JSON.stringify(nestedBody()).replace('96.5', '1e400'),
      status: 422,
      reason: 'invalid',
      field: '/measurements/spo2_pct',
    },
    {
      name: 'given twice',
      body: JSON.stringify(nestedBody()).replace('"spo2_pct"', '"spo2_pct":64,"spo2_pct"'),
      status: 422,
      reason: 'invalid',
      field: '/measurements/spo2_pct',
    },
    {
      name: 'too deep',
      body: JSON.stringify(nestedBody({ deep: 0 })).replace('"deep":0', `"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}`),
      status: 422,
      reason: 'invalid',
      field: '',
    },
    {
      name: 'too large',
      body: JSON.stringify(nestedBody({ padding: 'x'.repeat(1 << 20) })),
      status: 413,
      reason: 'too_large',
      field: null,
    },
  ])('$name', async ({ body, status, reason, field }) => {
    const answer = await rig.post('/iot/measurements', body);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({
      type: expect.stringMatching(/^urn:kidjamo:problem:/) as string,
      status,
      correlation_id: answer.headers['x-correlation-id'],
    });
    expect(answer.body).not.toContain('secret');
    if (field !== null) expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(field);
    const [row] = await rig.held();
    expect(row).toMatchObject({ reason, field, source: 'nested', status: 'held', seen: 1 });
    expect(row?.payload).toBe(
      Buffer.from(body)
        .toString('latin1')
        .slice(0, 1 << 20),
    );
  });

  test('another content type is refused, and kept', async () => {
    for (const type of ['text/plain', 'foo', 'application/json; charset=latin1']) {
      expect((await rig.post('/ingest', 'a=1', { 'content-type': type })).statusCode).toBe(415);
    }
    expect((await rig.post('/ingest', '{}\n{}', { 'content-type': 'application/x-ndjson' })).statusCode).toBe(415);
    expect(await rig.held()).toMatchObject([
      { reason: 'unsupported_media_type', payload: 'a=1', seen: 3 },
      { payload: '{}\n{}', seen: 1 },
    ]);
  });

  test('more than 1,000 readings in one body', async () => {
    const body = JSON.stringify(Array.from({ length: 1001 }, () => ({})));
    expect((await rig.post('/v1/vitals', body)).statusCode).toBe(413);
    expect(await rig.held()).toMatchObject([{ reason: 'too_large', payload: body }]);
  });

  test('a batch of which nothing can be taken is refused, item by item, each kept untouched', async () => {
    const answer = await rig.post('/v1/vitals', '[ {"patient_id" : 1.50}, {"a":1e400} ]');
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({
      type: 'urn:kidjamo:problem:invalid',
      rejected: 2,
      results: [{ status: 'rejected' }, { status: 'rejected' }],
    });
    expect((await rig.held()).map(({ payload }) => payload.trim()).sort()).toEqual(['{"a":1e400}', '{"patient_id" : 1.50}']);
    expect((await rig.post('/v1/vitals', '[]')).statusCode).toBe(422);
    expect((await rig.post('/v1/vitals', '\n\n', { 'content-type': 'application/x-ndjson' })).statusCode).toBe(422);
  });

  test('the same payload refused again is one row, seen twice; the database never holds it in clear', async () => {
    await Promise.all([rig.post('/ingest', 'in clear'), rig.post('/ingest', 'in clear')]);
    await rig.post('/ingest', 'in clear');
    expect(await rig.held()).toMatchObject([{ seen: 3, payload: 'in clear' }]);
    const { rows } = await rig.pool.query<{ raw: string }>("SELECT encode(payload, 'escape') AS raw FROM quarantine");
    expect(rows[0]?.raw).not.toContain('clear');
  });
});

describe('times', () => {
  test.each([
    ['more than 5 minutes ahead', 5 * 60_000 + 1, 'timestamp_future'],
    ['more than 30 days old', -30 * 86_400_000 - 1, 'timestamp_old'],
  ])('%s: kept, answered as a success, floors still checked', async (_, shift, reason) => {
    const body = fresh({ timestamp: new Date(NOW + shift).toISOString(), measurements: { spo2_pct: 70 } });
    const answer = await rig.post('/iot/measurements', body);
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'quarantined', critical_alerts: 1, reason }),
    ]);
    const [row] = await rig.held();
    expect(row).toMatchObject({ reason, field: '/timestamp', payload: JSON.stringify(body) });
    expect(await rig.records()).toContainEqual(
      expect.objectContaining({ kind: 'held', quarantine: row?.quarantine_id, reason, patient_known: true, vitals: { spo2: 70 } }),
    );
    expect((await rig.post('/v1/vitals', { device_id: 'd', patient_id: 'p', timestamp: body['timestamp'] })).json()).toMatchObject({
      status: 'quarantined',
      quarantined: 1,
    });
  });

  test('exactly at the limits they are accepted, and imports may be old but not of the future', async () => {
    for (const shift of [5 * 60_000, -30 * 86_400_000]) {
      expect((await rig.post('/iot/measurements', fresh({ timestamp: new Date(NOW + shift).toISOString() }))).json()).toMatchObject({
        status: 'success',
      });
    }
    const old = await rig.post(
      '/api/v1/measurements',
      [fresh({ timestamp: '2024-01-01T00:00:00' }), fresh({ timestamp: '2027-01-01T00:00:00' })],
      { 'x-kidjamo-import': 'true' },
    );
    expect(old.json()).toMatchObject({ accepted: 1, quarantined: 1 });
    const { results } = old.json<{ results: { message_id: string }[] }>();
    expect(await rig.records()).toContainEqual(expect.objectContaining({ id: results[0]?.message_id, imported: true, source: 'api' }));
    expect(await rig.held()).toMatchObject([{ source: 'api:import' }]);
  });
});

describe('repetitions and conflicts', () => {
  test('sent again: the same success with the same id; sent otherwise: 409, still appended', async () => {
    const body = fresh();
    const first = await rig.post('/iot/measurements', body);
    expect((await rig.post('/iot/measurements', body)).json()).toEqual(first.json());
    const before = (await rig.records()).length;
    const conflict = await rig.post('/iot/measurements', { ...body, measurements: { spo2_pct: 60 } });
    expect([conflict.statusCode, conflict.json()]).toEqual([409, expect.objectContaining({ type: 'urn:kidjamo:problem:conflict' })]);
    expect(await rig.records()).toHaveLength(before + 1);
    const cloud = { device_id: 'c1', patient_id: 'c1', timestamp: timeOf(1), vitals: { spo2: 95 } };
    const batch = await rig.post('/v1/vitals', [cloud, cloud, { ...cloud, vitals: { spo2: 94 } }]);
    expect(batch.json()).toMatchObject({
      accepted: 1,
      duplicates: 1,
      quarantined: 1,
      results: [{ status: 'accepted' }, { status: 'duplicate' }, { status: 'conflict' }],
    });
  });

  test('a gateway that never saw the device finds in the store what was taken before', async () => {
    const body = fresh({ timestamp: '2026-11-21T10:00:00.123457Z' });
    const { message_id: id } = (await rig.post('/iot/measurements', body)).json<{ message_id: string }>();
    const record = (await rig.records()).find((one) => 'id' in one && one.id === id);
    if (record?.kind !== 'reading') throw new KidjamoError('CONFORMANCE', 'the reading is not in the log');
    await rig.pool.query(
      `INSERT INTO measurements (message_id, patient_id, device_id, recorded_at, received_at, quality_flag, low_confidence, late, imported, source, age_band, digest, correlation_id)
       VALUES ($1, $2, $3, '2026-11-21T10:00:00.123457Z', now(), 'ok', false, false, false, 'nested', 'G5', $4, 'c')`,
      [id, record.patient, record.device, record.digest],
    );
    const other = Fastify();
    await rig.register(other, true);
    const post = (payload: object) => other.inject({ method: 'POST', url: '/api/v1/measurements', payload });
    expect((await post(body)).json()).toMatchObject({ duplicates: 1, message_id: id });
    expect((await post({ ...body, quality_indicators: null })).statusCode).toBe(409);
    expect((await post({ ...body, timestamp: '2026-11-21T10:00:00.123458Z' })).json()).toMatchObject({ accepted: 1 });
    await other.close();
  });

  test('an Idempotency-Key stands for one body', async () => {
    const body = fresh();
    const key = { 'idempotency-key': 'abc' };
    const first = await rig.post('/iot/measurements', body, key);
    expect((await rig.post('/iot/measurements', JSON.stringify(body, null, 2), key)).json()).toEqual(first.json());
    const other = fresh({ measurements: { spo2_pct: 60 } });
    const conflict = await rig.post('/iot/measurements', other, key);
    expect([conflict.statusCode, conflict.json()]).toEqual([
      409,
      expect.objectContaining({ type: 'urn:kidjamo:problem:idempotency-conflict' }),
    ]);
    const [row] = await rig.held();
    expect(row).toMatchObject({ reason: 'idempotency_conflict', payload: JSON.stringify(other) });
    expect(await rig.records()).toContainEqual(
      expect.objectContaining({ kind: 'held', quarantine: row?.quarantine_id, vitals: { spo2: 60 } }),
    );
    expect((await rig.post('/api/v1/measurements', other, key)).statusCode).toBe(202);
    const batchKey = { 'idempotency-key': 'batch' };
    const batch = [fresh(), fresh()];
    expect((await rig.post('/v1/vitals', batch, batchKey)).statusCode).toBe(202);
    expect((await rig.post('/v1/vitals', batch, batchKey)).json()).toMatchObject({ duplicates: 2 });
    expect((await rig.post('/v1/vitals', batch.slice(1), batchKey)).statusCode).toBe(409);
    expect((await rig.post('/ingest', '{}', { 'idempotency-key': 'x'.repeat(256) })).statusCode).toBe(400);
  });
});

describe('identities', () => {
  test('free text gets one UUID for good, whoever asks and however often; a UUID is used as it is', async () => {
    const other = Fastify();
    await rig.register(other, true);
    const uuid = 'ABCDEF01-2345-4789-ABCD-EF0123456789';
    const bodies = Array.from({ length: 40 }, (_, n) => ({
      device_id: `shared-${n % 4}`,
      patient_id: n % 2 === 0 ? 'shared-patient' : uuid,
      timestamp: timeOf(n),
      vitals: {},
    }));
    const answers = await Promise.all(
      bodies.map((payload, n) => (n % 3 === 0 ? other : rig.fastify).inject({ method: 'POST', url: '/v1/vitals', payload })),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(bodies.map(() => 202));
    await other.close();
    const { rows } = await rig.pool.query<{ patient_id: string; provisional: boolean }>(
      "SELECT patient_id, provisional FROM patients WHERE external_id = 'shared-patient'",
    );
    expect(rows).toEqual([{ patient_id: expect.any(String) as string, provisional: true }]);
    const { rows: devices } = await rig.pool.query("SELECT 1 FROM devices WHERE external_id LIKE 'shared-%'");
    expect(devices).toHaveLength(4);
    const ids = new Set(answers.map((answer) => answer.json<{ message_id: string }>().message_id));
    const patients = new Set((await rig.records()).filter((record) => 'id' in record && ids.has(record.id)).map(({ patient }) => patient));
    expect(patients).toEqual(new Set([rows[0]?.patient_id, uuid.toLowerCase()]));
    expect((await rig.pool.query('SELECT 1 FROM patients WHERE patient_id = $1', [uuid])).rowCount).toBe(1);
  });

  test('no identity as given enters the log', async () => {
    await rig.post('/iot/measurements', fresh({ patient_id: 'Very Private Name', device_id: 'very-private-bracelet', device_info: null }));
    expect(JSON.stringify(await rig.records())).not.toMatch(/very.private/i);
  });
});

describe('when nothing can be kept', () => {
  test('the log refuses: 503 with Retry-After, and afterwards the same reading is taken as new', async () => {
    const body = fresh();
    rig.log.broken = new KidjamoError('LOG_FULL', 'less free space than the reserve');
    const answer = await rig.post('/iot/measurements', body);
    expect([answer.statusCode, answer.headers['retry-after'], answer.json()]).toEqual([
      503,
      '2',
      expect.objectContaining({ type: 'urn:kidjamo:problem:unavailable' }),
    ]);
    rig.log.broken = undefined;
    expect((await rig.post('/api/v1/measurements', body)).json()).toMatchObject({ accepted: 1 });
  });

  test('the log stalls: 503 within the deadline, not a hanging request', async () => {
    let settle = (): void => undefined;
    const { append } = rig.log;
    rig.log.append = async (records) => {
      await new Promise<void>((resolve) => (settle = resolve));
      return append.call(rig.log, records);
    };
    const pending = rig.post('/iot/measurements', fresh());
    await new Promise((resolve) => setTimeout(resolve, 50));
    rig.clock.advance(4000);
    expect((await pending).statusCode).toBe(503);
    settle();
    rig.log.append = append;
    await new Promise((resolve) => setImmediate(resolve));
    expect((await rig.post('/iot/measurements', fresh())).statusCode).toBe(200);
  });

  test('the database is away: 503 for whatever needs it, liveness stays, and nothing is taken by halves', async () => {
    const away = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', connectionTimeoutMillis: 1000 });
    const other = Fastify();
    await rig.register(other, true, away);
    const before = (await rig.records()).length;
    for (const [url, payload] of [
      ['/iot/measurements', fresh()],
      ['/ingest', 'not JSON'],
      ['/iot/alerts', { patient_id: 'p', alert_type: 'X', severity: 'low', message: 'm' }],
    ] as const) {
      const answer = await other.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, payload });
      expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
    }
    expect((await other.inject('/health')).json()).toMatchObject({ status: 'healthy' });
    expect(await rig.records()).toHaveLength(before);
    await other.close();
    await away.end();
  });

  test('requests at the same time share an append', async () => {
    const before = rig.log.appends.length;
    await Promise.all(Array.from({ length: 50 }, () => rig.post('/iot/measurements', fresh())));
    expect(rig.log.appends.slice(before).reduce((sum, n) => sum + n, 0)).toBe(50);
    expect(rig.log.appends.length - before).toBeLessThan(25);
  });
});

describe('operations', () => {
  test('health, readiness and metrics', async () => {
    expect((await rig.fastify.inject('/api/v1/health')).json()).toMatchObject({
      status: 'healthy',
      kafka_connected: null,
      processed_messages: 42,
    });
    expect((await rig.fastify.inject('/ready')).json()).toMatchObject({ status: 'ready', dependencies: { database: { ready: true } } });
    rig.states['database'] = { ready: false, detail: 'no answer' };
    expect((await rig.fastify.inject('/ready')).statusCode).toBe(503);
    expect((await rig.fastify.inject('/health')).statusCode).toBe(200);
    rig.states['database'] = { ready: true };
    const figures = (await rig.fastify.inject('/metrics')).json<Record<string, unknown>>();
    expect(Object.keys(figures).sort()).toEqual([
      'alerts_by_type',
      'api_uptime_s',
      'kafka_connected',
      'kafka_topics',
      'latency_p50_s',
      'latency_p95_s',
      'latency_p99_s',
      'processed_messages',
      'throughput_eps',
      'total_messages',
      'valid_pct',
    ]);
    const text = await rig.fastify.inject({ url: '/api/v1/metrics', headers: { accept: 'text/plain' } });
    expect(text.headers['content-type']).toContain('text/plain');
    expect(text.body).toMatch(/kidjamo_gateway_items_total\{format="nested",result="accepted"\} \d+/);
    const open = await rig.fastify.inject({ url: '/metrics', headers: { accept: 'application/openmetrics-text' } });
    expect([open.headers['content-type'], open.body.trimEnd().endsWith('# EOF')]).toEqual([expect.stringContaining('openmetrics'), true]);
    expect((await rig.fastify.inject('/metrics/prometheus')).headers['content-type']).toContain('text/plain');
  });
});
