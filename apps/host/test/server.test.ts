import { connect } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';

import { KidjamoError } from '@kidjamo/stream';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';

import { describeError } from '../src/roles/logger.ts';
import { makeServer } from '../src/roles/server.ts';

const SECRET = 'patient-042-ss';

function rig() {
  const lines = new PassThrough();
  const fastify = makeServer(pino({ serializers: { err: describeError } }, lines));
  onTestFinished(() => fastify.close());
  fastify.get('/breaks/:id', () => {
    throw new Error(`cannot read ${SECRET}`);
  });
  fastify.get('/logs/:id', (request) => {
    request.log.error({ route: request.routeOptions.url, url: request.url, err: new KidjamoError('TASK_FAILED', 'ours') }, request.url);
    return 'ok';
  });
  return { fastify, log: () => String(lines.read() ?? '') };
}

test.for([
  { url: `/no/${SECRET}`, status: 404, type: 'urn:kidjamo:problem:not-found' },
  { url: `/breaks/${SECRET}%zz`, status: 400, type: 'about:blank' },
  { url: `/breaks/${SECRET}${'x'.repeat(200)}`, status: 414, type: 'about:blank' },
  { url: `/breaks/${SECRET}`, status: 500, type: 'urn:kidjamo:problem:internal' },
])('$status is problem+json and quotes nothing of the request', async ({ url, status, type }) => {
  const { fastify, log } = rig();
  const answer = await fastify.inject({ url });
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, expect.stringContaining('application/problem+json')]);
  expect(answer.json()).toMatchObject({ type, status });
  expect(answer.body).not.toContain(SECRET);
  expect(log()).not.toContain(SECRET);
});

test('a request that is no HTTP is refused without an echo', async () => {
  const { fastify } = rig();
  const { port } = new URL(await fastify.listen({ host: '127.0.0.1', port: 0 }));
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(`NONSENSE ${SECRET}\r\n\r\n`);
  const parts: Buffer[] = [];
  socket.on('data', (part: Buffer) => parts.push(part));
  await once(socket, 'close');
  const text = Buffer.concat(parts).toString();
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).not.toContain(SECRET);
});

test('faults are logged by the route, the code and our own words', async () => {
  const { fastify, log } = rig();
  await fastify.inject({ url: `/logs/${SECRET}` });
  const line = log();
  expect(JSON.parse(line)).toMatchObject({ level: 50, route: '/logs/:id', err: { code: 'TASK_FAILED', message: 'ours' } });
  expect(line).not.toContain(SECRET);
});
