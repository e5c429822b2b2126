/**
 * The vitals task: a pure function from an input record and what it remembers of the patient and the device to rows, output records and
 * timers. Clocks: event time decides what is late and which pane a reading belongs to; log time decides deadlines and idleness.
 */

import type { IdempotencyKey, Task, TaskContext, TaskInput, TimerFiring } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';

import { applyAction } from '../actions/apply.ts';
import { applyToAlarm } from '../actions/apply-to-alarm.ts';
import { ALARM_TIMER } from '../alarms/engine/index.ts';
import { LOGS } from '../contracts/logs.ts';
import type { ErrorOut } from '../contracts/outputs.ts';
import type {
  AlertAction,
  DeviceStatus,
  HeldReading,
  InputRecord,
  ManualAlert,
  OverrideChange,
  Reading,
  Unreached,
} from '../contracts/reading.ts';
import type { QuarantineRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import { deterministicId } from '../domain/ids.ts';
import { Alarms, noReading } from './alarms.ts';
import { processDeviceStatus, processManualAlert, processPatientChange } from './notices.ts';
import { processOverride } from './overrides.ts';
import type { ReadingOptions } from './readings.ts';
import { closeIdle, CLOSE_TIMER, processReading } from './readings.ts';
import type { PatientState } from './state.ts';
import { deviceKey, patientKey, patientOf, tailKey } from './state.ts';
import { checkConflict, processHeld } from './unstored.ts';

/** What can be set for the vitals task. */
export interface VitalsTaskOptions {
  /** Firmware versions that may run; without a list all may. */
  readonly allowedFirmware?: readonly string[];
}

/** An input that may be applied once only. */
type Once = Reading | DeviceStatus | ManualAlert | AlertAction | OverrideChange;

const KINDS: ReadonlySet<unknown> = new Set<InputRecord['kind']>([
  'reading',
  'held',
  'manual_alert',
  'device_status',
  'patient',
  'action',
  'override',
  'unreached',
]);

/** Makes the vitals task. */
export function createVitalsTask(options: VitalsTaskOptions = {}): Task<InputRecord> {
  const alarms = new Alarms();
  const { allowedFirmware } = options;
  const reading: ReadingOptions = { alarms, allowedFirmware: allowedFirmware === undefined ? undefined : new Set(allowedFirmware) };
  return {
    name: 'vitals',
    parse,
    keys,
    idempotency,
    process: ({ value }, context) => {
      processInput(value, context, reading);
    },
    onDuplicate: (_, context) => {
      context.count('duplicate');
    },
    onConflict: (input, context) => {
      refuseConflict(input, alarms, context);
    },
    onTimer: (firing, context) => {
      onTimer(firing, alarms, context);
    },
    timerKeys: ({ key, name }) => (name === ALARM_TIMER ? [tailKey(patientOf(key))] : []),
  };
}

/** The gateway alone writes the log, from values it has validated; what is checked here is that the record is one of ours. */
function parse(text: string): InputRecord {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('kind' in value) || !KINDS.has(value.kind)) {
    throw new KidjamoError('INPUT_INVALID', 'the record is of no kind that the vitals task knows');
  }
  return value as InputRecord;
}

function keys(input: InputRecord): readonly string[] {
  switch (input.kind) {
    case 'reading':
      return [patientKey(input.patient), tailKey(input.patient), deviceKey(input.patient, input.device)];
    case 'held':
    case 'patient':
    case 'override':
    case 'unreached':
    case 'action':
    case 'manual_alert':
      return [patientKey(input.patient), tailKey(input.patient)];
    case 'device_status':
      return [];
  }
}

function idempotency(input: InputRecord): IdempotencyKey | undefined {
  switch (input.kind) {
    case 'reading':
      return { id: input.id, scope: TABLES.measurements, at: input.at, digest: input.digest };
    case 'device_status':
      return { id: input.id, scope: TABLES.deviceLogs, at: input.at, digest: input.digest };
    case 'manual_alert':
      return { id: input.id, scope: TABLES.alerts, at: input.at, digest: input.digest };
    case 'action':
      return { id: input.id, scope: TABLES.alertLogs, at: input.received, digest: input.digest };
    case 'override':
      return { id: input.id, scope: TABLES.overrideLogs, at: input.received, digest: input.digest };
    case 'held':
    case 'patient':
    case 'unreached':
      return undefined;
  }
}

function processInput(input: InputRecord, context: TaskContext, options: ReadingOptions): void {
  switch (input.kind) {
    case 'reading':
      processReading(input, context, options);
      return;
    case 'held':
      // The gateway keeps it; here it is checked.
      processHeld(input, options.alarms, context);
      context.output(LOGS.errors, input.patient, errorOut(input, input.reason, context));
      return;
    case 'manual_alert':
      processManualAlert(input, options.alarms, context);
      return;
    case 'device_status':
      processDeviceStatus(input, context);
      return;
    case 'patient':
      processPatientChange(input, options.alarms, context);
      return;
    case 'action':
      processAction(input, options.alarms, context);
      return;
    case 'override':
      options.alarms.changeRules(input, (patient) => processOverride(input, patient, context), context);
      return;
    case 'unreached':
      processUnreached(input, options.alarms, context);
      return;
  }
}

function processAction(action: AlertAction, alarms: Alarms, context: TaskContext): void {
  const key = patientKey(action.patient);
  const patient = context.get<PatientState>(key) ?? {};
  if (applyToAlarm(action, { patient, alarms }, context)) return;
  if (applyAction(action, patient, context)) context.put(key, patient);
}

/** Somebody else has to be called: nobody was there to be told. */
function processUnreached({ patient, step, correlation }: Unreached, alarms: Alarms, context: TaskContext): void {
  context.count('unreached');
  const state = context.get<PatientState>(patientKey(patient));
  if (state?.z === undefined) return;
  alarms.take({ ...noReading(patient, correlation), state, at: context.logTime, input: { kind: 'unreached', step } }, context);
}

/** The same key with another body: kept in quarantine, its floors checked, and said so. */
function refuseConflict({ record, value }: TaskInput<InputRecord>, alarms: Alarms, context: TaskContext): void {
  if (value.kind === 'held' || value.kind === 'patient' || value.kind === 'unreached') {
    throw new KidjamoError('TASK_FAILED', 'a record without an idempotency key cannot conflict with another');
  }
  const row: QuarantineRow = {
    quarantine_id: deterministicId('conflict', value.kind, value.id, value.digest),
    reason: 'idempotency_conflict',
    detail: 'Another body was stored before under the same key.',
    source: value.kind === 'reading' ? value.source : value.kind,
    device_id: 'device' in value ? value.device : null,
    patient_id: value.patient,
    received_at: value.received,
    correlation_id: value.correlation,
    plain: record.value,
  };
  context.row(TABLES.quarantine, row);
  context.count('conflict');
  if (value.kind === 'reading') checkConflict(value, { quarantine: row.quarantine_id, alarms }, context);
  context.output(LOGS.errors, value.patient, errorOut(value, row.reason, context));
}

function errorOut(value: Once | HeldReading, error: string, context: TaskContext): ErrorOut {
  return {
    message_id: value.id,
    patient_id: value.patient,
    ...('device' in value ? { device_id: value.device } : {}),
    error,
    created_at: context.logTime,
    correlation: value.correlation,
  };
}

function onTimer({ key, name }: TimerFiring, alarms: Alarms, context: TaskContext): void {
  if (name === CLOSE_TIMER) closeIdle(key, context);
  else if (name === ALARM_TIMER) {
    const patient = patientOf(key);
    const state = context.get<PatientState>(key);
    if (state?.z === undefined) return;
    const input = { kind: 'timer', name } as const;
    alarms.take({ ...noReading(patient, deterministicId('timer', patient, context.logTime)), state, at: context.logTime, input }, context);
  } else throw new KidjamoError('TASK_FAILED', `the vitals task knows no timer called ${name}`);
}
