/** Rows of the log of alerts, as the task writes them. */

import type { TaskContext } from '@kidjamo/stream';

import type { AlertAction, AlertStatus } from '../contracts/reading.ts';
import type { AlertLogRow, AlertLogStatus } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { deterministicId } from '../domain/ids.ts';

/** What became of an alert without anybody's doing. */
export interface AlarmStory {
  /** Alert id. */
  readonly alarm: string;
  /** Null while the patient is unknown. */
  readonly patient: string | null;
  readonly status: AlertLogStatus;
  readonly from: AlertStatus | null;
  readonly to: AlertStatus;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Writes it down. */
export function logAlarm({ alarm, patient, status, from, to, metadata }: AlarmStory, context: TaskContext): void {
  const row: AlertLogRow = {
    // Steps of one input are told apart by what they say.
    log_id: deterministicId('alert_log', alarm, status, context.logTime, JSON.stringify([from, to, metadata])),
    alert_id: alarm,
    patient_id: patient,
    status,
    from_status: from,
    to_status: to,
    changed_at: context.logTime,
    changed_by: null,
    comment: null,
    metadata,
    action_id: null,
    digest: null,
  };
  context.row(TABLES.alertLogs, row);
}

/** What came of an action. */
export interface ActionResult {
  readonly status: AlertLogStatus;
  readonly from: AlertStatus | null;
  readonly to: AlertStatus | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Writes down what came of an action: exactly one row for each. */
export function logAction(action: AlertAction, { status, from, to, metadata }: ActionResult, context: TaskContext): void {
  const row: AlertLogRow = {
    log_id: action.id,
    alert_id: action.alert,
    patient_id: action.patient_known ? action.patient : null,
    status,
    from_status: from,
    to_status: to,
    changed_at: context.logTime,
    changed_by: action.by,
    comment: action.note ?? null,
    metadata: { action: action.action, as: action.as, ...metadata },
    action_id: action.id,
    digest: action.digest,
  };
  context.row(TABLES.alertLogs, row);
}
