/** Stored readings of a patient, newest first. */

import type { Actor } from '../actor.ts';
import { isTimeKey, isUuidKey, toPage } from '../paging.ts';
import type { KeyShape, Page, PageRequest } from '../paging.ts';
import type { Measurement } from '../schemas.ts';
import { VITAL_FIELDS } from '../schemas.ts';
import type { Database } from './database.ts';
import { Conditions, isoTime, query } from './database.ts';

export const MEASUREMENT_KEY: KeyShape = [isTimeKey, isUuidKey];

/** A patient's rows within [from, to) of event time. Times are texts that PostgreSQL takes. */
export interface RangeRequest extends PageRequest {
  readonly patientId: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** `extra` (members nobody described) and `digest` stay in the database: the first may hold free text, the second says nothing. */
const COLUMNS = [
  'message_id',
  'patient_id',
  'device_id',
  isoTime('recorded_at'),
  isoTime('received_at'),
  ...Object.keys(VITAL_FIELDS),
  'battery_percent',
  'signal_quality',
  'confidence_score',
  'data_completeness',
  'contact_quality',
  'quality_flag',
  "coalesce(quality_codes, '{}') AS quality_codes",
  "coalesce(breaches, '{}') AS breaches",
  'low_confidence',
  'late',
  'imported',
  'data_source',
  'source',
  'firmware_version',
  'age_band',
  'heat_index_computed',
  'hydration_index',
  'correlation_id',
].join(', ');

/** Readings of a patient, newest event time first. */
export async function listMeasurements(database: Database, actor: Actor, request: RangeRequest): Promise<Page<Measurement>> {
  const conditions = new Conditions();
  conditions.add('m.patient_id = ?', [request.patientId]);
  if (request.from !== undefined) conditions.add('m.recorded_at >= ?::timestamptz', [request.from]);
  if (request.to !== undefined) conditions.add('m.recorded_at < ?::timestamptz', [request.to]);
  if (request.after !== undefined) {
    // The order mixes directions, so the key cannot be compared as one row; the first term is the one that the index follows.
    const [at, id] = request.after;
    conditions.add('m.recorded_at <= ?::timestamptz AND (m.recorded_at < ?::timestamptz OR m.message_id > ?::uuid)', [at, at, id]);
  }
  const rows = await query<Measurement>(database, actor, {
    text: `SELECT ${COLUMNS} FROM measurements m ${conditions.where} ORDER BY m.recorded_at DESC, m.message_id LIMIT ${request.limit + 1}`,
    values: conditions.values,
  });
  return toPage(rows, request.limit, (row) => [row.recorded_at, row.message_id]);
}
