/** A person's action on an alarm of the engine: the engine decides, and what came of it is written down once. */

import type { TaskContext } from '@kidjamo/stream';

import type { AlarmEffects, RefusalReason, Transition } from '../alarms/engine/index.ts';
import type { AlertAction, AlertStatus } from '../contracts/reading.ts';
import type { AlertLogStatus } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { openAlarm } from '../pipeline/alarm-rows.ts';
import type { Alarms } from '../pipeline/alarms.ts';
import { noReading } from '../pipeline/alarms.ts';
import type { AlarmRow, AlarmTail, PatientState } from '../pipeline/state.ts';
import { tailKey } from '../pipeline/state.ts';
import { logAction } from './journal.ts';
import type { Refused } from './transitions.ts';

/** ms in a minute. */
const MINUTE = 60_000;

/** Applies the action, and says whether it was about an alarm of the engine that is open. */
export function applyToAlarm(
  action: AlertAction,
  { patient, alarms }: { readonly patient: PatientState; readonly alarms: Alarms },
  context: TaskContext,
): boolean {
  const tail = context.get<AlarmTail>(tailKey(action.patient));
  const before = tail === undefined ? undefined : openAlarm(tail, action.alert);
  if (before === undefined) return false;
  const { minutes = 0, note, by, as } = action;
  const until = action.action === 'snooze' ? context.logTime + minutes * MINUTE : undefined;
  alarms.take(
    {
      ...noReading(action.patient, action.correlation),
      known: action.patient_known,
      state: patient,
      at: context.logTime,
      input: {
        kind: 'action',
        action: action.action,
        alarm: action.alert,
        by: { person: by, role: as },
        ...(until === undefined ? {} : { until }),
        ...(note === undefined ? {} : { note }),
      },
      before: (effects) => {
        writeDown(action, { effects, before, until }, context);
      },
    },
    context,
  );
  return true;
}

interface Done {
  readonly effects: AlarmEffects;
  readonly before: AlarmRow;
  /** Log time to which it is snoozed. */
  readonly until: number | undefined;
}

function writeDown(action: AlertAction, { effects, before, until }: Done, context: TaskContext): void {
  const [refusal] = effects.refusals;
  if (refusal !== undefined) {
    const shown: AlertStatus = before.c === 1 ? 'cleared' : before.h === 1 ? 'acknowledged' : 'active';
    logAction(action, { status: 'refused', from: shown, to: shown, metadata: { reason: REASONS[refusal.reason] } }, context);
    context.count('action_refused');
    return;
  }
  const done = effects.transitions.find((each) => each.alarm === action.alert && each.reason === action.action);
  const metadata = until === undefined ? {} : { until: new Date(until).toISOString() };
  logAction(action, { status: statusOf(action, done), from: shownOf(done?.from), to: shownOf(done?.to), metadata }, context);
  if (until !== undefined) context.row(TABLES.alerts, { alert_id: action.alert, updated_at: context.logTime, snoozed_until: until });
  context.count('action_applied');
}

/** What the engine refuses, as people are told. */
const REASONS: Readonly<Record<RefusalReason, Refused>> = { not_open: 'closed', not_technical: 'not_technical', until_invalid: 'closed' };

function statusOf({ action }: AlertAction, done: Transition | undefined): AlertLogStatus {
  switch (action) {
    case 'acknowledge':
      return done?.to === 'auto_resolved' ? 'auto_resolved' : 'acknowledged';
    case 'comment':
      return 'commented';
    case 'resolve':
      return 'resolved';
    case 'snooze':
      return 'snoozed';
  }
}

function shownOf(state: Transition['from'] | undefined): AlertStatus | null {
  return state === undefined || state === 'none' || state === 'pending' ? null : state;
}
