/**
 * Alerts from breaches of rules: one open alert per patient and rule, whatever the device. This is the place where the alarm engine
 * comes in: it takes the same breaches and decides on more states.
 *
 * A breach goes to one of three:
 * - the open alert of the rule, which it opens or extends;
 * - for late data, a retrospective alert: stored, listed, never open, paging nobody. Late breaches within ten minutes* of each other share one;
 * - for imports, an open alert marked as imported, which pages nobody. A live breach puts a live alert in its place.
 */

import type { TaskContext } from '@kidjamo/stream';

import { logByItself, logRaised } from '../actions/journal.ts';
import { LOGS } from '../contracts/logs.ts';
import type { AlertOut } from '../contracts/outputs.ts';
import type { HeldReading, Reading, Vitals } from '../contracts/reading.ts';
import type { AlertRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import type { Age } from '../domain/age.ts';
import { deterministicId } from '../domain/ids.ts';
import { SAME_STRETCH } from '../domain/lateness.ts';
import type { Rule } from '../domain/rule.ts';
import { acknowledgeBy } from '../domain/severity.ts';
import type { OpenAlert, PatientState } from './state.ts';

/** Tag of an alert whose age band is only assumed. */
export const AGE_UNKNOWN = 'age_unknown';

/** A reading that breaches rules. */
export interface Breach {
  readonly reading: Reading | HeldReading;
  readonly rules: readonly Rule[];
  /** Event time; time of receipt where the event time cannot be trusted. */
  readonly at: number;
  readonly age: Age;
  /** It is history: late, and not the newest that is known of the patient. */
  readonly retrospective: boolean;
  /** Not stored: held in quarantine, or in conflict with a stored one. */
  readonly quarantine: string | undefined;
  /** Time between measurement and receipt where an alert has to say it, ms. */
  readonly delay: number | undefined;
}

/** Opens and extends alerts. Changes `patient` in place. */
export function raise(breach: Breach, patient: PatientState, context: TaskContext): void {
  for (const rule of breach.rules) raiseRule(rule, { breach, patient, context });
}

/** Resolves the open alert of `rule`, if there is one, since what it was about is over. True when there was one. */
export function settle(
  rule: Rule,
  patient: PatientState,
  step: { readonly reading: Reading; readonly age: Age; readonly context: TaskContext },
): boolean {
  const open = patient.a?.[rule.code];
  if (open === undefined || patient.a === undefined) return false;
  const { reading, age, context } = step;
  const breach: Breach = { reading, rules: [], at: reading.at, age, retrospective: false, quarantine: undefined, delay: undefined };
  const row = rowOf(rule, { breach, patient, context, alert: open, retrospective: false });
  const settled: AlertRow = { ...row, status: 'auto_resolved', auto_resolved: true, resolved_at: context.logTime };
  context.row(TABLES.alerts, settled);
  logByItself(settled, { status: 'auto_resolved', from: row.status }, context);
  // Rebuilt rather than deleted from, since the code is not known before.
  patient.a = Object.fromEntries(Object.entries(patient.a).filter(([code]) => code !== rule.code));
  return true;
}

interface Raising {
  readonly breach: Breach;
  readonly patient: PatientState;
  readonly context: TaskContext;
}

function raiseRule(rule: Rule, raising: Raising): void {
  const { breach, patient } = raising;
  const imported = breach.reading.imported === true;
  const open = patient.a?.[rule.code];
  const live = open !== undefined && open.p === undefined;
  if (breach.retrospective || (imported && live)) {
    const last = patient.r?.[rule.code];
    const same =
      last !== undefined && breach.at >= last.f - SAME_STRETCH && breach.at <= last.l + SAME_STRETCH && (last.p === 1) === imported;
    const alert = same ? last : newAlert(rule, raising);
    (patient.r ??= {})[rule.code] = alert;
    write(rule, { ...raising, alert, isNew: !same, retrospective: true });
    return;
  }
  if (open !== undefined && live === !imported) {
    write(rule, { ...raising, alert: open, isNew: false, retrospective: false });
    return;
  }
  if (open !== undefined) supersede(rule, open, raising);
  const alert = newAlert(rule, raising);
  (patient.a ??= {})[rule.code] = alert;
  write(rule, { ...raising, alert, isNew: true, retrospective: false });
}

function newAlert(rule: Rule, { breach, context }: Raising): OpenAlert {
  const { reading, at, quarantine, retrospective, delay } = breach;
  const alert: OpenAlert = {
    // A reading that is not stored may bear the id of one that is, and may come again after its alert is closed.
    i: deterministicId(
      'alert',
      reading.patient,
      rule.code,
      reading.id,
      ...(quarantine === undefined ? [] : [reading.digest, context.logTime]),
    ),
    d: reading.device,
    o: context.logTime,
    f: at,
    l: at,
    n: 0,
    c: reading.correlation,
    t: breach.age.known || rule.kind === 'technical' ? [] : [AGE_UNKNOWN],
  };
  if (quarantine === undefined) alert.e = reading.id;
  else {
    alert.q = quarantine;
    if (rule.kind === 'floor') alert.u = 1;
  }
  const deadline = acknowledgeBy(rule.severity, context.logTime);
  if (reading.imported === true) alert.p = 1;
  else if (!retrospective && deadline !== undefined) alert.k = deadline;
  if (delay !== undefined && reading.imported !== true) alert.g = delay;
  return alert;
}

/** Adds the breach to the alert and emits what came of it. */
function write(rule: Rule, step: Raising & { readonly alert: OpenAlert; readonly isNew: boolean; readonly retrospective: boolean }): void {
  const { breach, context, alert, isNew, retrospective } = step;
  alert.n += 1;
  alert.f = retrospective ? Math.min(alert.f, breach.at) : alert.f;
  alert.l = Math.max(alert.l, breach.at);
  if (breach.quarantine === undefined) delete alert.u;
  if (alert.p === 1) alert.v = breach.reading.vitals;
  for (const tag of rule.tags(breach.reading.vitals)) if (!alert.t.includes(tag)) alert.t.push(tag);
  const row = rowOf(rule, step);
  context.row(TABLES.alerts, row);
  if (isNew) {
    context.output(LOGS.alerts, breach.reading.patient, outOf(rule, row, breach));
    logRaised(row, context);
    context.count(retrospective ? 'alert_retrospective' : 'alert_opened');
  }
}

/** Closes an imported alert because a live one takes its place. */
function supersede(rule: Rule, open: OpenAlert, raising: Raising): void {
  const row = rowOf(rule, { ...raising, alert: open, retrospective: false });
  const superseded: AlertRow = { ...row, status: 'superseded', resolved_at: raising.context.logTime };
  raising.context.row(TABLES.alerts, superseded);
  logByItself(superseded, { status: 'superseded', from: row.status }, raising.context);
}

function rowOf(rule: Rule, { breach, context, alert, retrospective }: Raising & { alert: OpenAlert; retrospective: boolean }): AlertRow {
  const { reading } = breach;
  const vitals = rule.kind === 'technical' ? {} : (alert.v ?? reading.vitals);
  return {
    alert_id: alert.i,
    patient_id: reading.kind === 'held' && !reading.patient_known ? null : reading.patient,
    subject_id: reading.patient,
    device_id: alert.d,
    alert_type: rule.code,
    severity: rule.severity,
    title: rule.title.en,
    message: messageOf(rule, alert),
    vitals_snapshot: vitals,
    trigger_conditions: [conditionOf(rule, vitals)],
    suggested_actions: rule.actions.map((action) => action.en),
    tags: alert.t,
    rule_version: rule.version,
    status: retrospective ? 'retrospective' : (alert.s ?? 'active'),
    retrospective,
    uncertain: alert.u === 1,
    imported: alert.p === 1,
    first_seen_at: alert.f,
    last_seen_at: alert.l,
    breach_count: alert.n,
    created_at: alert.o,
    updated_at: context.logTime,
    ack_deadline: alert.k ?? null,
    acknowledged_at: alert.h ?? null,
    acknowledged_by: alert.w ?? null,
    snoozed_until: alert.z ?? null,
    resolved_at: retrospective ? alert.o : null,
    auto_resolved: false,
    created_by_system: 'vitals-task',
    related_measurement_id: alert.e ?? null,
    quarantine_id: alert.q ?? null,
    correlation_id: alert.c,
  };
}

function outOf(rule: Rule, row: AlertRow, { reading, at, age }: Breach): AlertOut {
  return {
    alert_id: row.alert_id,
    patient_id: reading.patient,
    device_id: reading.device,
    alert_type: rule.code,
    severity: rule.severity,
    reasons: row.trigger_conditions,
    message: row.message,
    recorded_at: at,
    created_at: row.created_at,
    measurements: row.vitals_snapshot,
    ...(reading.confidence === undefined ? {} : { quality_score: reading.confidence }),
    context: {
      age_band: age.band,
      age_known: age.known,
      rule_version: rule.version,
      limit: rule.limit,
      tags: row.tags,
      imported: row.imported,
    },
    retrospective: row.retrospective,
    uncertain: row.uncertain,
    source: 'engine',
    correlation: row.correlation_id,
  };
}

function messageOf(rule: Rule, alert: OpenAlert): string {
  return alert.g === undefined ? rule.message.en : `${rule.message.en} It was measured ${durationText(alert.g)} before it was received.`;
}

/** The values that the rule read, and its limit. */
function conditionOf(rule: Rule, vitals: Vitals): string {
  if (rule.vitals.length === 0) return rule.limit;
  const values = rule.vitals.map((vital) => `${vital} ${String(vitals[vital])}`).join(', ');
  return `${values} (limit: ${rule.limit})`;
}

/** Hours and minutes. */
function durationText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes} min` : `${hours} h ${minutes % 60} min`;
}
