import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { retryDelay } from '../src/backoff.ts';
import type { DeviceKitEvents, Transport } from '../src/index.ts';
import { folder, openKit, reading, readingsOf, serve } from './fixture.ts';

const away: Transport = { send: () => Promise.resolve({ kind: 'retry', reason: 'away' }), close: () => Promise.resolve() };

test('full: record rejects, what is kept stays, and there is room again once it is delivered', async () => {
  const path = await folder();
  const kit = await openKit({ folder: path, transport: away, maxBytes: 1 << 20 });
  let kept = 0;
  const big = { ...reading(0), note: 'x'.repeat(10_000) };
  const fill = async (): Promise<void> => {
    for (;;) {
      await kit.record({ ...big, timestamp: reading(kept).timestamp });
      kept += 1;
    }
  };
  await expect(fill()).rejects.toMatchObject({ code: 'SPOOL_FULL' });
  expect(kept).toBeGreaterThan(90);
  expect(kit.status()).toMatchObject({ pending: kept, lost: 0, lastError: { reason: 'away' } });
  expect(kit.status().spoolBytes).toBeLessThanOrEqual(1 << 20);
  await kit.close();
  const { url, calls } = await serve();
  const again = await openKit({ folder: path, url, maxBytes: 1 << 20 });
  await again.flush();
  expect(readingsOf(calls)).toHaveLength(kept);
  await again.record(big);
});

test('full with drop-oldest: the oldest go, each is told of, and none of the others is missing', async () => {
  const path = await folder();
  const kit = await openKit({ folder: path, transport: away, maxBytes: 1 << 20, whenFull: 'drop-oldest' });
  const told: DeviceKitEvents['lost'][] = [];
  kit.on('lost', (...event) => told.push(event));
  for (let n = 0; n < 200; n += 1) await kit.record({ ...reading(n), note: 'x'.repeat(10_000) });
  const { lost, pending } = kit.status();
  expect(lost).toBeGreaterThan(0);
  expect(pending).toBe(200 - lost);
  await kit.close();
  expect(told.every(([why]) => why === 'dropped')).toBe(true);
  expect(told.reduce((sum, [, readings]) => sum + readings, 0)).toBe(lost);
  const { url, calls } = await serve();
  await (await openKit({ folder: path, url, maxBytes: 1 << 20 })).flush();
  expect(readingsOf(calls).map(({ timestamp }) => timestamp)).toEqual(
    Array.from({ length: pending }, (_, i) => reading(lost + i).timestamp),
  );
});

test('damage in the middle costs the readings that it hit, and is told', async () => {
  const path = await folder();
  const kit = await openKit({ folder: path, transport: away, batch: { readings: 100 } });
  for (let n = 0; n < 9; n += 1) await kit.record(reading(n));
  await kit.close();
  const [name = ''] = await readdir(join(path, 'readings'));
  const file = join(path, 'readings', name);
  const bytes = await readFile(file);
  const at = bytes.indexOf(reading(4).timestamp);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
  const { url, calls } = await serve();
  const again = await openKit({ folder: path, url });
  await again.flush();
  expect(readingsOf(calls).map(({ timestamp }) => timestamp)).toEqual([0, 1, 2, 3, 5, 6, 7, 8].map((n) => reading(n).timestamp));
  expect(again.status()).toMatchObject({ pending: 0, delivered: 8, lost: 1 });
});

test('one kit at a time uses a folder', async () => {
  const path = await folder();
  const kit = await openKit({ folder: path, transport: away });
  await expect(openKit({ folder: path, transport: away })).rejects.toMatchObject({ code: 'LOCKED' });
  await kit.close();
  await openKit({ folder: path, transport: away });
});

test('the claim of a process that no longer runs, or of an earlier boot, counts for nothing', async () => {
  const path = await folder();
  await (await openKit({ folder: path, transport: away })).close();
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(join(path, 'lock', `${process.pid}.1.${boot}`), '');
  await writeFile(join(path, 'lock', `${process.ppid}.1.another-boot`), '');
  await openKit({ folder: path, transport: away });
  expect(await readdir(join(path, 'lock'))).toHaveLength(1);
});

test.each([
  ['patient_id', { ...reading(0), patient_id: '' }],
  ['timestamp', { ...reading(0), timestamp: 'yesterday' }],
  ['deviceId', { ...reading(0), device_id: 'another' }],
  ['vitals.spo2', { ...reading(0), vitals: { spo2: NaN } }],
  ['65536', { ...reading(0), note: 'x'.repeat(70_000) }],
])('a reading that cannot be sent is told at once: %s', async (named, wrong) => {
  const kit = await openKit({ folder: await folder(), transport: away });
  await expect(kit.record(wrong)).rejects.toMatchObject({ code: 'INVALID_READING', message: expect.stringContaining(named) as string });
  expect(kit.status().pending).toBe(0);
});

test('closed: the flush under way rejects, and so does what comes after', async () => {
  const kit = await openKit({ folder: await folder(), transport: away });
  await kit.record(reading(0));
  const flush = expect(kit.flush()).rejects.toMatchObject({ code: 'CLOSED' });
  await kit.close();
  await flush;
  await expect(kit.record(reading(1))).rejects.toMatchObject({ code: 'CLOSED' });
});

test('the waits grow, are spread from 0 to their bound, and never end before the time the server asked for', () => {
  const most = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(255);
  const least = (bytes: number): Uint8Array => new Uint8Array(bytes);
  const waits = [1, 2, 3, 9, 10, 5000].map((failures) => Math.round(retryDelay({ failures }, {}, most)));
  expect(waits).toEqual([1000, 2000, 4000, 256_000, 300_000, 300_000]);
  expect(retryDelay({ failures: 5 }, {}, least)).toBe(0);
  expect(retryDelay({ failures: 1, retryAfterMs: 9000 }, {}, least)).toBe(9000);
  expect(retryDelay({ failures: 1, retryAfterMs: 9e9 }, {}, least)).toBe(3_600_000);
});
