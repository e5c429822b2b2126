/** Alerts, newest first. */

import type { Severity } from '../../contracts/reading.ts';
import type { Actor } from '../actor.ts';
import { isTimeKey, isUuidKey, toPage } from '../paging.ts';
import type { KeyShape, Page, PageRequest } from '../paging.ts';
import type { Alert } from '../schemas.ts';
import type { Database } from './database.ts';
import { Conditions, isoTime, query } from './database.ts';

export const ALERT_KEY: KeyShape = [isTimeKey, isUuidKey];

/** Which alerts are wanted. Members left undefined do not restrict. */
export interface AlertRequest extends PageRequest {
  readonly open: boolean;
  readonly severity: Severity | undefined;
  readonly patientId: string | undefined;
  /** Earliest creation, included: text that PostgreSQL takes. */
  readonly since: string | undefined;
}

const COLUMNS = [
  'a.alert_id',
  'a.patient_id',
  '(SELECT p.external_id FROM patients p WHERE p.patient_id = a.patient_id) AS patient_external_id',
  ...['device_id', 'alert_type', 'severity', 'title', 'message', 'vitals_snapshot', 'trigger_conditions', 'suggested_actions', 'tags'],
  ...['rule_version', 'status', 'retrospective', 'uncertain', 'imported'],
  isoTime('first_seen_at'),
  isoTime('last_seen_at'),
  'breach_count::float8',
  isoTime('a.created_at', 'created_at'),
  isoTime('updated_at'),
  isoTime('ack_deadline'),
  'escalation_level',
  isoTime('resolved_at'),
  ...['auto_resolved', 'created_by_system', 'related_measurement_id', 'quarantine_id', 'correlation_id'],
].join(', ');

/** Alerts, newest creation first. */
export async function listAlerts(database: Database, actor: Actor, request: AlertRequest): Promise<Page<Alert>> {
  const conditions = new Conditions();
  if (request.open) conditions.add('a.resolved_at IS NULL');
  if (request.severity !== undefined) conditions.add('a.severity = ?', [request.severity]);
  if (request.patientId !== undefined) conditions.add('a.patient_id = ?', [request.patientId]);
  if (request.since !== undefined) conditions.add('a.created_at >= ?::timestamptz', [request.since]);
  if (request.after !== undefined) conditions.add('(a.created_at, a.alert_id) < (?::timestamptz, ?::uuid)', request.after);
  const rows = await query<Alert>(database, actor, {
    text: `SELECT ${COLUMNS} FROM alerts a ${conditions.where} ORDER BY a.created_at DESC, a.alert_id DESC LIMIT ${request.limit + 1}`,
    values: conditions.values,
  });
  return toPage(rows, request.limit, (row) => [row.created_at, row.alert_id]);
}
