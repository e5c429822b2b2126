import { expect, test } from 'vitest';

import { AlertBody } from '../../src/contracts/formats/alert.ts';
import { draftReading } from '../../src/gateway/formats.ts';
import type { ReadingFormat } from '../../src/gateway/formats.ts';
import { compileFormat } from '../../src/gateway/validation.ts';
import { identify, readingRecord } from '../../src/gateway/reading-record.ts';
import type { Draft } from '../../src/gateway/draft.ts';
import { isFaulty } from '../../src/gateway/draft.ts';

const PATIENT = '11111111-1111-4111-8111-111111111111';
const DEVICE = '22222222-2222-4222-8222-222222222222';
const identity = { patient_id: 'p', device_id: 'd', timestamp: '2026-11-21T12:00:00.000001Z' };
const nested = {
  ...identity,
  measurements: {
    freq_card: 24,
    freq_resp: 18,
    spo2_pct: 64,
    temp_corp: 29.5,
    temp_ambiente: -40,
    pct_hydratation: 0,
    activity: 33,
    heat_index: null,
  },
  device_info: {
    device_id: 'd',
    firmware_version: '1.2',
    battery_level: 0,
    signal_strength: 50,
    status: 'connected',
    last_sync: '2026-11-21T11:00:00',
  },
  quality_indicators: { quality_flag: 'motion', confidence_score: 80, data_completeness: 99, sensor_contact_quality: 61 },
};

function draft(format: ReadingFormat, body: unknown): Draft {
  const drafted = draftReading(format, JSON.parse(JSON.stringify(body)));
  if (isFaulty(drafted)) throw new TypeError(JSON.stringify(drafted));
  return drafted;
}

const faults = (format: ReadingFormat, body: unknown): unknown => draftReading(format, body);

test('nested: every member finds its place, extremes and zeros included, activity is divided by ten, null is absent', () => {
  const { at, content } = draft('nested', nested);
  expect(Math.round(at * 1000)).toBe(Date.parse('2026-11-21T12:00:00Z') * 1000 + 1);
  expect(content).toEqual({
    vitals: { heart_rate: 24, resp_rate: 18, spo2: 64, temperature: 29.5, ambient_temp: -40, hydration: 0, activity: 3.3 },
    quality_flag: 'motion',
    confidence: 80,
    completeness: 99,
    contact: 61,
    battery: 0,
    signal: 50,
    firmware: '1.2',
    device_state: 'connected',
    last_sync: Date.parse('2026-11-21T11:00:00Z'),
  });
});

test('flat, with its own spelling of the ambient temperature', () => {
  const { content } = draft('flat', { ...identity, freq_card: 90, temp_ambiante: 21, activity: 100, quality_flag: 'ok' });
  expect(content).toEqual({ vitals: { heart_rate: 90, ambient_temp: 21, activity: 10 }, quality_flag: 'ok' });
});

test('cloud: activity is 0-10 already, pain is kept', () => {
  const vitals = {
    spo2: 97,
    heart_rate: 80,
    temperature: 36.6,
    ambient_temp: 20,
    respiratory_rate: 16,
    hydration_pct: 60,
    activity_level: 7,
    pain_scale: 9,
  };
  const { content } = draft('cloud', { ...identity, vitals, metadata: { battery_level: 5, signal_quality: 50, firmware_version: '2' } });
  expect(content).toEqual({
    vitals: { heart_rate: 80, resp_rate: 16, spo2: 97, temperature: 36.6, ambient_temp: 20, hydration: 60, activity: 7, pain: 9 },
    battery: 5,
    signal: 50,
    firmware: '2',
  });
});

test("either spelling of the ambient temperature is read; the format's own wins and the other is kept", () => {
  expect(draft('nested', { ...identity, measurements: { temp_ambiante: 20 } }).content).toEqual({ vitals: { ambient_temp: 20 } });
  expect(draft('flat', { ...identity, temp_ambiente: 20 }).content).toEqual({ vitals: { ambient_temp: 20 } });
  expect(draft('flat', { ...identity, temp_ambiante: 1, temp_ambiente: 2 }).content).toEqual({
    vitals: { ambient_temp: 1 },
    extra: { temp_ambiente: 2 },
  });
});

test('unknown members are kept where they were, whatever their names', () => {
  const body = JSON.parse(
    '{"patient_id":"p","device_id":"d","timestamp":"2026-11-21T12:00:00Z","__proto__":{"x":1},"constructor":2,"measurements":{"glucose":5},"device_info":{"device_id":"other","last_sync":"soon"}}',
  ) as unknown;
  const drafted = draftReading('nested', body);
  expect(JSON.stringify(isFaulty(drafted) ? drafted : drafted.content.extra)).toBe(
    '{"__proto__":{"x":1},"constructor":2,"device_info":{"device_id":"other","last_sync":"soon"},"measurements":{"glucose":5}}',
  );
});

test('unknown members that PostgreSQL cannot store as JSON are kept as text', () => {
  const { extra } = draft('flat', { ...identity, note: 'a\u0000b', lone: '\ud800' }).content;
  expect(extra).toEqual({ unstorable_json: '{"lone":"\\ud800","note":"a\\u0000b"}' });
});

test.each([
  [{ patient_id: null }, '/patient_id', 'must be text'],
  [{ patient_id: 42 }, '/patient_id', 'must be text'],
  [{ device_id: '' }, '/device_id', 'must not be empty'],
  [{ device_id: 'x'.repeat(129) }, '/device_id', 'must have 128 characters at most'],
  [{ device_id: 'a\nb' }, '/device_id', 'must not hold control characters or lone surrogates'],
  [{ device_id: '\ud800' }, '/device_id', 'must not hold control characters or lone surrogates'],
  [{ timestamp: '2026-02-30T00:00:00Z' }, '/timestamp', 'must be an ISO 8601 date and time that exists, such as 2026-11-20T08:30:00Z'],
  [{ timestamp: 1763713800 }, '/timestamp', 'must be text'],
  [{ measurements: { spo2_pct: '64' } }, '/measurements/spo2_pct', 'must be a finite number or null'],
  [{ measurements: { spo2_pct: Infinity } }, '/measurements/spo2_pct', 'must be a finite number or null'],
  [{ measurements: { spo2_pct: true } }, '/measurements/spo2_pct', 'must be a finite number or null'],
  [{ measurements: [] }, '/measurements', 'null or must be an object'],
  [{ quality_indicators: { quality_flag: 7 } }, '/quality_indicators/quality_flag', 'must be text or null'],
])('refuses %j, naming the member', (change, pointer, detail) => {
  expect(faults('nested', { ...identity, ...change })).toContainEqual({ pointer, detail });
});

test('a choice is answered with all that may be chosen', () => {
  const found = compileFormat(AlertBody).faults({ patient_id: 'p', alert_type: 'x', severity: 'SEVERE', message: 'm' });
  expect(found).toEqual([{ pointer: '/severity', detail: 'must be one of low, medium, high, critical' }]);
});

test('refuses a body without identity', () => {
  expect(faults('nested', { measurements: {} })).toEqual(
    ['device_id', 'patient_id', 'timestamp'].map((name) => ({ pointer: `/${name}`, detail: 'is required' })),
  );
});

test('names every member at fault, and repeats no value', () => {
  const found = faults('flat', { patient_id: 'secret-patient', device_id: 9, freq_card: 'secret-rate', spo2_pct: {} });
  expect((found as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
    '/device_id',
    '/freq_card',
    '/spo2_pct',
    '/timestamp',
  ]);
  expect(JSON.stringify(found)).not.toContain('secret');
});

test.each([null, 5, 'text', [], true])('refuses %j as a reading', (body) => {
  expect(faults('cloud', body)).toEqual([{ pointer: '', detail: 'must be an object' }]);
});

test('the digest depends on what is said, not on how it is written', () => {
  const digest = (format: ReadingFormat, body: unknown, patient = PATIENT): string => identify(draft(format, body), patient, DEVICE).digest;
  const body = { ...identity, freq_card: 90, spo2_pct: 95, b: 1, a: { d: 1, c: 2 } };
  expect(digest('flat', { a: { c: 2, d: 1 }, b: 1, spo2_pct: 95, freq_resp: null, ...identity, freq_card: 90.0 })).toBe(
    digest('flat', body),
  );
  expect(digest('nested', { ...identity, measurements: { spo2_pct: 95, freq_card: 90 } })).toBe(
    digest('cloud', { ...identity, vitals: { heart_rate: 90, spo2: 95 } }),
  );
  for (const change of [{ freq_card: 91 }, { b: 2 }, { quality_flag: 'ok' }, { spo2_pct: null }]) {
    expect(digest('flat', { ...body, ...change })).not.toBe(digest('flat', body));
  }
  expect(digest('flat', body, DEVICE)).not.toBe(digest('flat', body));
});

test('the record of a reading is the JSON of the contract, on one line', () => {
  const reading = identify(draft('nested', { ...nested, note: 'line one\nline two\u001e' }), PATIENT, DEVICE);
  const transport = { source: 'nested', received: 1_763_726_400_000, correlation: 'c-1', imported: true } as const;
  const record = readingRecord(reading, transport, { partitions: 4 });
  // eslint-disable-next-line no-control-regex -- these must not be in a record
  expect(record.value).not.toMatch(/[\n\u0000\u001e]/);
  expect(JSON.parse(record.value)).toMatchObject({
    kind: 'reading',
    id: reading.id,
    patient: PATIENT,
    device: DEVICE,
    digest: reading.digest,
    source: 'nested',
    received: 1_763_726_400_000,
    correlation: 'c-1',
    imported: true,
    vitals: { spo2: 64 },
    extra: { note: 'line one\nline two\u001e' },
  });
  expect((JSON.parse(record.value) as { at: number }).at).toBe(reading.at);
  const held = readingRecord(
    reading,
    { ...transport, imported: false },
    { partitions: 4, hold: { quarantine: DEVICE, reason: 'timestamp_old', patientKnown: false } },
  );
  expect(JSON.parse(held.value)).toMatchObject({ kind: 'held', quarantine: DEVICE, reason: 'timestamp_old', patient_known: false });
  expect(JSON.parse(held.value)).not.toHaveProperty('imported');
});
