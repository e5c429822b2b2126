import { expect, test } from 'vitest';

import { RequestTemplate } from '../load/request.ts';

interface Reading {
  patient_id: string;
  device_id: string;
  timestamp: string;
  measurements: Record<string, number>;
}

const NOON = Date.parse('2026-02-03T12:00:00Z') * 1000;
const shape = { path: '/x', population: 'test', patients: 7, readings: 1 };

function parse(template: RequestTemplate): { head: string; body: unknown } {
  const [head = '', body = ''] = template.bytes.toString('latin1').split('\r\n\r\n');
  expect(Number(/content-length: (\d+)/.exec(head)?.[1])).toBe(body.length);
  return { head, body: JSON.parse(body) as unknown };
}

test('a filled request is JSON with the event time to the microsecond', () => {
  const template = new RequestTemplate(shape);
  template.fill(3, NOON + 61_000_042);
  const { head, body } = parse(template);
  expect(head).toMatch(/^POST \/x HTTP\/1\.1\r\n/);
  expect(body).toMatchObject({ patient_id: 'test-p000003', device_id: 'test-d000003', timestamp: '2026-02-03T12:01:01.000042Z' });
});

test('readings go round the patients, one after the other, also in a batch', () => {
  const template = new RequestTemplate({ ...shape, readings: 5 });
  template.fill(5, NOON);
  const { body } = parse(template);
  expect((body as Reading[]).map((reading) => reading.patient_id)).toEqual([5, 6, 0, 1, 2].map((n) => `test-p00000${n}`));
});

test('filling again leaves nothing of the earlier reading', () => {
  const once = new RequestTemplate(shape);
  once.fill(2, NOON);
  const twice = new RequestTemplate(shape);
  twice.fill(999_999, NOON + 123_456_789);
  twice.fill(2, NOON);
  expect(twice.bytes.equals(once.bytes)).toBe(true);
});

test('normal readings breach no floor, whatever their number', () => {
  const template = new RequestTemplate({ ...shape, patients: 977 });
  for (let n = 0; n < 50_000; n += 97) {
    template.fill(n, NOON + n);
    const { measurements } = parse(template).body as Reading;
    expect(measurements['spo2_pct']).toBeGreaterThan(92);
    expect(measurements['spo2_pct']).toBeLessThan(100);
    expect(measurements['temp_corp']).toBeLessThan(37.3);
    expect(measurements['heart_rate'] ?? measurements['freq_card']).toBeGreaterThan(60);
    expect(measurements['freq_card']).toBeLessThan(90);
    expect(measurements['freq_resp']).toBeLessThan(20);
  }
});

test('each critical reading is of a patient that no other reading is of', () => {
  const template = new RequestTemplate({ ...shape, criticals: { every: 10, patients: 20 } });
  const critical = new Set<string>();
  const others = new Set<string>();
  for (let n = 0; n < 200; n += 1) {
    template.fill(n, NOON + n);
    const { patient_id, measurements } = parse(template).body as Reading;
    (measurements['spo2_pct'] === 84 ? critical : others).add(patient_id);
  }
  expect(critical.size).toBe(20);
  expect(others.size).toBe(7);
  expect([...critical].filter((patient) => others.has(patient))).toEqual([]);
});
