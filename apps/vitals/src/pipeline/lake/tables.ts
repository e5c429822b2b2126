/**
 * The tables of the lake. Only pseudonyms and codes: members that hold free text are not read at all, and those that hold a code but are
 * written by devices and senders are read only where they look like one. Names of columns are those of PostgreSQL where it has the same.
 */

import type { LakeColumn, LakeTable } from '@kidjamo/connector-lake';

import { LOGS } from '../../contracts/logs.ts';
import { VITALS } from '../../contracts/reading.ts';
import type { Vital } from '../../contracts/reading.ts';

/** A code such as `connected` or `motion_artifact`: neither a sentence nor a UUID. */
export const CODE = '[A-Za-z][A-Za-z0-9_]{0,47}';
/** A version such as `2.1.0-rc1`. */
export const VERSION = 'v?[0-9][0-9A-Za-z.]{0,15}(-[0-9A-Za-z.]{1,8})?';

/** The columns of PostgreSQL's `measurements`, by vital sign. */
export const VITAL_COLUMNS: Readonly<Record<Vital, string>> = {
  heart_rate: 'heart_rate_bpm',
  resp_rate: 'respiratory_rate_min',
  spo2: 'spo2_percent',
  temperature: 'temperature_celsius',
  ambient_temp: 'ambient_temp_celsius',
  hydration: 'hydration_percent',
  activity: 'activity_level',
  heat_index: 'heat_index_celsius',
  pain: 'pain_scale',
};

const vitals = (prefix: string): LakeColumn[] =>
  VITALS.map((vital) => ({ name: VITAL_COLUMNS[vital], type: 'double', from: `${prefix}${vital}` }));

/** What a device says of a reading and of itself. */
const DEVICE_COLUMNS: readonly LakeColumn[] = [
  { name: 'battery_percent', type: 'double', from: 'battery' },
  { name: 'signal_quality', type: 'double', from: 'signal' },
  { name: 'confidence_score', type: 'double', from: 'confidence' },
  { name: 'data_completeness', type: 'double', from: 'completeness' },
  { name: 'contact_quality', type: 'double', from: 'contact' },
];

const firmware = (from: string): LakeColumn => ({ name: 'firmware_version', type: 'text', from, pattern: VERSION });

const BY_PATIENT_AND_TIME = ['patient_pseudonym', 'recorded_at'];

/** Readings as received and normalised, repetitions and those in quarantine included. */
export const RAW_READINGS: LakeTable = {
  name: 'raw_readings',
  folder: 'raw/readings',
  log: LOGS.input,
  only: { from: 'kind', oneOf: ['reading', 'held'] },
  eventTime: 'recorded_at',
  sort: BY_PATIENT_AND_TIME,
  columns: [
    { name: 'kind', type: 'text', required: true },
    { name: 'message_id', type: 'uuid', from: 'id', required: true },
    { name: 'patient_pseudonym', type: 'pseudonym', from: 'patient', required: true },
    { name: 'device_pseudonym', type: 'pseudonym', from: 'device', required: true },
    { name: 'recorded_at', type: 'time', from: 'at' },
    { name: 'received_at', type: 'time', from: 'received', required: true },
    ...vitals('vitals.'),
    { name: 'quality_flag', type: 'text', pattern: CODE },
    ...DEVICE_COLUMNS,
    firmware('firmware'),
    { name: 'imported', type: 'boolean' },
    { name: 'source', type: 'text' },
    { name: 'hold_reason', type: 'text', from: 'reason', pattern: CODE },
    { name: 'patient_known', type: 'boolean' },
  ],
};

/** Readings once each, graded and enriched. */
export const BRONZE_READINGS: LakeTable = {
  name: 'bronze_readings',
  folder: 'bronze/readings',
  log: LOGS.readings,
  eventTime: 'recorded_at',
  sort: BY_PATIENT_AND_TIME,
  columns: [
    { name: 'message_id', type: 'uuid', required: true },
    { name: 'patient_pseudonym', type: 'pseudonym', from: 'patient_id', required: true },
    { name: 'device_pseudonym', type: 'pseudonym', from: 'device_id', required: true },
    { name: 'recorded_at', type: 'time' },
    { name: 'received_at', type: 'time', required: true },
    ...vitals(''),
    ...DEVICE_COLUMNS,
    { name: 'quality_flag', type: 'text', required: true },
    { name: 'quality_codes', type: 'texts', from: 'quality' },
    { name: 'breaches', type: 'texts' },
    { name: 'low_confidence', type: 'boolean' },
    { name: 'late', type: 'boolean' },
    { name: 'imported', type: 'boolean' },
    { name: 'source', type: 'text' },
    firmware('firmware'),
    { name: 'age_band', type: 'text' },
    { name: 'genotype', type: 'text' },
    { name: 'heat_index_computed', type: 'double' },
    { name: 'heat_index_method', type: 'text' },
    { name: 'hydration_index', type: 'double' },
  ],
};

/** One-minute panes as they close. A vital sign that was not measured has nulls, its count included. */
export const BRONZE_PANES: LakeTable = {
  name: 'bronze_panes',
  folder: 'bronze/panes',
  log: LOGS.panes,
  eventTime: 'minute',
  sort: ['patient_pseudonym', 'minute', 'device_pseudonym'],
  columns: [
    { name: 'patient_pseudonym', type: 'pseudonym', from: 'patient_id', required: true },
    { name: 'device_pseudonym', type: 'pseudonym', from: 'device_id', required: true },
    { name: 'minute', type: 'time' },
    { name: 'count', type: 'integer', required: true },
    { name: 'quality_sum', type: 'double', required: true },
    { name: 'quality_count', type: 'integer', required: true },
    ...VITALS.flatMap((vital): LakeColumn[] => [
      { name: `${vital}_count`, type: 'integer' },
      { name: `${vital}_sum`, type: 'double' },
      { name: `${vital}_min`, type: 'double' },
      { name: `${vital}_max`, type: 'double' },
    ]),
  ],
};

/** Alerts as they are raised, without their words. The types of those raised by people are kept only where they look like a code. */
export const BRONZE_ALERTS: LakeTable = {
  name: 'bronze_alerts',
  folder: 'bronze/alerts',
  log: LOGS.alerts,
  eventTime: 'recorded_at',
  sort: BY_PATIENT_AND_TIME,
  columns: [
    { name: 'alert_id', type: 'uuid', required: true },
    { name: 'patient_pseudonym', type: 'pseudonym', from: 'patient_id' },
    { name: 'device_pseudonym', type: 'pseudonym', from: 'device_id' },
    { name: 'alert_type', type: 'text', pattern: CODE },
    { name: 'severity', type: 'text', required: true },
    { name: 'reasons', type: 'texts', pattern: CODE },
    { name: 'recorded_at', type: 'time' },
    { name: 'created_at', type: 'time', required: true },
    { name: 'quality_score', type: 'double' },
    { name: 'retrospective', type: 'boolean' },
    { name: 'uncertain', type: 'boolean' },
    { name: 'source', type: 'text' },
  ],
};

/** What devices say of themselves. */
export const BRONZE_DEVICE_STATUS: LakeTable = {
  name: 'bronze_device_status',
  folder: 'bronze/device_status',
  log: LOGS.deviceStatus,
  eventTime: 'recorded_at',
  sort: ['device_pseudonym', 'recorded_at'],
  columns: [
    { name: 'message_id', type: 'uuid', required: true },
    { name: 'patient_pseudonym', type: 'pseudonym', from: 'patient_id' },
    { name: 'device_pseudonym', type: 'pseudonym', from: 'device_id', required: true },
    { name: 'recorded_at', type: 'time' },
    { name: 'battery_percent', type: 'double', from: 'battery_level' },
    { name: 'signal_quality', type: 'double', from: 'signal_strength' },
    { name: 'status', type: 'text', pattern: CODE },
    firmware('firmware_version'),
    { name: 'needs_attention', type: 'boolean' },
  ],
};

/** All of them. */
export const LAKE_TABLES: readonly LakeTable[] = [RAW_READINGS, BRONZE_READINGS, BRONZE_PANES, BRONZE_ALERTS, BRONZE_DEVICE_STATUS];
