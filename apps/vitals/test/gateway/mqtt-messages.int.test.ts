import { KidjamoError } from '@kidjamo/stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import fc from 'fast-check';

import { NOW, Rig, timeOf } from './rig.ts';

let rig: Rig;
let series = 0;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: true });
});
afterAll(() => rig.stop());
beforeEach(async () => {
  rig.log.broken = undefined;
  await rig.pool.query('TRUNCATE quarantine CASCADE');
});

const reading = (device: string, overrides: object = {}): object => ({
  device_id: device,
  patient_id: `patient-of-${device}`,
  timestamp: timeOf((series += 1)),
  vitals: { spo2: 97, heart_rate: 80 },
  ...overrides,
});
const take = (device: string, body: unknown, channel: 'vitals' | 'status' = 'vitals') =>
  rig.gateway.mqtt.take({ device, channel, payload: Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body)) });
const statuses = async () => (await rig.records()).filter((record) => record.kind === 'device_status');

test('one reading or a batch is appended as that of the route', async () => {
  const before = (await rig.records()).length;
  expect(await take('m1', reading('m1'))).toBe('accepted');
  expect(await take('m1', [reading('m1'), reading('m1')])).toBe('accepted');
  const records = await rig.records();
  expect(records).toHaveLength(before + 3);
  expect(await rig.held()).toEqual([]);
});

test('a body of another device than the topic is kept in quarantine, and stored under neither', async () => {
  const before = (await rig.records()).length;
  expect(await take('m1', reading('m2'))).toBe('rejected');
  expect(await take('m1', reading('m2'), 'status')).toBe('rejected');
  expect(await take('m1', [reading('m1'), reading('m2')])).toBe('quarantined');
  expect(await rig.records()).toHaveLength(before + 1);
  const held = await rig.held();
  expect(held.map(({ reason, field }) => [reason, field])).toEqual(Array.from({ length: 3 }, () => ['invalid', '/device_id']));
});

test('any payload is kept or refused, and never fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      fc.constantFrom('vitals', 'status'),
      async (bytes, channel) => {
        expect(await take('m1', Buffer.from(bytes), channel)).toBe('rejected');
      },
    ),
    { numRuns: 200 },
  );
});

test('is told when nothing can be kept', async () => {
  rig.log.broken = new KidjamoError('LOG_UNAVAILABLE', 'the log is away');
  await expect(take('m1', reading('m1'))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
});

test('a device that is cut off is offline from the time of the loss: by its will, by its last patient, or by its assignment', async () => {
  const before = (await statuses()).length;
  const old = new Date(NOW - 86_400_000).toISOString();
  const will = { device_id: 'm3', patient_id: 'patient-of-m3', timestamp: old, status: 'connected', battery_level: 50 };
  await rig.gateway.mqtt.lost({ device: 'm3', will: Buffer.from(JSON.stringify(will)) });
  await take('m4', reading('m4'));
  await rig.gateway.mqtt.lost({ device: 'm4', will: Buffer.from(JSON.stringify({ ...will, device_id: 'm5' })) });
  await rig.gateway.mqtt.lost({ device: 'never-heard-of' });
  const told = (await statuses()).slice(before);
  expect(told).toHaveLength(2);
  for (const record of told) expect(record).toMatchObject({ status: 'offline', at: NOW });
  expect((await rig.held()).map(({ source, field }) => [source, field])).toEqual([['device_status', '/device_id']]);
});
