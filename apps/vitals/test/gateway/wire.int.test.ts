/** What happens on real connections: slow, broken and endless senders, and the drain. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { nestedBody, Rig, timeOf } from './rig.ts';

let rig: Rig;
let port = 0;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: true });
  await rig.fastify.listen({ host: '127.0.0.1', port: 0 });
  port = (rig.fastify.server.address() as AddressInfo).port;
});
afterAll(() => rig.stop());

const head = (path: string, headers: string): string => `POST ${path} HTTP/1.1\r\nhost: x\r\n${headers}\r\n\r\n`;

async function open(): Promise<{ socket: Socket; text: Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  const text = new Promise<string>((resolve) => {
    let all = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => (all += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(all));
  });
  await once(socket, 'connect');
  return { socket, text };
}

/** Lets the server see what was sent. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

test('a sender that takes too long is answered 408 and cut off, JSON and NDJSON alike', async () => {
  for (const type of ['application/json', 'application/x-ndjson']) {
    const { socket, text } = await open();
    socket.write(`${head('/v1/vitals', `content-type: ${type}\r\ncontent-length: 1000`)}{"patient_id":`);
    await settle();
    rig.clock.advance(16_000);
    rig.clock.advance(1000);
    expect(await text).toMatch(/^HTTP\/1.1 408 .*connection: close/is);
  }
});

test('a sender that goes away half-way leaves nothing behind, and the gateway goes on', async () => {
  const before = (await rig.records()).length;
  for (const type of ['application/json', 'application/x-ndjson']) {
    const { socket, text } = await open();
    socket.write(`${head('/v1/vitals', `content-type: ${type}\r\ncontent-length: 1000`)}{"patient_id":`);
    await settle();
    socket.destroy();
    await text;
  }
  await settle();
  expect(await rig.records()).toHaveLength(before);
  expect((await rig.post('/iot/measurements', nestedBody())).statusCode).toBe(200);
});

test('a sender that closes its side after a whole request still gets its answer', async () => {
  const { socket, text } = await open();
  const body = JSON.stringify(nestedBody({ timestamp: timeOf(3) }));
  socket.end(
    `${head('/ingest', `content-type: application/json\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(body)}`)}${body}`,
  );
  expect(await text).toMatch(/^HTTP\/1.1 200 /);
});

test('10 MB are answered 413, with the beginning kept', async () => {
  const answer = await fetch(`http://127.0.0.1:${port}/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: 'x'.repeat(10 << 20),
  });
  expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([413, 'urn:kidjamo:problem:too-large']);
  const kept = (await rig.held()).filter(({ reason }) => reason === 'too_large');
  expect(kept.map(({ payload }) => payload.length)).toEqual([1 << 20]);
});

/** Resolves when the socket takes more, or takes nothing any more. */
async function drained(socket: Socket): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  await Promise.race([once(socket, 'drain', { signal }), once(socket, 'close', { signal })]).catch(() => undefined);
  done.abort();
}

test('an endless body is cut off', async () => {
  const { socket, text } = await open();
  socket.write(head('/ingest', 'content-type: application/json\r\ntransfer-encoding: chunked'));
  const chunk = `100000\r\n${'x'.repeat(1 << 20)}\r\n`;
  for (let i = 0; i < 64 && !socket.destroyed; i += 1) {
    if (!socket.write(chunk)) await drained(socket);
  }
  socket.destroy();
  await text;
  expect((await rig.post('/iot/measurements', nestedBody({ timestamp: timeOf(4) }))).statusCode).toBe(200);
});

test('NDJSON of any length streams through', async () => {
  const lines = Array.from({ length: 20_000 }, (_, n) =>
    JSON.stringify({ device_id: 's', patient_id: 's', timestamp: timeOf(n / 10), vitals: { spo2: 95, heart_rate: 80 } }),
  );
  const answer = await fetch(`http://127.0.0.1:${port}/v1/vitals`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  expect(await answer.json()).toMatchObject({ accepted: 20_000, rejected: 0, results_complete: false, results: [] });
});

test('drain: what is under way is finished, what comes after is told to come back', async () => {
  const body = JSON.stringify(nestedBody({ timestamp: timeOf(5) }));
  const { socket, text } = await open();
  socket.write(
    `${head('/iot/measurements', `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}`)}${body.slice(0, 20)}`,
  );
  await settle();
  let drained = false;
  const drain = rig.gateway.drain().then(() => (drained = true));
  const late = await fetch(`http://127.0.0.1:${port}/iot/measurements`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  expect([late.status, late.headers.get('retry-after'), late.headers.get('connection')]).toEqual([503, '1', 'close']);
  expect(drained).toBe(false);
  expect((await rig.fastify.inject('/health')).statusCode).toBe(200);
  expect((await rig.fastify.inject('/ready')).statusCode).toBe(503);
  socket.write(body.slice(20));
  await drain;
  socket.end();
  expect(await text).toMatch(/^HTTP\/1.1 200 /);
});
