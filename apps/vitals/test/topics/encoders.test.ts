import { readFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { LOGS } from '../../src/contracts/logs.ts';
import type { AlertOut } from '../../src/contracts/outputs.ts';
import { compileFormat } from '../../src/gateway/validation.ts';
import { OUTPUT_TOPICS, outputEncoders } from '../../src/topics/encoders.ts';
import { TopicIdentities } from '../../src/topics/identities.ts';
import { SAMPLE_RECORDS, sampleMessages } from '../../src/topics/samples.ts';
import type { AlertMessage, DeviceStatusMessage, ReadingMessage } from '../../src/topics/schemas.ts';
import { TOPICS } from '../../src/topics/names.ts';
import { vitalsTopics } from '../../src/topics/topic-list.ts';

const key = { id: 'k1', key: Buffer.alloc(32, 3) };
const encoders = outputEncoders(new TopicIdentities(key));
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function encoded<M>(log: keyof typeof encoders, out: object): M {
  const message = encoders[log]({ value: JSON.stringify(out), time: 1_700_000_000_000 });
  if ('refuse' in message) throw new TypeError(message.refuse);
  return JSON.parse(message.value) as M;
}

test.each(OUTPUT_TOPICS)('what goes to $topic satisfies its schema and holds no id of the medical store', ({ log, schema }) => {
  const out = SAMPLE_RECORDS[log];
  const message = encoders[log]({ value: JSON.stringify(out), time: 1_700_000_000_000 });
  if ('refuse' in message) throw new TypeError(message.refuse);
  const format = compileFormat(schema);
  expect(format.faults(JSON.parse(message.value))).toEqual([]);
  const inside = JSON.stringify(out).match(UUID) ?? [];
  expect(inside.length).toBeGreaterThan(2);
  for (const id of inside) expect(JSON.stringify(message)).not.toContain(id);
  expect(message.key).toBe(new TopicIdentities(key).pseudonym(out.patient_id));
  const body = JSON.parse(message.value) as Record<string, unknown>;
  expect(message.headers).toEqual({
    'kidjamo-schema': body['schema_version'],
    'kidjamo-message-id': body['message_id'],
    'kidjamo-correlation': body['correlation_id'],
  });
  expect(encoders[log]({ value: JSON.stringify(out), time: 1_700_000_000_000 })).toEqual(message);
});

test('a reading keeps the structure of the existing system; what was not measured is null', () => {
  const body = encoded<ReadingMessage>(LOGS.readings, SAMPLE_RECORDS[LOGS.readings]);
  expect(body.timestamp).toBe('2026-11-20T08:30:00.000000Z');
  expect(body.measurements).toEqual({
    freq_card: 128,
    freq_resp: 24,
    spo2_pct: 86,
    temp_corp: 38.4,
    temp_ambiente: 24.5,
    pct_hydratation: 61,
    activity: 15,
    heat_index: null,
    pain_scale: null,
  });
  expect(Object.keys(body.device_info)).toEqual([
    'device_id',
    'firmware_version',
    'battery_level',
    'signal_strength',
    'status',
    'last_sync',
  ]);
  const microseconds = { ...SAMPLE_RECORDS[LOGS.readings], recorded_at: 1_700_000_000_000.125 };
  expect(encoded<ReadingMessage>(LOGS.readings, microseconds).timestamp).toBe('2023-11-14T22:13:20.000125Z');
});

test('words of a person and names that a sender made up are not passed on', () => {
  const manual: AlertOut = {
    ...SAMPLE_RECORDS[LOGS.alerts],
    source: 'manual',
    severity: 'warn',
    alert_type: 'PAIN',
    message: 'Awa has pain',
    reasons: ['Awa'],
    measurements: { 'Awa Diallo': 3, heart_rate: 90, spo2_pct: 95 },
    context: { note: 'Awa' },
    correlation: 'Awa-1',
  };
  const alert = encoded<AlertMessage>(LOGS.alerts, manual);
  expect(JSON.stringify(alert)).not.toContain('Awa');
  expect(alert).toMatchObject({
    severity: 'medium',
    severity_level: 'warn',
    reasons: ['PAIN'],
    measurements: { freq_card: 90, spo2_pct: 95 },
  });
  const status = { ...SAMPLE_RECORDS[LOGS.deviceStatus], status: 'watch of Awa', firmware_version: 'Awa' };
  expect(encoded<DeviceStatusMessage>(LOGS.deviceStatus, status)).toMatchObject({ status: null, firmware_version: null });
});

test('another key gives other ids everywhere', () => {
  const other = outputEncoders(new TopicIdentities({ ...key, key: Buffer.alloc(32, 4) }));
  const value = JSON.stringify(SAMPLE_RECORDS[LOGS.readings]);
  const ids = [encoders, other].map((each) => JSON.stringify(each[LOGS.readings]({ value, time: 0 })).match(UUID));
  expect(ids[0]?.some((id) => ids[1]?.includes(id))).toBe(false);
});

test.each(['', 'no JSON', '[]', 'null', '{}', '{"patient_id":7}', '{"kind":"tick"}'])(
  'what is no record is refused, not thrown: %s',
  (value) => {
    for (const encode of Object.values(encoders)) expect(encode({ value, time: 0 })).toHaveProperty('refuse');
  },
);

test('any member of any other type is refused or left out, and its value is not told', () => {
  for (const { log } of OUTPUT_TOPICS) {
    for (const name of Object.keys(SAMPLE_RECORDS[log])) {
      for (const wrong of ['s3cret', 7e300, null, [], [{ s3cret: 1 }], { s3cret: 1 }]) {
        const message = encoders[log]({ value: JSON.stringify({ ...SAMPLE_RECORDS[log], [name]: wrong }), time: 0 });
        if ('refuse' in message) expect(message.refuse).not.toContain('s3cret');
      }
    }
  }
});

test('topics can be made on one broker and on three, and are as many as documented', () => {
  for (const replication of [1, 2, 3]) {
    const topics = vitalsTopics({ partitions: 8, replication, publicHours: 168, inputHours: 24 });
    expect(topics.map(({ name }) => name).sort()).toEqual(Object.values(TOPICS).sort());
    for (const { config, partitions } of topics) {
      expect(Number(config['min.insync.replicas'])).toBeLessThanOrEqual(Math.max(1, replication - 1));
      expect(partitions).toBe(8);
    }
    expect(topics.find(({ name }) => name === TOPICS.input)?.config['retention.ms']).toBe('86400000');
  }
});

test('the examples of the guide are what the encoders write', async () => {
  const guide = await readFile(new URL('../../../../docs/guides/topics.md', import.meta.url), 'utf8');
  for (const { key: messageKey, value } of Object.values(sampleMessages())) {
    expect(guide).toContain(JSON.stringify(JSON.parse(value), undefined, 2));
    expect(guide).toContain(messageKey);
  }
});
