/**
 * A person's action on an alert that the alarm engine does not hold. Two places know its state: the patient's open alerts and, for one that is
 * closed, the row that the person saw.
 */

import type { TaskContext } from '@kidjamo/stream';

import { CATALOGUE } from '../alarms/catalogue/catalogue.ts';
import type { AlertAction, AlertStatus } from '../contracts/reading.ts';
import type { AlertChange, AlertLogStatus } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { ASSIGNMENT_RULES } from '../domain/technical.ts';
import type { OpenAlert, PatientState } from '../pipeline/state.ts';
import { logAction } from './journal.ts';
import { isOpen, TRANSITIONS } from './transitions.ts';
import type { Refused, Transition } from './transitions.ts';

/** ms in a minute. */
const MINUTE = 60_000;

/** Types of alerts about the equipment. */
const TECHNICAL: ReadonlySet<string> = new Set(
  [...Object.values(ASSIGNMENT_RULES), ...CATALOGUE.filter(({ family }) => family === 'technical')].map(({ code }) => code),
);

/** Whether alerts of this type are about the equipment, and may be snoozed. */
export function isTechnical(type: string): boolean {
  return TECHNICAL.has(type);
}

/** Where the alert was found. */
interface Found {
  readonly from: AlertStatus | undefined;
  readonly open: OpenAlert | undefined;
}

/**
 * Applies the action: the alert's row, one row of its log, and the state. Changes `patient` in place, and answers whether it did.
 * A refused action changes nothing, and is written down too.
 */
export function applyAction(action: AlertAction, patient: PatientState, context: TaskContext): boolean {
  const found = find(action, patient);
  const { from } = found;
  const step = stepOf(action, from);
  if ('refused' in step) {
    logAction(action, { status: 'refused', from: from ?? null, to: from ?? null, metadata: { reason: step.refused } }, context);
    context.count('action_refused');
    return false;
  }
  const until = action.action === 'snooze' ? context.logTime + (action.minutes ?? 0) * MINUTE : undefined;
  const metadata = until === undefined ? {} : { until: new Date(until).toISOString() };
  // What it is now, only its row knows where the state does not.
  const to = from === undefined ? null : step.to;
  logAction(action, { status: statusOf(action, step.to), from: from ?? null, to, metadata }, context);
  context.count('action_applied');
  if (action.action === 'comment') return false;
  context.row(TABLES.alerts, changeOf(action, { from, to: step.to, until }, context.logTime));
  if (found.open === undefined) return false;
  remember(action, { patient, alert: found.open, from, to: step.to, until }, context.logTime);
  return true;
}

function find(action: AlertAction, patient: PatientState): Found {
  const open = Object.values(patient.a ?? {}).find(({ i }) => i === action.alert);
  if (open !== undefined) return { from: open.s ?? 'active', open };
  // The person saw it open, and it is not any more: how it was closed is in its row.
  return { from: isOpen(action.seen.status) ? undefined : action.seen.status, open };
}

function stepOf({ action, seen }: AlertAction, from: AlertStatus | undefined): Transition {
  const refuse = (refused: Refused): Transition => ({ refused });
  if (from === undefined) return action === 'comment' ? { to: seen.status } : refuse('unknown');
  if (action === 'snooze' && isOpen(from) && !isTechnical(seen.type)) return refuse('not_technical');
  return TRANSITIONS[from][action];
}

function statusOf({ action }: AlertAction, to: AlertStatus): AlertLogStatus {
  switch (action) {
    case 'acknowledge':
      return to === 'auto_resolved' ? 'auto_resolved' : 'acknowledged';
    case 'comment':
      return 'commented';
    case 'resolve':
      return 'resolved';
    case 'snooze':
      return 'snoozed';
  }
}

interface Applied {
  readonly from: AlertStatus | undefined;
  readonly to: AlertStatus;
  readonly until: number | undefined;
}

/** Only what changes: the rest of the row is left as it is. */
function changeOf({ alert, action, by }: AlertAction, { from, to, until }: Applied, logTime: number): AlertChange {
  const seen = action === 'acknowledge' && from !== 'acknowledged';
  return {
    alert_id: alert,
    updated_at: logTime,
    status: to,
    // The first person who saw it stays the one who did.
    ...(seen ? { acknowledged_at: logTime, acknowledged_by: by } : {}),
    ...(until === undefined ? {} : { snoozed_until: until }),
    ...(isOpen(to) ? {} : { resolved_at: logTime, auto_resolved: to === 'auto_resolved' }),
    ...(to === 'resolved' ? { resolved_by: by } : {}),
  };
}

/** Keeps the patient's state in step, so that the next breach writes the row with the same status. */
function remember(
  { action, by }: AlertAction,
  { patient, alert, from, to, until }: Applied & { readonly patient: PatientState; readonly alert: OpenAlert },
  logTime: number,
): void {
  if (!isOpen(to)) {
    // Rebuilt rather than deleted from, since the code is not known before.
    patient.a = Object.fromEntries(Object.entries(patient.a ?? {}).filter(([, each]) => each !== alert));
    return;
  }
  if (to !== 'active') alert.s = to;
  if (action === 'acknowledge' && from !== 'acknowledged') {
    alert.w = by;
    alert.h = logTime;
  }
  if (until !== undefined) alert.z = until;
}
