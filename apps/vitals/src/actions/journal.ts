/** Rows of the log of alerts, as the task writes them. */

import type { TaskContext } from '@kidjamo/stream';

import type { AlertAction, AlertStatus } from '../contracts/reading.ts';
import type { AlertLogRow, AlertLogStatus, AlertRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { deterministicId } from '../domain/ids.ts';

/** Writes down that an alert was raised. */
export function logRaised(alert: AlertRow, context: TaskContext): void {
  logByItself(alert, { status: 'created', from: null }, context);
}

/** Writes down what became of an alert without anybody's doing. */
export function logByItself(
  alert: AlertRow,
  step: { readonly status: AlertLogStatus; readonly from: AlertStatus | null },
  context: TaskContext,
): void {
  const row: AlertLogRow = {
    log_id: deterministicId('alert_log', alert.alert_id, step.status, context.logTime),
    alert_id: alert.alert_id,
    patient_id: alert.patient_id,
    status: step.status,
    from_status: step.from,
    to_status: alert.status,
    changed_at: context.logTime,
    changed_by: null,
    comment: null,
    metadata: {},
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
