import { randomUUID } from 'node:crypto';

import type { ReadCall } from '@kidjamo/connector-notify';
import { systemClock } from '@kidjamo/stream';
import type { LogRecord } from '@kidjamo/stream';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { VitalsCalls } from '../../src/calls/source.ts';
import type { CallOut } from '../../src/contracts/outputs.ts';
import { partitionOf } from '../../src/contracts/partition.ts';
import { OPERATOR } from '../../src/read/actor.ts';
import { Hospital } from '../actions/hospital.ts';
import { callOut } from './samples.ts';

let hospital: Hospital;
let source: VitalsCalls;
beforeAll(async () => {
  hospital = await Hospital.open();
  const { pool, log } = hospital;
  const system = { id: 's', language: 'en', timeZone: 'UTC', channels: [], system: true } as const;
  const input = (): Promise<typeof log> => Promise.resolve(log);
  source = new VitalsCalls({ pool, clock: systemClock, input, publicUrl: 'https://k.example', systems: [system] });
});
afterAll(() => hospital.close());

function records(...values: readonly (CallOut | string)[]): LogRecord[] {
  return values.map((value, offset) => ({
    partition: 0,
    offset,
    key: 'k',
    value: typeof value === 'string' ? value : JSON.stringify(value),
    time: 0,
  }));
}

/** Ids of the recipients of a call that was read. */
function recipients(read: ReadCall | undefined): string[] {
  if (read === undefined || !('request' in read)) expect.fail('the call was not read');
  return read.request.recipients.map(({ id }) => id);
}

test('each call goes to the people of its level as they are known now, and to the systems', async () => {
  const patient = await hospital.patient();
  await hospital.pool.query('UPDATE patients SET external_id = $2 WHERE patient_id = $1', [patient, 'awa']);
  const [mother, doctor] = [await hospital.user('Fatou'), await hospital.clinician('Mariama')];
  await hospital.people.setCaregiver(OPERATOR, patient, {
    ...{ user_id: mother, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true },
  });
  await hospital.people.assign(OPERATOR, patient, { clinician_id: doctor, role: 'médecin_traitant' });
  const some = records(callOut({ patient_id: patient }), '{}', callOut({ patient_id: patient, level: 1 }));
  const [first, second, third] = await source.read(some);
  expect(recipients(first)).toEqual([mother, 's']);
  expect(second).toEqual({ offset: 1, reason: 'the record is no call, or lacks a member of one' });
  expect(recipients(third)).toEqual([doctor, 's']);
  expect(first).toMatchObject({ offset: 0, request: { call: { id: 'step-1', patientName: 'awa', patient } } });

  await hospital.people.changePerson(OPERATOR, mother, { is_active: false });
  expect(recipients((await source.read(some))[0])).toEqual(['s']);
});

test('a patient whom nobody knows has no name, and on level 2 whoever is on call', async () => {
  const night = await hospital.clinician('Nuit');
  const now = systemClock.now();
  await hospital.people.addShift(OPERATOR, {
    clinician_id: night,
    starts_at: new Date(now - 60_000).toISOString(),
    ends_at: new Date(now + 3_600_000).toISOString(),
  });
  const stranger = randomUUID();
  const [lowest, onCall] = await source.read(records(callOut({ patient_id: stranger }), callOut({ patient_id: stranger, level: 2 })));
  expect(recipients(lowest)).toEqual(['s']);
  expect(recipients(onCall)).toEqual([night, 's']);
  expect(JSON.stringify(onCall)).not.toContain('patientName');
});

test('a call that reaches nobody becomes an input of the partition of its patient', async () => {
  const patient = randomUUID();
  const [read] = await source.read(records(callOut({ patient_id: patient, step: 'step-9' })));
  if (read === undefined || !('request' in read)) expect.fail('the call was not read');
  await source.handBack([read.request.call]);
  const all = await hospital.log.read(partitionOf(patient, hospital.log.partitions), 0, 1000);
  expect(all.map(({ key, value }) => ({ key, ...(JSON.parse(value) as object) }))).toContainEqual({
    ...{ key: patient, kind: 'unreached', patient, step: 'step-9', correlation: 'c1', received: expect.any(Number) as number },
  });
});
