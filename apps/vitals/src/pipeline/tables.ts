/** The tables that the commit of the vitals task writes in bulk, with the types of their columns. Names equal those of the migrations; a test compares the two. */

import type { Column, UpsertTable } from '@kidjamo/connector-postgres';

import { VITALS } from '../contracts/reading.ts';

const float = (...names: string[]): Column[] => names.map((name) => ({ name, type: 'float8' }));

/** Appended to, never updated by the stream. */
export const MEASUREMENTS: { readonly name: string; readonly columns: readonly Column[] } = {
  name: 'measurements',
  columns: [
    { name: 'message_id', type: 'uuid' },
    { name: 'patient_id', type: 'uuid' },
    { name: 'device_id', type: 'uuid' },
    { name: 'recorded_at', type: 'timestamptz' },
    { name: 'received_at', type: 'timestamptz' },
    ...float('heart_rate_bpm', 'respiratory_rate_min', 'spo2_percent', 'temperature_celsius', 'ambient_temp_celsius', 'hydration_percent'),
    ...float('activity_level', 'heat_index_celsius', 'pain_scale', 'battery_percent', 'signal_quality'),
    ...float('confidence_score', 'data_completeness', 'contact_quality'),
    { name: 'quality_flag', type: 'text' },
    { name: 'quality_codes', type: 'text[]' },
    { name: 'breaches', type: 'text[]' },
    { name: 'low_confidence', type: 'bool' },
    { name: 'late', type: 'bool' },
    { name: 'imported', type: 'bool' },
    { name: 'source', type: 'text' },
    { name: 'firmware_version', type: 'text' },
    { name: 'age_band', type: 'text' },
    ...float('heat_index_computed', 'hydration_index'),
    { name: 'digest', type: 'text' },
    { name: 'correlation_id', type: 'text' },
    { name: 'extra', type: 'jsonb' },
  ],
};

/** One row per patient, device and minute, replaced while the minute is open. */
export const WINDOW_PANES: UpsertTable = {
  name: 'window_panes',
  key: ['patient_id', 'minute', 'device_id'],
  columns: [
    { name: 'patient_id', type: 'uuid' },
    { name: 'device_id', type: 'uuid' },
    { name: 'minute', type: 'timestamptz' },
    { name: 'count', type: 'int4' },
    { name: 'quality_sum', type: 'float8' },
    { name: 'quality_count', type: 'int4' },
    ...VITALS.flatMap((vital): Column[] => [
      { name: `${vital}_count`, type: 'int4' },
      ...float(`${vital}_sum`, `${vital}_min`, `${vital}_max`),
    ]),
  ],
};
