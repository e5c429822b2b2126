/** What becomes of a reading: graded, enriched, stored, added to its pane, its breaches raised. */

import type { Pane, TaskContext } from '@kidjamo/stream';

import { LOGS } from '../contracts/logs.ts';
import type { ReadingOut } from '../contracts/outputs.ts';
import type { Reading } from '../contracts/reading.ts';
import type { MeasurementRow } from '../contracts/rows.ts';
import { TABLES } from '../contracts/rows.ts';
import type { Age } from '../domain/age.ts';
import { ageAt } from '../domain/age.ts';
import type { FloorCode } from '../domain/floors.ts';
import { breaches, FLOORS } from '../domain/floors.ts';
import type { HeatIndex } from '../domain/heat-index.ts';
import { heatIndex } from '../domain/heat-index.ts';
import { hydrationProxy } from '../domain/hydration.ts';
import { LATE_AFTER_RECEIPT } from '../domain/lateness.ts';
import type { CheckContext } from '../domain/quality/check.ts';
import { isNotWorn } from '../domain/quality/device-checks.ts';
import type { Grade } from '../domain/quality/grade.ts';
import { gradeReading } from '../domain/quality/grade.ts';
import { extendTrail, NO_HISTORY } from '../domain/quality/trail.ts';
import type { Rule } from '../domain/rule.ts';
import { ASSIGNMENT_RULES } from '../domain/technical.ts';
import type { Alarms } from './alarms.ts';
import { stepOf } from './alarm-step.ts';
import { close, raise } from './alerting.ts';
import { paneOut, panes, paneRow, paneValues } from './pane-columns.ts';
import type { PaneOwner } from './pane-columns.ts';
import type { AlarmTail, DeviceState, PatientState } from './state.ts';
import { deviceKey, newDeviceState, ownerOf, patientKey, tailKey } from './state.ts';

/** ms of log time without a reading after which the panes of a device are closed. */
const IDLE = 10 * 60_000;

/** Name of the timer that closes the panes of an idle device. */
export const CLOSE_TIMER = 'close';

/** What the flow of readings needs beside the records. */
export interface ReadingOptions {
  readonly alarms: Alarms;
  readonly allowedFirmware: ReadonlySet<string> | undefined;
}

/** A reading with everything found out about it. */
interface Enriched {
  readonly reading: Reading;
  readonly age: Age;
  readonly grade: Grade;
  readonly floors: readonly FloorCode[];
  readonly late: boolean;
  readonly heat: HeatIndex | undefined;
  readonly hydration: number | undefined;
}

/** Stores a reading for the first and only time. */
export function processReading(reading: Reading, context: TaskContext, options: ReadingOptions): void {
  const patientState = patientKey(reading.patient);
  const deviceState = deviceKey(reading.patient, reading.device);
  const patient = context.get<PatientState>(patientState) ?? {};
  const known = context.get<DeviceState>(deviceState);
  const device = known ?? newDeviceState();

  const imported = reading.imported === true;
  const newestOfDevice = device.n ?? Number.NEGATIVE_INFINITY;
  const behind = panes.isLate(device, reading.at);
  const delay = reading.received - reading.at;
  const late = behind || (!imported && delay > LATE_AFTER_RECEIPT);

  const grade = gradeReading(reading, lookBack(reading, { patient, device, firstOfDevice: known === undefined, ...options }));
  const age = ageAt(patient.b, reading.at);
  const floors = breaches(reading.vitals);
  const heat = heatIndex({
    ambient: reading.vitals.ambient_temp,
    humidity: humidityOf(reading),
    temperature: reading.vitals.temperature,
    hydration: reading.vitals.hydration,
  });
  const enriched = { reading, age, grade, floors, late, heat, hydration: hydrationOf(reading, age, heat) };
  context.row(TABLES.measurements, measurementRow(enriched));
  context.output(LOGS.readings, reading.patient, readingOut(enriched, patient));
  count(enriched, context);

  const pane = panes.add(device, reading.at, paneValues(reading.vitals, reading.confidence));
  if (pane === undefined) context.count('behind_watermark');
  else emitPane(pane, reading, context);
  emitClosed(reading, panes.closePassed(device), context);
  device.l = context.logTime;
  if (device.k === undefined) {
    device.k = 1;
    context.arm(deviceState, CLOSE_TIMER, context.logTime + IDLE);
  }
  context.put(deviceState, device);

  // It is stored, so its device is assigned by now.
  const { code } = ASSIGNMENT_RULES.unassigned_device;
  let changed = close(code, patient, { status: 'auto_resolved', patientId: reading.patient, context });
  if (!imported) {
    const newest = Math.max(newestOfDevice, patient.n ?? Number.NEGATIVE_INFINITY);
    const standing = !late ? 'live' : reading.at >= newest ? 'newest' : 'late';
    if (follow(patient, reading, newestOfDevice)) changed = true;
    options.alarms.take(stepOf(reading, { patient, grade, late: standing }), context);
  } else if (floors.length > 0 && !isNotWorn(reading)) {
    const open = context.get<AlarmTail>(tailKey(reading.patient))?.o;
    const breach = { reading, rules: floors.map(ruleOf), at: reading.at, age, quarantine: undefined };
    raise({ breach, patient, context }, (rule) => open?.[rule] !== undefined);
    changed = true;
  }
  if (changed) context.put(patientState, patient);
}

/** A function of its own, so that what waits for the end of the batch holds two ids, and not the reading. */
function emitPane(pane: Pane, { patient, device }: PaneOwner, context: TaskContext): void {
  const begun = pane[1] === 1;
  context.rowOf(TABLES.panes, pane, () => paneRow({ patient, device }, pane, begun));
}

/** Closes the panes of a device that has been silent, or waits on. */
export function closeIdle(key: string, context: TaskContext): void {
  const device = context.get<DeviceState>(key);
  if (device === undefined) return;
  if (context.logTime - device.l < IDLE) {
    context.arm(key, CLOSE_TIMER, device.l + IDLE);
    return;
  }
  emitClosed(ownerOf(key), panes.closeAll(device), context);
  delete device.k;
  context.put(key, device);
}

function ruleOf(code: FloorCode): Rule {
  return FLOORS[code];
}

interface Background extends ReadingOptions {
  readonly patient: PatientState;
  readonly device: DeviceState;
  readonly firstOfDevice: boolean;
}

function lookBack(reading: Reading, { patient, device, firstOfDevice, allowedFirmware }: Background): CheckContext {
  const { n: newest } = device;
  const { at } = reading;
  const inOrder = newest === undefined || at > newest;
  return {
    history: inOrder ? extendTrail(device.t, reading.vitals, newest === undefined ? Number.NaN : at - newest) : NO_HISTORY,
    sameSecond: newest !== undefined && Math.floor(at / 1000) === Math.floor(newest / 1000),
    sameInstantElsewhere: patient.n === at && patient.d !== reading.device,
    firstOfDevice,
    allowedFirmware,
  };
}

/**
 * Keeps up which device spoke last and when, without writing the patient's state for every reading: with one device its own state knows
 * the time. True when the state changed.
 */
function follow(patient: PatientState, { device, at }: Reading, newestOfDevice: number): boolean {
  if (patient.d === device && patient.m === undefined) return false;
  if (patient.d !== undefined && patient.d !== device) patient.m = 1;
  patient.d = device;
  patient.n = Math.max(patient.n ?? Number.NEGATIVE_INFINITY, newestOfDevice, at);
  return true;
}

function count({ reading, grade, floors, late }: Enriched, context: TaskContext): void {
  context.count('stored');
  if (late) context.count('late');
  if (reading.imported === true) context.count('imported');
  for (const code of floors) context.count(`breach.${code}`);
  for (const name of grade.findings) context.count(`check.${name}`);
}

function emitClosed(owner: { readonly patient: string; readonly device: string }, closed: readonly Pane[], context: TaskContext): void {
  for (const pane of closed) context.output(LOGS.panes, owner.patient, paneOut(owner, pane));
}

/** Relative humidity, %, where a device sends it beside what the formats know. */
function humidityOf({ extra }: Reading): number | undefined {
  const humidity = extra?.['humidity'];
  return typeof humidity === 'number' ? humidity : undefined;
}

function hydrationOf({ vitals }: Reading, { band }: Age, heat: HeatIndex | undefined): number | undefined {
  const index = heat?.value ?? vitals.heat_index;
  if (index === undefined || vitals.activity === undefined) return undefined;
  return hydrationProxy({
    band,
    heatIndex: index,
    activity: vitals.activity,
    heartRate: vitals.heart_rate,
    respRate: vitals.resp_rate,
    spo2: vitals.spo2,
    temperature: vitals.temperature,
  });
}

function measurementRow({ reading, age, grade, floors, late, heat, hydration }: Enriched): MeasurementRow {
  const { vitals } = reading;
  return {
    message_id: reading.id,
    patient_id: reading.patient,
    device_id: reading.device,
    recorded_at: reading.at,
    received_at: reading.received,
    heart_rate_bpm: vitals.heart_rate,
    respiratory_rate_min: vitals.resp_rate,
    spo2_percent: vitals.spo2,
    temperature_celsius: vitals.temperature,
    ambient_temp_celsius: vitals.ambient_temp,
    hydration_percent: vitals.hydration,
    activity_level: vitals.activity,
    heat_index_celsius: vitals.heat_index,
    pain_scale: vitals.pain,
    battery_percent: reading.battery,
    signal_quality: reading.signal,
    confidence_score: reading.confidence,
    data_completeness: reading.completeness,
    contact_quality: reading.contact,
    quality_flag: grade.flag,
    quality_codes: grade.codes.length === 0 ? undefined : grade.codes,
    breaches: floors.length === 0 ? undefined : floors,
    low_confidence: grade.lowConfidence,
    late,
    imported: reading.imported === true,
    source: reading.source,
    firmware_version: reading.firmware,
    age_band: age.band,
    heat_index_computed: heat?.value,
    hydration_index: hydration,
    digest: reading.digest,
    correlation_id: reading.correlation,
    extra: reading.extra,
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readingOut({ reading, age, grade, floors, late, heat, hydration }: Enriched, patient: PatientState): ReadingOut {
  const out: Mutable<ReadingOut> = {
    message_id: reading.id,
    patient_id: reading.patient,
    device_id: reading.device,
    recorded_at: reading.at,
    received_at: reading.received,
    source: reading.source,
    imported: reading.imported === true,
    late,
    ...reading.vitals,
    breaches: floors,
    quality: grade.codes,
    quality_flag: grade.flag,
    low_confidence: grade.lowConfidence,
    age_band: age.band,
    correlation: reading.correlation,
  };
  if (reading.confidence !== undefined) out.confidence = reading.confidence;
  if (reading.completeness !== undefined) out.completeness = reading.completeness;
  if (reading.contact !== undefined) out.contact = reading.contact;
  if (reading.battery !== undefined) out.battery = reading.battery;
  if (reading.signal !== undefined) out.signal = reading.signal;
  if (reading.firmware !== undefined) out.firmware = reading.firmware;
  if (patient.g !== undefined) out.genotype = patient.g;
  if (heat !== undefined) {
    out.heat_index_computed = heat.value;
    out.heat_index_method = heat.method;
  }
  if (hydration !== undefined) out.hydration_index = hydration;
  return out;
}
