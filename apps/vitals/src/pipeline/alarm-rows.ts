/** What the alarm engine tells, as rows of alerts and of their log, and as alerts of the live stream. */

import type { TaskContext } from '@kidjamo/stream';

import { logAlarm } from '../actions/journal.ts';
import type { Breach, Transition } from '../alarms/engine/index.ts';
import { manualAlertOf, ruleOf } from '../alarms/engine/index.ts';
import { LOGS } from '../contracts/logs.ts';
import type { AlertOut } from '../contracts/outputs.ts';
import type { AlertStatus, Vitals } from '../contracts/reading.ts';
import type { AlertChange, AlertLogStatus, AlertRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import type { Rule } from '../domain/rule.ts';
import { acknowledgeBy, rankOf } from '../domain/severity.ts';
import { writeCall } from './alarm-calls.ts';
import type { AlarmSource, Told } from './alarm-told.ts';
import { conditionOf, durationText } from './alert-texts.ts';
import type { AlarmRow, AlarmTail } from './state.ts';

/** Tag of an alert whose age band is only assumed. */
export const AGE_UNKNOWN = 'age_unknown';

/** Alarms for late data that later ones are added to, at the most. */
const LATE_ROWS = 8;

/** Writes the effects of one input. Changes `tail` in place. */
export function writeEffects(told: Told, tail: AlarmTail, context: TaskContext): void {
  const { transitions, breaches, calls } = told.effects;
  for (const transition of transitions) {
    const manual = manualAlertOf(transition.rule);
    if (manual !== undefined && transition.from === 'none') (tail.o ??= {})[transition.rule] = rowByHand(told, transition, context);
    else if (transition.to === 'retrospective') openRow(told, { transition, rows: (tail.r ??= {}) }, context);
    else if (transition.from === 'none' || transition.from === 'pending') openRow(told, { transition, rows: (tail.o ??= {}) }, context);
    else changeRow(told, { transition, tail }, context);
  }
  for (const breach of breaches) extendRow(told, { breach, tail }, context);
  for (const call of calls) writeCall(told, { call, tail }, context);
}

/** An alarm that is open: its row. */
export function openAlarm({ o: open }: AlarmTail, alarm: string): AlarmRow | undefined {
  return open === undefined ? undefined : Object.values(open).find(({ i }) => i === alarm);
}

interface Opening {
  readonly transition: Transition;
  readonly rows: Record<string, AlarmRow>;
}

function openRow(told: Told, { transition, rows }: Opening, context: TaskContext): void {
  const { rule: code, alarm, values = {}, limit = '', eventTime, severity } = transition;
  const rule = ruleOf(code, told);
  const at = eventTime ?? context.logTime;
  const row: AlarmRow = {
    i: alarm,
    s: severity.after,
    f: Math.min(transition.since ?? at, at),
    l: at,
    n: 0,
    v: vitalsOf(told, rule),
    x: limit,
    t: told.rules.ageKnown || rule.kind === 'technical' ? [] : [AGE_UNKNOWN],
    g: context.logTime,
    o: told.correlation,
  };
  for (const tag of rule.tags(values)) if (!row.t.includes(tag)) row.t.push(tag);
  rows[code] = row;
  const [oldest] = Object.keys(rows);
  // Alarms for late data are never open: only the last ones can be added to.
  if (transition.to === 'retrospective' && oldest !== undefined && Object.keys(rows).length > LATE_ROWS)
    Reflect.deleteProperty(rows, oldest);
  const written = alertRow(told, { transition, rule, row }, context);
  context.row(TABLES.alerts, written);
  context.output(LOGS.alerts, told.patient, alertOut(told, { transition, rule, written }));
  logAlarm(
    { alarm, patient: written.patient_id, status: 'created', from: null, to: written.status, metadata: detailsOf(transition) },
    context,
  );
  context.count(written.retrospective ? 'alert_retrospective' : 'alert_opened');
}

/** What was raised by hand has its row, its log and its place in the live stream already. */
function rowByHand({ correlation }: Told, { alarm, severity, since = 0 }: Transition, { logTime }: TaskContext): AlarmRow {
  return { i: alarm, s: severity.after, f: since, l: since, n: 1, v: {}, x: '', t: [], g: logTime, o: correlation };
}

function alertRow(
  told: Told,
  { transition, rule, row }: { readonly transition: Transition; readonly rule: Rule; readonly row: AlarmRow },
  context: TaskContext,
): AlertRow {
  const isHistory = transition.to === 'retrospective';
  const { logTime } = context;
  return {
    alert_id: row.i,
    patient_id: told.known ? told.patient : null,
    subject_id: told.patient,
    device_id: told.device,
    alert_type: rule.code,
    severity: row.s,
    title: rule.title.en,
    message: messageOf(rule, transition),
    vitals_snapshot: row.v,
    trigger_conditions: [conditionOf(rule, transition.values ?? {}, row.x)],
    suggested_actions: rule.actions.map((action) => action.en),
    tags: row.t,
    rule_version: rule.version,
    status: statusOf(transition),
    retrospective: isHistory,
    uncertain: transition.uncertain,
    imported: false,
    first_seen_at: row.f,
    last_seen_at: row.l,
    // The reading that opens it is counted as a breach of its own.
    breach_count: Math.max(1, row.n),
    created_at: logTime,
    updated_at: logTime,
    ack_deadline: isHistory ? null : (acknowledgeBy(row.s, logTime) ?? null),
    escalation_level: 0,
    acknowledged_at: null,
    acknowledged_by: null,
    snoozed_until: null,
    resolved_at: isHistory ? logTime : null,
    auto_resolved: false,
    created_by_system: 'vitals-task',
    related_measurement_id: told.reading,
    quarantine_id: told.quarantine,
    correlation_id: told.correlation,
  };
}

function alertOut(
  told: Told,
  { transition, rule, written }: { readonly transition: Transition; readonly rule: Rule; readonly written: AlertRow },
): AlertOut {
  const { confidence, missing, points } = transition;
  return {
    alert_id: written.alert_id,
    patient_id: told.patient,
    ...(told.device === null ? {} : { device_id: told.device }),
    alert_type: rule.code,
    severity: written.severity,
    reasons: written.trigger_conditions,
    message: written.message,
    recorded_at: transition.eventTime ?? written.first_seen_at,
    created_at: written.created_at,
    measurements: written.vitals_snapshot,
    ...(told.confidence === undefined ? {} : { quality_score: told.confidence }),
    context: {
      age_band: told.rules.band,
      age_known: told.rules.ageKnown,
      rule_version: rule.version,
      limit: transition.limit ?? rule.limit,
      tags: written.tags,
      imported: written.imported,
      ...(confidence === undefined ? {} : { confidence }),
      ...(missing.length === 0 ? {} : { missing }),
      ...(points === undefined ? {} : { points }),
    },
    retrospective: written.retrospective,
    uncertain: written.uncertain,
    source: 'engine',
    correlation: told.correlation,
  };
}

/** A change of an alarm that has its row: only what changes is written. */
function changeRow(
  told: Told,
  { transition, tail }: { readonly transition: Transition; readonly tail: AlarmTail },
  context: TaskContext,
): void {
  const { alarm, rule: code, severity, to, by, reason } = transition;
  const row = openAlarm(tail, alarm);
  const { logTime } = context;
  const isSeen = reason === 'acknowledge' && row?.h !== 1;
  const rises = severity.before !== undefined && rankOf(severity.after) > rankOf(severity.before);
  const change: AlertChange = {
    alert_id: alarm,
    updated_at: logTime,
    status: statusOf(transition),
    severity: severity.after,
    uncertain: transition.uncertain,
    // The first person who saw it stays the one who did.
    ...(isSeen && by !== undefined ? { acknowledged_at: logTime, acknowledged_by: by.person } : {}),
    ...(rises ? { ack_deadline: acknowledgeBy(severity.after, logTime) ?? null } : {}),
    ...(to === 'resolved' || to === 'auto_resolved' ? { resolved_at: logTime, auto_resolved: to === 'auto_resolved' } : {}),
    ...(to === 'resolved' && by !== undefined ? { resolved_by: by.person } : {}),
  };
  context.row(TABLES.alerts, change);
  if (row !== undefined) {
    row.s = severity.after;
    if (isSeen) row.h = 1;
    if (to === 'cleared') row.c = 1;
    else delete row.c;
    if (to === 'resolved' || to === 'auto_resolved') {
      // Rebuilt rather than deleted from, since the code is not known before.
      tail.o = Object.fromEntries(Object.entries(tail.o ?? {}).filter(([open]) => open !== code));
    }
  }
  // What people do is written down with who did it and why, by whoever applies their actions.
  if (by !== undefined) return;
  logAlarm(
    {
      alarm,
      patient: told.known ? told.patient : null,
      status: logStatusOf(transition),
      from: shownOf(transition.from),
      to: statusOf(transition),
      metadata: detailsOf(transition),
    },
    context,
  );
}

/** Counts a breach of an alarm that is open, or of the last one for late data. */
function extendRow(told: Told, { breach, tail }: { readonly breach: Breach; readonly tail: AlarmTail }, context: TaskContext): void {
  const { alarm, rule: code, at, values, limit, uncertain } = breach;
  const [open, late] = [tail.o?.[code], tail.r?.[code]];
  const row = open?.i === alarm ? open : late?.i === alarm ? late : undefined;
  if (row === undefined) return;
  const rule = ruleOf(code, told);
  row.n += 1;
  row.f = Math.min(row.f, at);
  row.l = Math.max(row.l, at);
  row.v = vitalsOf(told, rule);
  row.x = limit;
  row.g = context.logTime;
  if (uncertain) row.u = 1;
  else delete row.u;
  for (const tag of rule.tags(values)) if (!row.t.includes(tag)) row.t.push(tag);
  // The row that opened it tells of its first breach.
  if (row.n > 1) {
    context.rowOf(TABLES.alerts, row, (): AlertChange => ({
      alert_id: row.i,
      updated_at: row.g,
      first_seen_at: row.f,
      last_seen_at: row.l,
      breach_count: row.n,
      vitals_snapshot: row.v,
      trigger_conditions: [conditionOf(rule, row.v, row.x)],
      tags: row.t,
      uncertain: row.u === 1,
    }));
  }
}

function vitalsOf({ vitals }: AlarmSource, { kind }: Rule): Vitals {
  return kind === 'technical' ? {} : (vitals ?? {});
}

function messageOf(rule: Rule, { age }: Transition): string {
  return age === undefined ? rule.message.en : `${rule.message.en} It was measured ${durationText(age)} before it was received.`;
}

/** What a transition says beside the change itself. */
function detailsOf({ reason, severity, values, limit, confidence, missing, points }: Transition): Readonly<Record<string, unknown>> {
  return {
    reason,
    severity: severity.after,
    ...(values === undefined ? {} : { values }),
    ...(limit === undefined ? {} : { limit }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(missing.length === 0 ? {} : { missing }),
    ...(points === undefined ? {} : { points }),
  };
}

function shownOf(state: Transition['from']): AlertStatus | null {
  return state === 'none' || state === 'pending' ? null : state;
}

function statusOf({ to }: Transition): AlertStatus {
  // That a delay runs, or ran for nothing, is no transition that is told.
  return to === 'none' || to === 'pending' ? 'active' : to;
}

function logStatusOf({ from, to, severity, reason }: Transition): AlertLogStatus {
  if (to === 'cleared' || to === 'resolved' || to === 'auto_resolved') return to;
  if (from === 'cleared') return 'returned';
  if (severity.before !== undefined && severity.before !== severity.after) return 'severity_changed';
  return reason === 'still_true' ? 'returned' : 'confirmed';
}
