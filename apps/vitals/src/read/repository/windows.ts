/** The 5-minute windows of a patient that slide by one minute, newest first. */

import type { Actor } from '../actor.ts';
import { isTimeKey, isUuidKey, toPage } from '../paging.ts';
import type { KeyShape, Page } from '../paging.ts';
import { WINDOW_VITALS } from '../schemas.ts';
import type { Window } from '../schemas.ts';
import type { Database } from './database.ts';
import { Conditions, isoTime, query } from './database.ts';
import type { RangeRequest } from './measurements.ts';

export const WINDOW_KEY: KeyShape = [isTimeKey, isUuidKey];

const COLUMNS = [
  'w.patient_id',
  'w.device_id',
  isoTime('w.window_start', 'window_start'),
  isoTime('w.window_end', 'window_end'),
  'measurement_count::float8',
  ...Object.keys(WINDOW_VITALS).map((column) => (column.endsWith('_count') ? `${column}::float8` : column)),
  ...['avg_quality', 'spo2_anomaly', 'heart_rate_anomaly', 'fever_alert'],
].join(', ');

/** Windows of a patient that begin within the range, newest first; those that begin together by device. */
export async function listWindows(database: Database, actor: Actor, request: RangeRequest): Promise<Page<Window>> {
  const from = await earliest(database, actor, request);
  const [at, id] = request.after ?? [];
  const rows = await query<Window>(database, actor, {
    // Windows begin at full minutes, so a range that ends a minute after the cursor's ends just behind it. A cursor that is null lets
    // every row pass.
    text: `SELECT ${COLUMNS}
             FROM windows_between($1::uuid, $2::timestamptz, least($3::timestamptz, $4::timestamptz + interval '1 minute')) w
            WHERE $4::timestamptz IS NULL OR w.window_start < $4::timestamptz OR w.device_id > $5::uuid
            ORDER BY w.window_start DESC, w.device_id LIMIT ${request.limit + 1}`,
    values: [request.patientId, from, request.to ?? null, at ?? null, id ?? null],
  });
  return toPage(rows, request.limit, (row) => [row.window_start, row.device_id]);
}

/**
 * A time from which on there are windows enough to fill the page, so that the history before it is not read; null when all of it is
 * needed. Each pane begins one window of its own, so a page of n windows lies within the newest n + 1 panes before its end.
 */
async function earliest(database: Database, actor: Actor, request: RangeRequest): Promise<string | null> {
  const conditions = new Conditions();
  conditions.add('patient_id = ?', [request.patientId]);
  if (request.from !== undefined) conditions.add('minute >= ?::timestamptz', [request.from]);
  if (request.to !== undefined) conditions.add('minute < ?::timestamptz', [request.to]);
  if (request.after !== undefined) conditions.add('minute < ?::timestamptz', [request.after[0]]);
  const [row] = await query<{ minute: string }>(database, actor, {
    text: `SELECT ${isoTime('p.minute', 'minute')} FROM window_panes p ${conditions.where} ORDER BY p.minute DESC OFFSET ${request.limit} LIMIT 1`,
    values: conditions.values,
  });
  return row?.minute ?? request.from ?? null;
}
