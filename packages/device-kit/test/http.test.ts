import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { accept, folder, openKit, reading, readingsOf, serve } from './fixture.ts';
import type { Call } from './fixture.ts';

const problem =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (call: Call) => {
    call.response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
    call.response.end(JSON.stringify({ type: `urn:kidjamo:problem:${code}`, title: code, status }));
  };

test('sends ten readings as one batch, without being asked', async () => {
  const { url, calls } = await serve();
  const kit = await openKit({ folder: await folder(), url });
  const delivered = once(kit, 'delivered');
  for (let n = 0; n < 10; n += 1) await kit.record(reading(n));
  expect(await delivered).toEqual([{ accepted: 10, duplicates: 0, quarantined: 0, refused: 0 }]);
  expect(calls.map(({ request }) => [request.url, request.headers['content-type']])).toEqual([['/v1/vitals', 'application/json']]);
  expect(readingsOf(calls)).toEqual(Array.from({ length: 10 }, (_, n) => ({ ...reading(n), device_id: 'kit-1' })));
  expect(kit.status()).toMatchObject({ pending: 0, oldest: undefined, delivered: 10, refused: 0, lost: 0 });
});

test.each<[string, (call: Call) => void]>([
  ['a reset connection', ({ request }) => request.socket.resetAndDestroy()],
  [
    'half an answer',
    ({ response }) => {
      response.writeHead(202, { 'content-length': 500 });
      response.write('{"status":"accepted","results":[{"index":0', () => response.destroy());
    },
  ],
  ['503', problem(503, 'unavailable')],
  ['429', problem(429, 'overloaded')],
  ['500', problem(500, 'internal')],
  ['408', problem(408, 'timeout')],
  ['401', ({ response }) => response.writeHead(401).end()],
  ['404 of a wrong address', ({ response }) => response.writeHead(404).end('not here')],
  ['400 of a proxy', ({ response }) => response.writeHead(400).end('<html>Bad Request</html>')],
  ['a redirection to a login page', ({ response }) => response.writeHead(302, { location: 'http://127.0.0.1:1/login' }).end()],
  ['200 of a login page', ({ response }) => response.writeHead(200).end('<html>Welcome</html>')],
  ['202 with too few results', ({ response }) => response.writeHead(202).end('{"results":[]}')],
  [
    '202 with results in another order',
    ({ response }) =>
      response
        .writeHead(202)
        .end('{"results":[{"index":1,"status":"accepted"},{"index":0,"status":"accepted"},{"index":2,"status":"accepted"}]}'),
  ],
])('after %s the same bytes are sent again under the same key', async (_, fault) => {
  const { url, calls } = await serve(fault);
  const kit = await openKit({ folder: await folder(), url });
  const retried = once(kit, 'retry');
  for (let n = 0; n < 3; n += 1) await kit.record(reading(n));
  await kit.flush();
  await retried;
  expect(calls).toHaveLength(2);
  expect(calls[1]?.key).toBe(calls[0]?.key);
  expect(calls[1]?.key).toMatch(/^[0-9a-f]{32}$/);
  expect(calls[1]?.body).toBe(calls[0]?.body);
  expect(kit.status()).toMatchObject({ pending: 0, delivered: 3 });
});

test('an answer that is lost after the server stored the batch: duplicates count as delivered', async () => {
  const { url, calls } = await serve(
    ({ request }) => request.socket.destroy(),
    (call) => accept(call, () => 'duplicate'),
  );
  const kit = await openKit({ folder: await folder(), url });
  const delivered = once(kit, 'delivered');
  await kit.record(reading(1));
  await kit.flush();
  expect(await delivered).toEqual([{ accepted: 0, duplicates: 1, quarantined: 0, refused: 0 }]);
  expect(new Set(calls.map(({ key }) => key)).size).toBe(1);
});

test('a server that does not answer in time is tried again', async () => {
  const { httpTransport } = await import('../src/index.ts');
  const { url, calls } = await serve(() => undefined);
  const kit = await openKit({ folder: await folder(), transport: httpTransport({ url, timeoutMs: 100 }) });
  await kit.record(reading(1));
  await kit.flush();
  expect(calls).toHaveLength(2);
  expect(calls[1]?.body).toBe(calls[0]?.body);
});

test('a batch that was tried keeps its key and bytes when the kit is opened again, whatever was recorded since', async () => {
  const path = await folder();
  const away = await openKit({ folder: path, url: 'http://127.0.0.1:2', retry: { initialMs: 60_000, maxMs: 60_000 } });
  await away.record(reading(0));
  away.flush().catch(() => undefined);
  await once(away, 'retry');
  await away.close();

  const first = await serve(problem(503, 'unavailable', { 'retry-after': '3600' }));
  const second = await openKit({ folder: path, url: first.url });
  const retried = once(second, 'retry');
  await second.record(reading(1));
  await retried;
  await second.close();

  const last = await serve();
  const third = await openKit({ folder: path, url: last.url });
  await third.flush();
  expect(last.calls[0]?.key).toBe(first.calls[0]?.key);
  expect(last.calls[0]?.body).toBe(first.calls[0]?.body);
  expect(readingsOf(last.calls).map(({ timestamp }) => timestamp)).toEqual([reading(0).timestamp, reading(1).timestamp]);
  expect(last.calls[1]?.key).not.toBe(last.calls[0]?.key);
});

test('a reading that the server refuses goes to refused.ndjson, once, and the ones beside and behind it are delivered', async () => {
  const path = await folder();
  const { url, calls } = await serve((call) => accept(call, (item) => (item.timestamp === reading(1).timestamp ? 'rejected' : 'accepted')));
  const kit = await openKit({ folder: path, url, batch: { readings: 3 } });
  const refused = once(kit, 'refused');
  for (let n = 0; n < 6; n += 1) await kit.record(reading(n));
  await kit.flush();
  expect(await refused).toEqual([1, 'invalid']);
  expect(readingsOf(calls)).toHaveLength(6);
  const lines = (await readFile(join(path, 'refused.ndjson'), 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { number: 1, refused_at: expect.any(String) as string, reason: 'invalid', reading: { ...reading(1), device_id: 'kit-1' } },
  ]);
  expect(kit.status()).toMatchObject({ pending: 0, delivered: 5, refused: 1 });
});

test('quarantined readings and conflicts are kept by the server, and count as delivered', async () => {
  const { url } = await serve((call) => accept(call, (item) => (item.timestamp === reading(0).timestamp ? 'quarantined' : 'conflict')));
  const kit = await openKit({ folder: await folder(), url });
  const delivered = once(kit, 'delivered');
  await Promise.all([kit.record(reading(0)), kit.record(reading(1))]);
  await kit.flush();
  expect(await delivered).toEqual([{ accepted: 0, duplicates: 0, quarantined: 2, refused: 0 }]);
});

test('a batch that is refused as a whole is halved until the reading at fault is found', async () => {
  const path = await folder();
  const bad = reading(5).timestamp;
  const { url, calls } = await serve(
    ...Array.from({ length: 50 }, () => (call: Call) => {
      if (call.body.includes(bad)) problem(413, 'too-large')(call);
      else accept(call);
    }),
  );
  const kit = await openKit({ folder: path, url });
  for (let n = 0; n < 9; n += 1) await kit.record(reading(n));
  await kit.flush();
  expect(kit.status()).toMatchObject({ pending: 0, delivered: 8, refused: 1 });
  expect(JSON.parse(await readFile(join(path, 'refused.ndjson'), 'utf8'))).toMatchObject({ number: 5, reason: 'too-large' });
  // Another body never goes under a key that was used.
  const bodies = new Map<string, string>();
  for (const { key, body } of calls) expect(bodies.get(key) ?? body).toBe(bodies.set(key, body).get(key));
});

test('Retry-After is waited for, and a flush does not cut it short', async () => {
  const slept: number[] = [];
  const { url, calls } = await serve(
    problem(503, 'unavailable', { 'retry-after': '7' }),
    problem(429, 'overloaded', { 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT' }),
  );
  const kit = await openKit({
    folder: await folder(),
    url,
    random: (bytes) => new Uint8Array(bytes),
    clock: {
      now: () => Date.parse('2026-11-21T10:00:00Z'),
      sleep: (ms, signal) => {
        if (ms > 60_000) return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
        slept.push(ms);
        return Promise.resolve();
      },
    },
  });
  await kit.record(reading(0));
  await kit.flush();
  expect(calls).toHaveLength(3);
  expect(slept).toEqual(expect.arrayContaining([7000, 30_000]));
});

test('after an outage a thousand readings go at once', async () => {
  const path = await folder();
  const away = await openKit({ folder: path, url: 'http://127.0.0.1:2', fsync: 'second', batch: { readings: 1000 } });
  await Promise.all(Array.from({ length: 2500 }, (_, n) => away.record(reading(n))));
  await away.close();
  const { url, calls } = await serve();
  const kit = await openKit({ folder: path, url });
  await kit.flush();
  const sizes = calls.map(({ body }) => (JSON.parse(body) as unknown[]).length);
  expect(Math.max(...sizes)).toBe(1000);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(2500);
});
