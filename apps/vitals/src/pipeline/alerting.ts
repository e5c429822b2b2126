/**
 * Alerts that the alarm engine does not decide on, since nobody is called for them: floors breached by imports, and readings that wait for
 * somebody to assign their device. One is open per patient and rule, whatever the device.
 *
 * An imported breach goes to one of two:
 * - the open imported alert of the rule, which it opens or extends. A live alarm of the rule takes its place;
 * - where a live alarm of the rule is open, a retrospective alert: stored, listed, never open. Breaches within ten minutes* of each other share one.
 */

import type { TaskContext } from '@kidjamo/stream';

import { logAlarm } from '../actions/journal.ts';
import { LOGS } from '../contracts/logs.ts';
import type { AlertOut } from '../contracts/outputs.ts';
import type { HeldReading, Reading } from '../contracts/reading.ts';
import type { AlertChange, AlertRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import type { Age } from '../domain/age.ts';
import { deterministicId } from '../domain/ids.ts';
import { SAME_STRETCH } from '../domain/lateness.ts';
import type { Rule } from '../domain/rule.ts';
import { acknowledgeBy } from '../domain/severity.ts';
import { AGE_UNKNOWN } from './alarm-rows.ts';
import { conditionOf } from './alert-texts.ts';
import type { OpenAlert, PatientState } from './state.ts';

/** A reading that breaches rules. */
export interface PlainBreach {
  readonly reading: Reading | HeldReading;
  readonly rules: readonly Rule[];
  /** Event time; time of receipt where the event time cannot be trusted. */
  readonly at: number;
  readonly age: Age;
  /** Held in quarantine. */
  readonly quarantine: string | undefined;
}

/** Where alerts of a breach go. */
interface Raising {
  readonly breach: PlainBreach;
  readonly patient: PatientState;
  readonly context: TaskContext;
}

/** Opens and extends alerts. `isLive` tells whether a live alarm of a rule is open. Changes `patient` in place. */
export function raise(raising: Raising, isLive: (code: string) => boolean): void {
  const { breach, patient } = raising;
  for (const rule of breach.rules) {
    if (breach.reading.imported === true && isLive(rule.code)) raiseHistory(rule, raising);
    else {
      const open = patient.a?.[rule.code];
      const alert = open ?? newAlert(rule, raising);
      (patient.a ??= {})[rule.code] = alert;
      write(rule, { ...raising, alert, isNew: open === undefined, retrospective: false });
    }
  }
}

/** Closes the open alert of a rule: what it was about is over, or a live alarm takes its place. True when there was one. */
export function close(
  code: string,
  patient: PatientState,
  how: { readonly status: 'auto_resolved' | 'superseded'; readonly patientId: string | null; readonly context: TaskContext },
): boolean {
  const open = patient.a?.[code];
  if (open === undefined || patient.a === undefined) return false;
  const { status, patientId, context } = how;
  const closed: AlertChange = {
    alert_id: open.i,
    updated_at: context.logTime,
    status,
    resolved_at: context.logTime,
    auto_resolved: status === 'auto_resolved',
  };
  context.row(TABLES.alerts, closed);
  logAlarm({ alarm: open.i, patient: patientId, status, from: open.s ?? 'active', to: status, metadata: {} }, context);
  // Rebuilt rather than deleted from, since the code is not known before.
  patient.a = Object.fromEntries(Object.entries(patient.a).filter(([each]) => each !== code));
  return true;
}

function raiseHistory(rule: Rule, raising: Raising): void {
  const { breach, patient } = raising;
  const last = patient.r?.[rule.code];
  const same = last !== undefined && breach.at >= last.f - SAME_STRETCH && breach.at <= last.l + SAME_STRETCH;
  const alert = same ? last : newAlert(rule, raising);
  (patient.r ??= {})[rule.code] = alert;
  write(rule, { ...raising, alert, isNew: !same, retrospective: true });
}

function newAlert(rule: Rule, { breach, context }: Raising): OpenAlert {
  const { reading, at, quarantine } = breach;
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
  else alert.q = quarantine;
  const deadline = acknowledgeBy(rule.severity, context.logTime);
  if (reading.imported === true) alert.p = 1;
  else if (deadline !== undefined) alert.k = deadline;
  return alert;
}

/** Adds the breach to the alert and emits what came of it. */
function write(rule: Rule, step: Raising & { readonly alert: OpenAlert; readonly isNew: boolean; readonly retrospective: boolean }): void {
  const { breach, context, alert, isNew, retrospective } = step;
  alert.n += 1;
  alert.f = Math.min(alert.f, breach.at);
  alert.l = Math.max(alert.l, breach.at);
  for (const tag of rule.tags(breach.reading.vitals)) if (!alert.t.includes(tag)) alert.t.push(tag);
  const row = rowOf(rule, step);
  context.row(TABLES.alerts, row);
  if (!isNew) return;
  context.output(LOGS.alerts, breach.reading.patient, outOf(rule, row, breach));
  logAlarm({ alarm: row.alert_id, patient: row.patient_id, status: 'created', from: null, to: row.status, metadata: {} }, context);
  context.count(retrospective ? 'alert_retrospective' : 'alert_opened');
}

function rowOf(rule: Rule, { breach, context, alert, retrospective }: Raising & { alert: OpenAlert; retrospective: boolean }): AlertRow {
  const { reading } = breach;
  const vitals = rule.kind === 'technical' ? {} : reading.vitals;
  return {
    alert_id: alert.i,
    patient_id: reading.kind === 'held' && !reading.patient_known ? null : reading.patient,
    subject_id: reading.patient,
    device_id: alert.d,
    alert_type: rule.code,
    severity: rule.severity,
    title: rule.title.en,
    message: rule.message.en,
    vitals_snapshot: vitals,
    trigger_conditions: [conditionOf(rule, vitals, rule.limit)],
    suggested_actions: rule.actions.map((action) => action.en),
    tags: alert.t,
    rule_version: rule.version,
    status: retrospective ? 'retrospective' : (alert.s ?? 'active'),
    retrospective,
    uncertain: false,
    imported: alert.p === 1,
    first_seen_at: alert.f,
    last_seen_at: alert.l,
    breach_count: alert.n,
    created_at: alert.o,
    updated_at: context.logTime,
    ack_deadline: alert.k ?? null,
    escalation_level: 0,
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

function outOf(rule: Rule, row: AlertRow, { reading, at, age }: PlainBreach): AlertOut {
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
