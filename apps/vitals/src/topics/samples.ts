/** Records as the task emits them, for the examples of the documents. Nobody's ids, and a key that is in use nowhere. */

import { createHash } from 'node:crypto';

import { LOGS } from '../contracts/logs.ts';
import type { AlertOut, DeviceStatusOut, ErrorOut, ReadingOut } from '../contracts/outputs.ts';
import { outputEncoders } from './encoders.ts';
import { TopicIdentities } from './identities.ts';
import type { TopicMessage } from './names.ts';

const MEASURED = Date.parse('2026-11-20T08:30:00Z');
const PATIENT = '5f0c9d1e-6a57-4b0e-9a55-0d6f0e2b7c11';
const DEVICE = 'c2b7a8f4-3d19-4e6c-8f21-7b9e4a5d6c33';
const CORRELATION = '0d4e7f5a-91c2-4f38-b6a7-2e8c1d9f0b44';

const READING: ReadingOut = {
  message_id: '019a9ff4-3c40-8a1b-9c2d-3e4f5a6b7c8d',
  patient_id: PATIENT,
  device_id: DEVICE,
  recorded_at: MEASURED,
  received_at: MEASURED + 412,
  source: 'nested',
  imported: false,
  late: false,
  heart_rate: 128,
  resp_rate: 24,
  spo2: 86,
  temperature: 38.4,
  ambient_temp: 24.5,
  hydration: 61,
  activity: 1.5,
  breaches: ['CRITICAL_SPO2', 'CRITICAL_TEMPERATURE'],
  quality: [],
  quality_flag: 'ok',
  low_confidence: false,
  confidence: 95,
  completeness: 100,
  contact: 90,
  battery: 84,
  signal: 77,
  firmware: '2.1.0',
  age_band: 'G3',
  genotype: 'SS',
  correlation: CORRELATION,
};

const ALERT: AlertOut = {
  alert_id: '7d1f2a3b-4c5d-8e6f-8a7b-9c0d1e2f3a4b',
  patient_id: PATIENT,
  device_id: DEVICE,
  alert_type: 'CRITICAL_SPO2',
  severity: 'critical',
  reasons: ['spo2 86 (limit: SpO2 < 88 %)'],
  message: 'Oxygen saturation is critically low.',
  recorded_at: MEASURED,
  created_at: MEASURED + 430,
  measurements: { heart_rate: 128, resp_rate: 24, spo2: 86, temperature: 38.4 },
  quality_score: 95,
  context: { age_band: 'G3', age_known: true, rule_version: 'floors-1', limit: 'SpO2 < 88 %', tags: [], imported: false },
  retrospective: false,
  uncertain: false,
  source: 'engine',
  correlation: CORRELATION,
};

const STATUS: DeviceStatusOut = {
  message_id: '2b3c4d5e-6f7a-8b8c-9d0e-1f2a3b4c5d6e',
  patient_id: PATIENT,
  device_id: DEVICE,
  recorded_at: MEASURED,
  battery_level: 14,
  signal_strength: 77,
  status: 'connected',
  firmware_version: '2.1.0',
  needs_attention: true,
  correlation: CORRELATION,
};

const ERROR: ErrorOut = {
  message_id: '019a9ff4-3c40-8f1e-8d2c-3b4a5f6e7d8c',
  patient_id: PATIENT,
  device_id: DEVICE,
  error: 'unassigned_device',
  created_at: MEASURED + 430,
  correlation: CORRELATION,
};

/** A record of each output log. */
export const SAMPLE_RECORDS = {
  [LOGS.readings]: READING,
  [LOGS.alerts]: ALERT,
  [LOGS.deviceStatus]: STATUS,
  [LOGS.errors]: ERROR,
} as const;

/** The same as messages. */
export function sampleMessages(): Readonly<Record<keyof typeof SAMPLE_RECORDS, TopicMessage>> {
  const key = { id: 'example', key: createHash('sha256').update('an example, and no key').digest() };
  const encoders = outputEncoders(new TopicIdentities(key));
  const message = (log: keyof typeof SAMPLE_RECORDS): TopicMessage => {
    const encoded = encoders[log]({ value: JSON.stringify(SAMPLE_RECORDS[log]), time: MEASURED + 430 });
    // A sample that does not fit shows in the documents, and the test of the documents fails.
    return 'refuse' in encoded ? { key: '', value: JSON.stringify(encoded), headers: {} } : encoded;
  };
  return {
    [LOGS.readings]: message(LOGS.readings),
    [LOGS.alerts]: message(LOGS.alerts),
    [LOGS.deviceStatus]: message(LOGS.deviceStatus),
    [LOGS.errors]: message(LOGS.errors),
  };
}

/** A reading as others may write it. */
export const FOREIGN_SAMPLE = {
  device_id: 'bracelet-7',
  patient_id: 'patient-001-ss',
  timestamp: '2026-11-20T08:30:00Z',
  measurements: { freq_card: 128, freq_resp: 24, spo2_pct: 86, temp_corp: 38.4 },
  quality_indicators: { quality_flag: 'ok', confidence_score: 95 },
} as const;
