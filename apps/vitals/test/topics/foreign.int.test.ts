import { KidjamoError } from '@kidjamo/stream';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { Cipher } from '../../src/contracts/cipher.ts';
import { BodyDoor } from '../../src/gateway/body-door.ts';
import { takeForeign } from '../../src/topics/foreign.ts';
import type { ForeignMessage } from '../../src/topics/foreign.ts';
import { sampleMessages } from '../../src/topics/samples.ts';
import { nestedBody, Rig, timeOf } from '../gateway/rig.ts';

const KEYS = { quarantine: { id: 'test-1', key: Buffer.alloc(32, 7) } };
const TOPIC = 'kidjamo-iot-measurements';

let rig: Rig;
let offset = 0;
beforeAll(async () => {
  rig = await Rig.start({ autoEnroll: true });
});
afterAll(() => rig.stop());
beforeEach(async () => {
  rig.log.broken = undefined;
  await rig.pool.query('TRUNCATE quarantine CASCADE');
});

const open = (autoEnroll = true): BodyDoor => new BodyDoor({ log: rig.log, pool: rig.pool, clock: rig.clock, keys: KEYS, autoEnroll });

function message(value: unknown, more: Partial<ForeignMessage> = {}): ForeignMessage {
  const bytes = typeof value === 'string' ? Buffer.from(value) : Buffer.from(JSON.stringify(value));
  return { topic: TOPIC, partition: 2, offset: (offset += 1), key: null, value: bytes, headers: {}, ...more };
}

const fresh = (more: Record<string, unknown> = {}): Record<string, unknown> => nestedBody({ timestamp: timeOf(1000 + offset), ...more });

test('a foreign reading is taken as by POST /iot/measurements, and again it is the same reading', async () => {
  const one = message(fresh({ patient_id: 'foreign-1' }));
  const outcome = await takeForeign(open(), one);
  expect(outcome).toMatchObject({ status: 'accepted', floors: [] });
  if (outcome.status !== 'accepted') throw new TypeError('not accepted');
  // By the same process, and by another one that knows nothing.
  const again = [await takeForeign(open(), one), await takeForeign(open(), one)];
  for (const each of again) expect(each).toMatchObject({ id: outcome.id });
  const records = (await rig.records()).filter((each) => 'id' in each && each.id === outcome.id);
  expect(records.length).toBeGreaterThan(0);
  // The task stores one of those with the same id and the same digest.
  expect(new Set(records.map((each) => ('digest' in each ? each.digest : ''))).size).toBe(1);
  expect(records[0]).toMatchObject({ kind: 'reading', source: 'nested', correlation: `${TOPIC}:2:${one.offset}` });
});

test('members of the transport make no other body, and the same body over HTTP is a duplicate', async () => {
  const body = fresh();
  const door = open();
  const envelope = { message_id: 'm-1', ingestion_timestamp: '2026-11-21T12:00:00', api_version: '1.0.0' };
  expect(await takeForeign(door, message({ ...body, ...envelope }))).toMatchObject({ status: 'accepted' });
  expect(await takeForeign(door, message({ ...body, ...envelope, message_id: 'm-2' }))).toMatchObject({ status: 'duplicate' });
  expect(await takeForeign(door, message(body))).toMatchObject({ status: 'duplicate' });
  const answer = await rig.post('/iot/measurements', body);
  const ids = (await rig.records()).filter((each) => 'id' in each && each.id === answer.json<{ message_id: string }>().message_id);
  expect(new Set(ids.map((each) => ('digest' in each ? each.digest : ''))).size).toBe(1);
});

test('ours is left alone', async () => {
  const before = (await rig.records()).length;
  for (const { value, headers } of Object.values(sampleMessages())) {
    expect(await takeForeign(open(), message(value, { headers }))).toEqual({ status: 'ours' });
  }
  expect(await takeForeign(open(), message('{}', { headers: { 'kidjamo-schema': 'reading/2' } }))).toEqual({ status: 'ours' });
  expect((await rig.records()).length).toBe(before);
  expect(await rig.held()).toEqual([]);
});

test.each<[string, string, string | null]>([
  ['no JSON', 'unparseable', 'hello'],
  ['an array', 'invalid', '[]'],
  ['no identity', 'invalid', '{"timestamp":"2026-11-21T11:00:00Z"}'],
  ['text for a number', 'invalid', JSON.stringify({ ...nestedBody(), measurements: { spo2_pct: '86' } })],
  ['a member twice', 'invalid', '{"patient_id":"a","patient_id":"b","device_id":"d","timestamp":"2026-11-21T11:00:00Z"}'],
  ['no value', 'unparseable', null],
])('%s is kept in quarantine with its reason', async (_, reason, value) => {
  const one = message(value ?? '', value === null ? { value: null } : {});
  expect(await takeForeign(open(), one)).toMatchObject({ status: 'rejected', refusal: { reason } });
  await takeForeign(open(), one);
  expect(await rig.held()).toMatchObject([{ reason, source: 'nested', payload: value ?? '', seen: 2 }]);
});

test('what is too large is kept up to the limit of the door', async () => {
  expect(await takeForeign(open(), message('x'.repeat((1 << 20) + 1)))).toMatchObject({ refusal: { reason: 'too_large' } });
  const [held] = await rig.held();
  expect(held?.payload.length).toBe(1 << 20);
});

test('a copy of our own message without its headers enrols nobody', async () => {
  const value = sampleMessages()['vitals-readings'].value;
  expect(await takeForeign(open(), message(value))).toMatchObject({ status: 'rejected', refusal: { reason: 'invalid' } });
  expect(await rig.held()).toMatchObject([{ reason: 'invalid', field: '/patient_id', payload: value }]);
});

test('without AUTO_ENROLL a reading of an unknown patient waits, its floors are told, and it is kept once', async () => {
  const one = message(fresh({ patient_id: 'nobody', measurements: { spo2_pct: 80 } }));
  const outcome = await takeForeign(open(false), one);
  expect(outcome).toMatchObject({ status: 'quarantined', reason: 'unknown_patient', floors: ['CRITICAL_SPO2'] });
  await takeForeign(open(false), one);
  const held = await rig.held();
  expect(held).toMatchObject([{ reason: 'unknown_patient', payload: one.value?.toString() }]);
  expect((await rig.records()).some((each) => each.kind === 'held' && each.quarantine === held[0]?.quarantine_id)).toBe(true);
});

test('when the log is away it says so and may be tried again; what was taken then is stored once', async () => {
  const door = open();
  const one = message(fresh({ patient_id: 'foreign-2' }));
  rig.log.broken = new KidjamoError('LOG_UNAVAILABLE', 'away');
  await expect(takeForeign(door, one)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE', retryable: true });
  rig.log.broken = undefined;
  expect(await takeForeign(door, one)).toMatchObject({ status: 'accepted' });
});

test('nothing in a message makes it throw', async () => {
  const door = open();
  const odd = [
    '\u0000',
    '"',
    '{"__proto__":1}',
    '{"patient_id":{}}',
    '[[[[',
    '{"patient_id":"\\ud800","device_id":"d","timestamp":"x"}',
    'null',
    '7',
  ];
  const bytes = [Buffer.from([0xff, 0xfe]), Buffer.alloc(64, 0x7b), new Cipher(KEYS.quarantine).seal(Buffer.from('x')).data];
  const outcomes = await Promise.all([
    ...odd.map((each) => takeForeign(door, message(each))),
    ...bytes.map((value) => takeForeign(door, message('', { value, headers: { 'kidjamo-schema': '\u0000', constructor: 'x' } }))),
    takeForeign(door, message('', { topic: 'é'.repeat(300) })),
  ]);
  for (const outcome of outcomes) expect(outcome.status).toBe('rejected');
});
