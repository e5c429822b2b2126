import { Validator } from '@seriousme/openapi-schema-validator';
import { ManualClock, MemoryLog } from '@kidjamo/stream/testing';
import Fastify from 'fastify';
import type { FastifyInstance, RouteOptions } from 'fastify';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { registerActions } from '../../src/actions/routes.ts';
import { openApiDocument } from '../../src/api/document.ts';
import { OPERATIONS } from '../../src/api/operations.ts';
import { registerOpenApi } from '../../src/api/route.ts';
import { registerGateway } from '../../src/gateway/gateway.ts';
import { registerLiveEvents } from '../../src/read/live/routes.ts';
import { registerReadApi } from '../../src/read/routes.ts';

/** Every route that the server really has, by method and path. HEAD comes by itself with GET. */
const routes = new Map<string, RouteOptions>();
const fastify: FastifyInstance = Fastify({ logger: false });
// Never connected: nothing is read until somebody asks.
const pool = new pg.Pool({ host: '127.0.0.1', port: 1 });

beforeAll(async () => {
  const clock = new ManualClock(0);
  fastify.addHook('onRoute', (route) => {
    for (const method of [route.method].flat()) if (method !== 'HEAD') routes.set(`${method} ${route.url}`, route);
  });
  await registerGateway(fastify, {
    log: new MemoryLog('vitals-input', 4, clock),
    pool,
    clock,
    keys: { quarantine: { id: 'test-1', key: Buffer.alloc(32, 7) } },
    autoEnroll: true,
    status: { processedMessages: () => 0, kafkaConnected: () => null, kafkaTopics: () => [], dependencies: () => Promise.resolve({}) },
  });
  registerReadApi(fastify, { pool, clock });
  registerActions(fastify, {
    pool,
    clock,
    log: new MemoryLog('vitals-input', 4, clock),
    patience: 0,
    identification: { token: '', strict: false },
  });
  registerLiveEvents(fastify, {
    pool,
    clock,
    readings: new MemoryLog('vitals-readings', 4, clock),
    alerts: new MemoryLog('vitals-alerts', 4, clock),
  });
  registerOpenApi(fastify);
  await fastify.ready();
});
afterAll(async () => {
  await fastify.close();
  await pool.end();
});

const named = OPERATIONS.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const result = await validator.validate({ ...openApiDocument() });
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
  // Every $ref leads somewhere; it throws otherwise.
  validator.resolveRefs();
});

test('the document has every route of the server, and no other', () => {
  expect(named.map(([name]) => name).sort()).toEqual([...routes.keys()].sort());
  const documented = Object.entries(openApiDocument().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  expect(documented.sort()).toEqual([...routes.keys()].sort());
});

test('no two routes share a name', () => {
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test.each(named)('%s is documented by the schemas it checks with', (name, operation) => {
  const schema = routes.get(name)?.schema;
  // The same objects. The gateway reads its bodies itself; what it answers is held against the document in answers.int.test.ts.
  expect(schema?.querystring).toBe(operation.parameters?.query);
  expect(schema?.params).toBe(operation.parameters?.path);
  if (schema !== undefined) expect(schema.response).toEqual({ 200: operation.answers[200]?.content['application/json'] });
});

test('it is served as it is', async () => {
  const answer = await fastify.inject({ method: 'GET', url: '/api/v1/openapi.json' });
  expect(answer.statusCode).toBe(200);
  expect(answer.headers['content-type']).toContain('application/json');
  expect(answer.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())));
});
