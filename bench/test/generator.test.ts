import { afterEach, expect, test } from 'vitest';

import { generate } from '../load/generator.ts';
import type { LoadJob } from '../load/job.ts';
import { standIn } from './stand-in.ts';
import type { StandIn } from './stand-in.ts';

let server: StandIn | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

const success = { status: 200, pieces: ['{"status":"success"}'] };

function job(port: number, rest: Partial<LoadJob>): LoadJob {
  const base = { host: '127.0.0.1', port, path: '/', connections: 4, readingsPerRequest: 1, population: 'g', patients: 3 };
  return { ...base, pace: { kind: 'count', readings: 50 }, ...rest };
}

/** Identity under which a reading is stored: device and event time. */
function keys(bodies: readonly unknown[]): string[] {
  return bodies.flat().map((body) => {
    const { device_id, timestamp } = body as { device_id: string; timestamp: string };
    return `${device_id} ${timestamp}`;
  });
}

test('sends exactly as many readings as asked for, none twice', async () => {
  server = await standIn(() => success);
  const result = await generate(job(server.port, {}));
  expect(result).toMatchObject({ requests: 50, acknowledged: 50, accepted: 50, quarantined: 0, rejected: 0, unanswered: 0 });
  expect(new Set(keys(server.bodies)).size).toBe(50);
});

test('counts what the answers say, in single answers and in batches', async () => {
  server = await standIn((_, n) => ({ status: 200, pieces: [`{"status":"${n % 5 === 0 ? 'quarantined' : 'success'}"}`] }));
  expect(await generate(job(server.port, {}))).toMatchObject({ acknowledged: 50, accepted: 40, quarantined: 10 });
  await server.close();

  server = await standIn(() => ({
    status: 202,
    pieces: ['{"status":"partial","accepted":5,"dupl', 'icates":2,"quarantined":1,"rejec', 'ted":2,"results":[]}'],
  }));
  const batches = await generate(job(server.port, { readingsPerRequest: 10 }));
  expect(batches).toMatchObject({ requests: 5, acknowledged: 40, accepted: 25, duplicates: 10, quarantined: 5, rejected: 10 });
});

test('a refusal is counted, and not as acknowledged', async () => {
  server = await standIn((_, n) => (n === 7 ? { status: 422, pieces: ['{}'] } : success));
  expect(await generate(job(server.port, {}))).toMatchObject({ requests: 50, acknowledged: 49, rejected: 1 });
});

test('a request that was pushed back is sent again, byte for byte', async () => {
  server = await standIn((_, n) => (n < 4 ? { status: 503, pieces: ['{}'] } : success));
  const result = await generate(job(server.port, {}));
  expect(result).toMatchObject({ acknowledged: 50, pushedBack: 4 });
  expect(server.bodies).toHaveLength(54);
  expect(new Set(keys(server.bodies)).size).toBe(50);
});

test('an open loop sends all that is due and gives each reading the time at which it was due', async () => {
  server = await standIn(() => success);
  const result = await generate(job(server.port, { pace: { kind: 'open', readingsPerSecond: 500, durationMs: 400 } }));
  expect(result.acknowledged).toBe(200);
  const { schedule } = result;
  expect(schedule?.intervalMicros).toBe(2000);
  const dues = server.bodies
    .map((body) => (body as { timestamp: string }).timestamp)
    .map((text) => Date.parse(`${text.slice(0, 23)}Z`) * 1000 + Number(text.slice(23, 26)) - (schedule?.wallMicros ?? 0));
  expect(dues.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n * 2000));
});

test('a server that closes connections fails the run', async () => {
  server = await standIn((_, n) => {
    if (n === 10) void server?.close();
    return success;
  });
  await expect(generate(job(server.port, { pace: { kind: 'closed', warmupMs: 0, measureMs: 20_000 } }))).rejects.toThrow(
    'closed a connection',
  );
});

test('an answer whose counts do not add up fails the run', async () => {
  server = await standIn(() => ({ status: 202, pieces: ['{"accepted":9,"duplicates":0,"quarantined":0,"rejected":0}'] }));
  await expect(generate(job(server.port, { readingsPerRequest: 10 }))).rejects.toThrow('do not add up');
});
