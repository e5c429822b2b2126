/** Alerts, newest first. */

import { KidjamoError } from '@kidjamo/stream';

import type { Severity } from '../../contracts/reading.ts';
import type { Actor } from '../actor.ts';
import { isOffsetKey, isTimeKey, isUuidKey, toPage } from '../paging.ts';
import type { KeyShape, Page, PageRequest } from '../paging.ts';
import type { Alert, AlertLogEntry } from '../schemas.ts';
import type { Database } from './database.ts';
import { Conditions, isoTime, nameOf, query } from './database.ts';

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
  isoTime('acknowledged_at'),
  'acknowledged_by',
  `(SELECT ${nameOf('u')} FROM users u WHERE u.user_id = a.acknowledged_by) AS acknowledged_by_name`,
  isoTime('snoozed_until'),
  isoTime('resolved_at'),
  ...['resolved_by', 'auto_resolved', 'created_by_system', 'related_measurement_id', 'quarantine_id', 'correlation_id'],
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

export const ALERT_LOG_KEY: KeyShape = [isTimeKey, isOffsetKey];

/**
 * What happened to an alert, in order.
 * @throws KidjamoError NOT_FOUND.
 */
export async function listAlertLog(
  database: Database,
  actor: Actor,
  request: PageRequest & { readonly alertId: string },
): Promise<Page<AlertLogEntry>> {
  const { alertId, limit, after } = request;
  const found = isUuidKey(alertId)
    ? await query(database, actor, { text: 'SELECT FROM alerts WHERE alert_id = $1', values: [alertId] })
    : [];
  if (found.length === 0) throw new KidjamoError('NOT_FOUND', 'there is no such alert');
  const conditions = new Conditions();
  conditions.add('l.alert_id = ?', [alertId]);
  if (after !== undefined) conditions.add('(l.changed_at, l.seq) > (?::timestamptz, ?::bigint)', after);
  const rows = await query<AlertLogEntry & { readonly seq: string }>(database, actor, {
    text: `SELECT log_id, l.status, from_status, to_status, ${isoTime('l.changed_at', 'changed_at')}, changed_by,
                  (SELECT ${nameOf('u')} FROM users u WHERE u.user_id = l.changed_by) AS changed_by_name, comment, metadata, action_id, seq::text
             FROM alert_status_logs l ${conditions.where} ORDER BY l.changed_at, l.seq LIMIT ${limit + 1}`,
    values: conditions.values,
  });
  const page = toPage(rows, limit, (row) => [row.changed_at, row.seq]);
  return { ...page, items: page.items.map(({ seq: _seq, ...entry }) => entry) };
}
