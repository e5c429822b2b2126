/** What the task remembers between records, as JSON. Names are short because the state is written with every batch. */

import type { PanesState } from '@kidjamo/stream';

import type { AlarmState } from '../alarms/engine/index.ts';
import type { PackedReading } from '../alarms/journal.ts';
import type { Override } from '../alarms/override.ts';
import type { Genotype, Severity, Vitals } from '../contracts/reading.ts';
import type { Trail } from '../domain/quality/trail.ts';
import { emptyTrail } from '../domain/quality/trail.ts';

/** An alert that further breaches are added to. Times are ms. */
export interface OpenAlert {
  /** Alert id. */
  i: string;
  /** Device of the first breach. */
  d: string;
  /** Log time of creation. */
  o: number;
  /** Log time by which it has to be acknowledged; absent when it pages nobody. */
  k?: number;
  /** Event time of the first breach. */
  f: number;
  /** Event time of the newest breach. */
  l: number;
  /** Number of breaches. */
  n: number;
  /** The stored reading that raised it; absent for readings that are not stored. */
  e?: string;
  /** The quarantine row of the reading that raised it. */
  q?: string;
  /** Correlation of the reading that raised it. */
  c: string;
  /** Tags so far. */
  t: string[];
  /** It comes from an import. */
  p?: 1;
  /** Status; absent while it is active. */
  s?: 'acknowledged' | 'cleared';
  /** Who acknowledged it first. */
  w?: string;
  /** Log time of that. */
  h?: number;
  /** Log time until which it is snoozed. */
  z?: number;
}

/** By the code of the rule. */
export type AlertsByRule = Record<string, OpenAlert>;

/** An override as the task keeps it. */
export type KeptOverride = Override & {
  /** Override id. */
  readonly id: string;
  /** Log time at which it was set. */
  readonly at: number;
};

/** State `p/<patient>`; written only when it changes, and where the alarms are to begin anew from. */
export interface PatientState {
  /** What the alarm engine remembers, and how many inputs it has taken. */
  z?: AlarmState;
  u?: number;
  /** Genotype. */
  g?: Genotype;
  /** Birth date, ISO. */
  b?: string;
  /** Open alerts that are none of the engine: of imports, and of readings that wait for an assignment. */
  a?: AlertsByRule;
  /** The last alert of each rule from an import that lies behind a live one: never open, but breaches of the same stretch are added to it. */
  r?: AlertsByRule;
  /**
   * What clinicians changed of the rules, in the order in which they did: in force by event time, to come, or over for so short a time
   * that late readings are still judged by it. At most `MAX_OVERRIDES`.
   */
  v?: KeptOverride[];
  /** The device heard last. */
  d?: string;
  /** Event time heard from it last; kept up to date only for a patient with several devices. */
  n?: number;
  /** The patient has several devices. */
  m?: 1;
}

/** The row of an alarm of the engine, as far as it changes with readings. Times are ms. */
export interface AlarmRow {
  /** Alert id. */
  i: string;
  /** Severity. */
  s: Severity;
  /** It is over, and nobody has seen it. */
  c?: 1;
  /** Event time of the first breach, and of the newest. */
  f: number;
  l: number;
  /** Number of breaches. */
  n: number;
  /** Vital signs of the newest breach, and what the rule takes. */
  v: Vitals;
  x: string;
  /** Tags so far. */
  t: string[];
  /** Log time of the newest breach. */
  g: number;
  /** Only readings in quarantine have raised it. */
  u?: 1;
  /** Somebody has acknowledged it. */
  h?: 1;
  /** Correlation of the input that opened it. */
  o: string;
}

/**
 * State `t/<patient>`: the little that alarms change with every reading. What the engine remembers is large and changes with each of them, so it is written once in
 * a while, and the readings that came since are put through it again by whoever loads it.
 */
export interface AlarmTail {
  /** How many inputs the engine had taken before the first of the readings. */
  f: number;
  e: PackedReading[];
  /** Log time at which the timer of the alarms is armed. */
  w?: number;
  /** Alarms that are open, by the code of the rule, and the last one for late data. */
  o?: Record<string, AlarmRow>;
  r?: Record<string, AlarmRow>;
}

/** State `d/<patient>/<device>`: panes with their newest event time, the trail of the last readings, and the timer. */
export interface DeviceState extends PanesState {
  t: Trail;
  /** Log time of the last reading. */
  l: number;
  /** The timer that closes idle panes is armed. */
  k?: 1;
}

export function newDeviceState(): DeviceState {
  return { p: [], t: emptyTrail(), l: 0 };
}

export function patientKey(patient: string): string {
  return `p/${patient}`;
}

export function tailKey(patient: string): string {
  return `t/${patient}`;
}

/** Patient of a {@link patientKey}. */
export function patientOf(key: string): string {
  return key.slice(2);
}

export function deviceKey(patient: string, device: string): string {
  return `d/${patient}/${device}`;
}

/** Patient and device of a {@link deviceKey}. */
export function ownerOf(key: string): { readonly patient: string; readonly device: string } {
  const [, patient = '', device = ''] = key.split('/');
  return { patient, device };
}
