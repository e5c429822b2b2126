import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { OPERATIONS } from '../../src/api/operations.ts';
import { nestedBody, Rig, timeOf } from '../gateway/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: true });
});
afterAll(() => rig.stop());

interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** What the document says of an answer: undefined when it does not know it. */
function documented(route: string, { statusCode, headers }: Response): { type: string; schema: TSchema | undefined } {
  const operation = OPERATIONS.find(({ method, path }) => `${method} ${path}` === route);
  const [type = ''] = String(headers['content-type']).split(';');
  return { type, schema: operation?.answers[statusCode]?.content[type] };
}

function expectDocumented(route: string, response: Response): void {
  const { type, schema } = documented(route, response);
  expect(schema, `${route} answered ${response.statusCode} ${type}`).toBeDefined();
  const value: unknown = type.endsWith('json') ? JSON.parse(response.body) : response.body;
  // Closed, so that a member that nobody documented is found.
  const closed = schema !== undefined && 'properties' in schema ? { ...schema, additionalProperties: false } : (schema ?? {});
  expect(Compile(closed).Errors(value)).toEqual([]);
}

const flat = (overrides: object = {}) => ({ patient_id: 'p-1', device_id: 'd-1', timestamp: timeOf(1), spo2_pct: 84, ...overrides });
const cloud = (overrides: object = {}) => ({
  patient_id: 'p-1',
  device_id: 'd-1',
  timestamp: timeOf(2),
  vitals: { spo2: 84 },
  ...overrides,
});
const status = (overrides: object = {}) => ({ patient_id: 'p-1', device_id: 'd-1', timestamp: timeOf(3), battery_level: 5, ...overrides });
const alert = (overrides: object = {}) => ({ patient_id: 'p-1', alert_type: 'fall', severity: 'high', message: 'fell', ...overrides });

const cases: readonly [route: string, status: number, body: unknown, headers?: Record<string, string>][] = [
  ['POST /iot/measurements', 200, nestedBody()],
  ['POST /iot/measurements', 200, nestedBody({ timestamp: '2031-01-01T00:00:00Z' })],
  ['POST /iot/measurements', 400, '{'],
  ['POST /iot/measurements', 415, nestedBody(), { 'content-type': 'text/plain' }],
  ['POST /iot/measurements', 422, nestedBody({ device_id: 7 })],
  ['POST /iot/measurements', 413, nestedBody({ note: 'x'.repeat(1 << 20) })],
  ['POST /ingest', 200, flat()],
  ['POST /ingest', 422, flat({ spo2_pct: '84' })],
  ['POST /ingest', 400, flat(), { 'idempotency-key': 'k'.repeat(300) }],
  ['POST /api/v1/measurements', 202, nestedBody({ timestamp: timeOf(4) })],
  ['POST /api/v1/measurements', 202, [nestedBody({ timestamp: timeOf(5) }), nestedBody({ timestamp: 'never' })]],
  ['POST /api/v1/measurements', 422, [nestedBody({ timestamp: 'never' })]],
  ['POST /api/v1/measurements', 422, []],
  ['POST /api/v1/measurements', 202, JSON.stringify(nestedBody({ timestamp: timeOf(6) })), { 'content-type': 'application/x-ndjson' }],
  ['POST /api/v1/measurements', 422, '{}\n[]', { 'content-type': 'application/x-ndjson' }],
  ['POST /v1/vitals', 202, [cloud()]],
  ['POST /v1/vitals', 422, cloud({ patient_id: '' })],
  ['POST /iot/alerts', 200, alert()],
  ['POST /iot/alerts', 422, alert({ severity: 'grave' })],
  ['POST /api/v1/device/status', 202, status()],
  ['POST /api/v1/device/status', 422, status({ battery_level: 'low' })],
];

test.each(cases)('%s answers %i as documented', async (...[route, code, body, headers]) => {
  const response = await rig.post(route.replace('POST ', ''), body, headers);
  expect(response.statusCode).toBe(code);
  expectDocumented(route, response);
});

test('a key that comes with another body is answered as documented, alone and in a batch', async () => {
  for (const [path, body] of [
    ['/api/v1/measurements', (n: number) => [nestedBody({ timestamp: timeOf(10 + n) })]],
    ['/iot/measurements', (n: number) => nestedBody({ timestamp: timeOf(20 + n) })],
    ['/iot/alerts', (n: number) => alert({ message: `fell ${n} times` })],
  ] as const) {
    await rig.post(path, body(1), { 'idempotency-key': `key of ${path}` });
    const second = await rig.post(path, body(2), { 'idempotency-key': `key of ${path}` });
    expect(second.statusCode).toBe(409);
    expectDocumented(`POST ${path}`, second);
  }
});

test.each([
  ['GET /health', '*/*'],
  ['GET /api/v1/health', '*/*'],
  ['GET /ready', '*/*'],
  ['GET /metrics', '*/*'],
  ['GET /api/v1/metrics', '*/*'],
  ['GET /metrics', 'text/plain'],
  ['GET /metrics', 'application/openmetrics-text'],
  ['GET /metrics/prometheus', '*/*'],
])('%s answers as documented to who accepts %s', async (route, accept) => {
  expectDocumented(route, await rig.fastify.inject({ method: 'GET', url: route.replace('GET ', ''), headers: { accept } }));
});

test('a process that is not ready says so as documented', async () => {
  rig.states['database'] = { ready: false, detail: 'it does not answer' };
  const response = await rig.fastify.inject({ method: 'GET', url: '/ready' });
  delete rig.states['database'];
  expect(response.statusCode).toBe(503);
  expectDocumented('GET /ready', response);
});
