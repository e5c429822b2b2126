/** What devices and people send beside readings: device status, alerts raised by hand, changes of reference data. */

import type { TaskContext } from '@kidjamo/stream';

import { logAlarm } from '../actions/journal.ts';
import { MANUAL } from '../alarms/engine/index.ts';
import { LOGS } from '../contracts/logs.ts';
import type { AlertOut, DeviceStatusOut } from '../contracts/outputs.ts';
import type { DeviceStatus, ManualAlert, PatientChange } from '../contracts/reading.ts';
import type { AlertRow, DeviceLogRow, PatientRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { deviceEvent, needsAttention } from '../domain/device-status.ts';
import { acknowledgeBy } from '../domain/severity.ts';
import type { Alarms } from './alarms.ts';
import { noReading } from './alarms.ts';
import type { PatientState } from './state.ts';
import { patientKey } from './state.ts';

/** Stores what a device says of itself. */
export function processDeviceStatus(status: DeviceStatus, context: TaskContext): void {
  const row: DeviceLogRow = {
    message_id: status.id,
    device_id: status.device,
    patient_id: status.patient,
    event_type: deviceEvent(status),
    status: status.status ?? null,
    battery_percent: status.battery ?? null,
    signal_quality: status.signal ?? null,
    firmware_version: status.firmware ?? null,
    error_code: status.error_code ?? null,
    recorded_at: status.at,
    received_at: status.received,
    digest: status.digest,
    correlation_id: status.correlation,
  };
  const out: DeviceStatusOut = {
    message_id: status.id,
    patient_id: status.patient,
    device_id: status.device,
    recorded_at: status.at,
    ...(status.battery === undefined ? {} : { battery_level: status.battery }),
    ...(status.signal === undefined ? {} : { signal_strength: status.signal }),
    ...(status.status === undefined ? {} : { status: status.status }),
    ...(status.firmware === undefined ? {} : { firmware_version: status.firmware }),
    needs_attention: needsAttention(status),
    correlation: status.correlation,
  };
  context.row(TABLES.deviceLogs, row);
  context.output(LOGS.deviceStatus, status.patient, out);
  context.count('device_status');
}

/** Names of alerts that are safe outside the medical store; anything else may hold what a person wrote. */
const PLAIN_NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Stores an alert raised by a person or another system, and has somebody called for it. Its free text goes to PostgreSQL and nowhere else. */
export function processManualAlert(alert: ManualAlert, alarms: Alarms, context: TaskContext): void {
  const row: AlertRow = {
    alert_id: alert.id,
    patient_id: alert.patient,
    subject_id: alert.patient,
    device_id: null,
    alert_type: alert.alert_type,
    severity: alert.severity,
    title: alert.alert_type,
    message: alert.message,
    vitals_snapshot: alert.vitals ?? {},
    trigger_conditions: [],
    suggested_actions: [],
    tags: [],
    rule_version: null,
    status: 'active',
    retrospective: false,
    uncertain: false,
    imported: false,
    first_seen_at: alert.at,
    last_seen_at: alert.at,
    breach_count: 1,
    created_at: context.logTime,
    updated_at: context.logTime,
    ack_deadline: acknowledgeBy(alert.severity, context.logTime) ?? null,
    escalation_level: 0,
    acknowledged_at: null,
    acknowledged_by: null,
    snoozed_until: null,
    resolved_at: null,
    auto_resolved: false,
    created_by_system: 'manual',
    digest: alert.digest,
    related_measurement_id: null,
    quarantine_id: null,
    correlation_id: alert.correlation,
  };
  const type = PLAIN_NAME.test(alert.alert_type) ? alert.alert_type : MANUAL;
  const out: AlertOut = {
    alert_id: alert.id,
    patient_id: alert.patient,
    alert_type: type,
    severity: alert.severity,
    reasons: [type],
    message: 'Raised by a person or another system.',
    recorded_at: alert.at,
    created_at: context.logTime,
    measurements: Object.fromEntries(
      Object.entries(alert.vitals ?? {}).filter(([name, value]) => PLAIN_NAME.test(name) && typeof value === 'number'),
    ),
    context: {},
    retrospective: false,
    uncertain: false,
    source: 'manual',
    correlation: alert.correlation,
  };
  context.row(TABLES.alerts, row);
  logAlarm({ alarm: alert.id, patient: alert.patient, status: 'created', from: null, to: 'active', metadata: {} }, context);
  context.output(LOGS.alerts, alert.patient, out);
  context.count('manual_alert');
  const state = context.get<PatientState>(patientKey(alert.patient)) ?? {};
  const input = { kind: 'manual', alert: alert.id, severity: alert.severity, at: alert.at } as const;
  alarms.take({ ...noReading(alert.patient, alert.correlation), state, at: alert.at, input }, context);
}

/** Takes a change of reference data over. A member that is absent stays as it is; null takes it away. */
export function processPatientChange(change: PatientChange, alarms: Alarms, context: TaskContext): void {
  const { genotype, birth_date: birthDate } = change;
  const row: PatientRow = {
    patient_id: change.patient,
    ...(genotype === undefined ? {} : { genotype }),
    ...(birthDate === undefined ? {} : { birth_date: birthDate }),
  };
  context.row(TABLES.patients, row);
  const apply = (patient: PatientState): boolean => {
    if (genotype === null) delete patient.g;
    else if (genotype !== undefined) patient.g = genotype;
    if (birthDate === null) delete patient.b;
    else if (birthDate !== undefined) patient.b = birthDate;
    return true;
  };
  alarms.changeRules(change, apply, context);
  context.count('patient_changed');
}
