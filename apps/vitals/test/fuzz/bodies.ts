/** Valid bodies of every format, which the fuzzer then spoils. */

import type { Random } from './random.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type JsonObject = { [name: string]: Json };

/** A route with the body that it expects. */
export interface FuzzRoute {
  readonly path: string;
  readonly batches: boolean;
  readonly body: (random: Random, now: number) => JsonObject;
}

const uuid = (random: Random): string => {
  const hex = (n: number): string => Array.from({ length: n }, () => random.below(16).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
};

const patient = (random: Random): string =>
  random.pick(['patient-001-ss', 'patient-002-as', 'Éloïse 😀', uuid(random), uuid(random).toUpperCase()]);
const device = (random: Random): string => random.pick([`bracelet-${random.below(50)}`, uuid(random)]);
/** Every reading has a time of its own, so that conflicts come only from cases that repeat one on purpose. */
const time = (random: Random, now: number): string => {
  const at = new Date(now - random.below(3_600_000)).toISOString();
  return random.pick([
    at,
    at.slice(0, -1),
    at.slice(0, -1) + String(random.below(1000)).padStart(3, '0') + 'Z',
    at.replace('Z', '+00:00'),
    at.replace('T', ' '),
  ]);
};
const value = (random: Random, low: number, high: number): Json =>
  random.chance(0.1) ? null : Math.round((low + random.next() * (high - low)) * 10) / 10;

function frenchVitals(random: Random, ambient: string): JsonObject {
  return {
    freq_card: value(random, 20, 220),
    freq_resp: value(random, 4, 60),
    spo2_pct: value(random, 50, 100),
    temp_corp: value(random, 28, 42),
    [ambient]: value(random, -20, 45),
    pct_hydratation: value(random, 10, 100),
    activity: value(random, 0, 100),
    heat_index: value(random, 20, 45),
  };
}

function nested(random: Random, now: number): JsonObject {
  const id = device(random);
  return {
    device_id: id,
    patient_id: patient(random),
    timestamp: time(random, now),
    measurements: frenchVitals(random, 'temp_ambiente'),
    device_info: {
      device_id: id,
      firmware_version: '1.2.3',
      battery_level: value(random, 0, 100),
      signal_strength: 80,
      status: 'connected',
      last_sync: time(random, now),
    },
    quality_indicators: {
      quality_flag: random.pick(['ok', 'motion', 'low_signal']),
      confidence_score: value(random, 0, 100),
      data_completeness: 100,
      sensor_contact_quality: 90,
    },
  };
}

function cloud(random: Random, now: number): JsonObject {
  return {
    device_id: device(random),
    patient_id: patient(random),
    timestamp: time(random, now),
    vitals: {
      spo2: value(random, 50, 100),
      heart_rate: value(random, 20, 220),
      temperature: value(random, 28, 42),
      ambient_temp: value(random, -20, 45),
      respiratory_rate: value(random, 4, 60),
      hydration_pct: value(random, 10, 100),
      activity_level: value(random, 0, 10),
      pain_scale: random.below(11),
    },
    metadata: { battery_level: 70, signal_quality: 88, firmware_version: '2.0.0' },
  };
}

export const FUZZ_ROUTES: readonly FuzzRoute[] = [
  { path: '/iot/measurements', batches: false, body: nested },
  {
    path: '/ingest',
    batches: false,
    body: (random, now) => ({
      patient_id: patient(random),
      device_id: device(random),
      timestamp: time(random, now),
      ...frenchVitals(random, 'temp_ambiante'),
      quality_flag: 'ok',
    }),
  },
  { path: '/api/v1/measurements', batches: true, body: nested },
  { path: '/v1/vitals', batches: true, body: cloud },
  {
    path: '/iot/alerts',
    batches: false,
    body: (random) => ({
      patient_id: patient(random),
      alert_type: 'PAIN_CRISIS',
      severity: random.pick(['low', 'medium', 'high', 'critical']),
      message: 'douleur à la jambe',
      measurements: { spo2_pct: value(random, 50, 100) },
    }),
  },
  {
    path: '/api/v1/device/status',
    batches: false,
    body: (random, now) => ({
      device_id: device(random),
      patient_id: patient(random),
      timestamp: time(random, now),
      battery_level: value(random, 0, 100),
      signal_strength: 55,
      status: 'connected',
      firmware_version: '1.2.3',
    }),
  },
];
