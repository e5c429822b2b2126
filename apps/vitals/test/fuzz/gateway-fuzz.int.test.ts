/**
 * Spoiled requests over every format: 3,000 with a fixed seed (100,000 in the full suite), or as many and with the seed that KIDJAMO_FUZZ_CASES and KIDJAMO_FUZZ_SEED
 * say. A failure names the case by seed and number.
 */

import { afterAll, beforeAll, expect, test } from 'vitest';

import { NOW, Rig } from '../gateway/rig.ts';
import { fuzzCase } from './cases.ts';
import type { FuzzCase } from './cases.ts';

const CASES = Number(process.env['KIDJAMO_FUZZ_CASES'] ?? (process.env['KIDJAMO_SUITE'] === 'full' ? 100_000 : 3000));
const SEED = Number(process.env['KIDJAMO_FUZZ_SEED'] ?? 20_261_121);
const AT_A_TIME = 20;

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: true });
});
afterAll(() => rig.stop());

interface Sent {
  readonly fuzz: FuzzCase;
  readonly status: number;
  readonly body: string;
}

async function send(fuzz: FuzzCase): Promise<Sent> {
  const answer = await rig.post(fuzz.path, fuzz.body, { ...fuzz.headers });
  return { fuzz, status: answer.statusCode, body: answer.body };
}

test('every case gets a clear answer, and every payload is in the log or in quarantine', { timeout: 60_000 + CASES * 20 }, async () => {
  const sent: Sent[] = [];
  for (let i = 0; i < CASES; i += AT_A_TIME) {
    sent.push(...(await Promise.all(Array.from({ length: AT_A_TIME }, (_, n) => send(fuzzCase(SEED, i + n, NOW))))));
  }
  const odd = sent.filter(({ status }) => ![200, 202, 400, 409, 413, 415, 422].includes(status));
  expect(odd.map(({ fuzz, status, body }) => [fuzz.name, fuzz.mutation, status, body])).toEqual([]);
  const unclear = sent.filter(({ status, body }) => status >= 400 && !/^\{.*"type":"urn:kidjamo:problem:/.test(body));
  expect(unclear.map(({ fuzz }) => fuzz.name)).toEqual([]);
  // Both ends of the range must have been reached, or the generator tests nothing.
  for (const status of [200, 202, 400, 409, 413, 415, 422])
    expect(
      sent.some((one) => one.status === status),
      String(status),
    ).toBe(true);

  let appended = 0;
  let kept = 0;
  for (const { status, body, fuzz } of sent) {
    const answer = JSON.parse(body) as { results?: { status: string; reason?: string }[]; type?: string; status: unknown; reason?: string };
    const items = answer.results ?? [{ status: status >= 400 ? problemStatus(answer.type) : String(answer.status), reason: answer.reason }];
    for (const item of items) {
      const held = item.status === 'quarantined' || item.reason === 'idempotency_conflict' || item.status === 'idempotency-conflict';
      const message = fuzz.path === '/iot/alerts' || fuzz.path === '/api/v1/device/status';
      if (item.status === 'rejected' || held) kept += 1;
      if (item.status !== 'rejected' && !(held && message)) appended += 1;
    }
  }
  const held = await rig.held();
  expect(held.reduce((sum, { seen }) => sum + seen, 0)).toBe(kept);
  expect(await rig.records()).toHaveLength(appended);
  expect(held.every(({ payload, reason }) => payload !== '' || reason === 'unparseable' || reason === 'unsupported_media_type')).toBe(true);
});

function problemStatus(type: string | undefined): string {
  const code = type?.replace('urn:kidjamo:problem:', '') ?? '';
  return code === 'conflict' || code === 'idempotency-conflict' ? code : 'rejected';
}

test('a case is the same whenever it is asked for', () => {
  for (let i = 0; i < 200; i += 1) expect(fuzzCase(7, i, NOW)).toEqual(fuzzCase(7, i, NOW));
});
