/** What the task remembers between records, as JSON. Names are short because the state is written with every batch. */

import type { PanesState } from '@kidjamo/stream';

import type { Genotype, Vitals } from '../contracts/reading.ts';
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
  /** How long before its receipt the reading that raised it was measured, where that has to be said. */
  g?: number;
  /** Tags so far. */
  t: string[];
  /** Only readings in quarantine have raised it so far. */
  u?: 1;
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
  /** Vital signs of the last breach; kept for imports only, whose row is written once more when a live alert takes its place. */
  v?: Vitals;
}

/** By the code of the rule. */
type AlertsByRule = Record<string, OpenAlert>;

/** State `p/<patient>`; written only when it changes. */
export interface PatientState {
  /** Genotype. */
  g?: Genotype;
  /** Birth date, ISO. */
  b?: string;
  /** Open alerts. */
  a?: AlertsByRule;
  /** The last retrospective alert of each rule: never open, but breaches of the same stretch are added to it. */
  r?: AlertsByRule;
  /** The device heard last. */
  d?: string;
  /** Event time heard from it last; kept up to date only for a patient with several devices. */
  n?: number;
  /** The patient has several devices. */
  m?: 1;
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

export function deviceKey(patient: string, device: string): string {
  return `d/${patient}/${device}`;
}

/** Patient and device of a {@link deviceKey}. */
export function ownerOf(key: string): { readonly patient: string; readonly device: string } {
  const [, patient = '', device = ''] = key.split('/');
  return { patient, device };
}
