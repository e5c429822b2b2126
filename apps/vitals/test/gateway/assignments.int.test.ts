import { afterAll, beforeAll, expect, test } from 'vitest';

import { NOW, nestedBody, Rig, timeOf } from './rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: false });
});
afterAll(() => rig.stop());

test('a reading waits for its patient and its assignment, is checked meanwhile, and is appended as it came once it has them', async () => {
  const body = nestedBody({ measurements: { spo2_pct: 70 } });
  const unknown = await rig.post('/iot/measurements', body);
  expect([unknown.statusCode, unknown.json()]).toEqual([
    200,
    expect.objectContaining({ status: 'quarantined', reason: 'unknown_patient', critical_alerts: 1 }),
  ]);
  const { message_id: id } = unknown.json<{ message_id: string }>();
  const { rows: devices } = await rig.pool.query<{ device_id: string; provisional: boolean }>(
    "SELECT device_id, provisional FROM devices WHERE external_id = 'bracelet-1'",
  );
  const device = devices[0]?.device_id ?? '';
  expect((await rig.pool.query('SELECT 1 FROM patients')).rowCount).toBe(0);
  const [held] = await rig.records();
  expect(held).toMatchObject({ kind: 'held', reason: 'unknown_patient', patient_known: false, device, id, vitals: { spo2: 70 } });

  const patient = '11111111-1111-4111-8111-111111111111';
  await rig.pool.query("INSERT INTO patients (patient_id, external_id) VALUES ($1, 'patient-001-ss')", [patient]);
  const second = nestedBody({ timestamp: timeOf(5) });
  expect((await rig.post('/api/v1/measurements', second, { 'x-kidjamo-import': 'true' })).json()).toMatchObject({
    status: 'quarantined',
    results: [{ reason: 'unassigned_device' }],
  });
  expect(await rig.held()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ reason: 'unknown_patient', source: 'nested' }),
      expect.objectContaining({ reason: 'unassigned_device', source: 'api:import' }),
    ]),
  );
  expect(await rig.gateway.releaseQuarantine(device, { by: 'nurse', why: 'assigned' })).toEqual({ released: 0, waiting: 2 });

  await rig.pool.query('INSERT INTO device_assignments (device_id, patient_id) VALUES ($1, $2)', [device, patient]);
  rig.clock.advance(60_000);
  expect(await rig.gateway.releaseQuarantine(device, { by: 'nurse', why: 'assigned' })).toEqual({ released: 2, waiting: 0 });
  const readings = (await rig.records()).filter(({ kind }) => kind === 'reading');
  expect(readings).toHaveLength(2);
  expect(readings).toContainEqual(expect.objectContaining({ id, patient, device, received: NOW, source: 'nested', vitals: { spo2: 70 } }));
  expect(readings).toContainEqual(expect.objectContaining({ imported: true, source: 'api' }));
  expect((await rig.held()).map(({ status }) => status)).toEqual(['released', 'released']);
  expect(await rig.gateway.releaseQuarantine(device, { by: 'nurse', why: 'assigned' })).toEqual({ released: 0, waiting: 0 });
  expect((await rig.post('/iot/measurements', nestedBody({ timestamp: timeOf(9) }))).json()).toMatchObject({ status: 'success' });
});

test('the stand-in of an unknown patient is always the same and is no hash that can be guessed', async () => {
  const send = (n: number): object => ({ device_id: 'd', patient_id: 'nobody', timestamp: timeOf(n), vitals: {} });
  await rig.post('/v1/vitals', [send(1), send(2)]);
  const held = (await rig.records()).filter(
    (record) => record.kind === 'held' && record.reason === 'unknown_patient' && record.at >= NOW - 3_600_000 + 1000,
  );
  expect(new Set(held.map(({ patient }) => patient)).size).toBe(1);
});

test('an alert and a status of an unknown patient are kept', async () => {
  const alert = await rig.post('/iot/alerts', { patient_id: 'who', alert_type: 'X', severity: 'low', message: 'm' });
  expect([alert.statusCode, alert.json()]).toEqual([200, expect.objectContaining({ status: 'quarantined', reason: 'unknown_patient' })]);
  const status = await rig.post('/api/v1/device/status', { patient_id: 'who', device_id: 'd', timestamp: timeOf(1) });
  expect([status.statusCode, status.json()]).toEqual([202, expect.objectContaining({ status: 'quarantined', reason: 'unknown_patient' })]);

  // Once the patient is known, both are taken as they came; an alert released again is the same one.
  await rig.pool.query("INSERT INTO patients (patient_id, external_id) VALUES ('22222222-2222-4222-8222-222222222222', 'who')");
  const { rows } = await rig.pool.query<{ id: string; source: string; device_id: string | null }>(
    "SELECT quarantine_id AS id, source, device_id FROM quarantine WHERE source IN ('alert', 'device_status') AND status = 'held'",
  );
  const held = new Map(rows.map((row) => [row.source, row]));
  const nurse = { by: 'nurse', why: 'they are ours' };
  expect(await rig.gateway.releaseOne(held.get('alert')?.id ?? '', nurse)).toEqual({ released: 1 });
  await rig.pool.query("UPDATE quarantine SET status = 'held' WHERE source = 'alert'");
  expect(await rig.gateway.releaseOne(held.get('alert')?.id ?? '', nurse)).toEqual({ released: 1 });
  const released = (await rig.records()).filter(({ kind }) => kind === 'manual_alert');
  expect(released).toHaveLength(2);
  expect(new Set(released.map((record) => record.kind === 'manual_alert' && record.id)).size).toBe(1);
  const waiting = held.get('device_status');
  expect(await rig.gateway.releaseOne(waiting?.id ?? '', nurse)).toEqual({ waits: 'the device is not assigned to the patient' });
  await rig.pool.query("INSERT INTO device_assignments (device_id, patient_id) VALUES ($1, '22222222-2222-4222-8222-222222222222')", [
    waiting?.device_id,
  ]);
  expect(await rig.gateway.releaseQuarantine(waiting?.device_id ?? '', nurse)).toMatchObject({ released: 1 });
  expect((await rig.records()).map(({ kind }) => kind)).toContain('device_status');
});
