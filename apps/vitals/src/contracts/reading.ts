/** The one canonical form inside: what the four formats at the door become, and what the input log holds. */

import type { Override } from '../alarms/override.ts';

/** The vital signs that have panes, windows and limits, under their canonical names. */
export const VITALS = [
  'heart_rate',
  'resp_rate',
  'spo2',
  'temperature',
  'ambient_temp',
  'hydration',
  'activity',
  'heat_index',
  'pain',
] as const;

/** A vital sign. Units: /min, /min, %, Cel, Cel, %, 0-10, Cel, 0-10. */
export type Vital = (typeof VITALS)[number];

/** Values by vital sign. Absent means not measured; a missing value is never replaced. */
export type Vitals = { readonly [V in Vital]?: number };

/** The door a reading came through. */
export const SOURCES = ['nested', 'flat', 'api', 'cloud', 'import'] as const;
export type Source = (typeof SOURCES)[number];

/** What every input record carries. Ids are internal UUIDs; no free-text identity enters the log. */
interface Envelope {
  readonly patient: string;
  /** When the gateway received it, ms since the epoch. */
  readonly received: number;
  /** Follows the request through every log line and record. */
  readonly correlation: string;
}

/** A reading. */
export interface Reading extends Envelope {
  readonly kind: 'reading';
  /** Message id: derived from the device and the event time, so that the same reading always has the same one. */
  readonly id: string;
  readonly device: string;
  /** Event time, ms since the epoch; the fraction holds microseconds. */
  readonly at: number;
  /** Digest of the body, without ids of the transport: tells a repetition from a conflict. */
  readonly digest: string;
  readonly source: Source;
  /** True for imports and backfills: history that pages nobody. */
  readonly imported?: boolean;
  readonly vitals: Vitals;
  /** Codes as the device sent them. */
  readonly quality_flag?: string;
  /** 0-100. */
  readonly confidence?: number;
  /** 0-100. */
  readonly completeness?: number;
  /** 0-100. */
  readonly contact?: number;
  /** 0-100. */
  readonly battery?: number;
  /** 0-100. */
  readonly signal?: number;
  readonly firmware?: string;
  readonly device_state?: string;
  /** ms since the epoch. */
  readonly last_sync?: number;
  /** Members that the format does not know, as they came; kept in PostgreSQL only. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A reading that waits in quarantine; its floors are still checked. */
export interface HeldReading extends Omit<Reading, 'kind'> {
  readonly kind: 'held';
  /** The quarantine row that keeps the payload. */
  readonly quarantine: string;
  readonly reason: string;
  /** False when `patient` is only a stand-in made from an unknown identity. */
  readonly patient_known: boolean;
}

/** An alert raised by a person or another system. */
export interface ManualAlert extends Envelope {
  readonly kind: 'manual_alert';
  readonly id: string;
  readonly digest: string;
  readonly at: number;
  readonly alert_type: string;
  readonly severity: Severity;
  readonly message: string;
  readonly vitals?: Readonly<Record<string, unknown>>;
  /** Members that the format does not know, as they came. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** What a device says of itself. */
export interface DeviceStatus extends Envelope {
  readonly kind: 'device_status';
  readonly id: string;
  readonly digest: string;
  readonly device: string;
  readonly at: number;
  readonly battery?: number;
  readonly signal?: number;
  readonly status?: string;
  readonly firmware?: string;
  readonly error_code?: string;
  /** Members that the format does not know, as they came. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A change of a patient's reference data. */
export interface PatientChange extends Envelope {
  readonly kind: 'patient';
  readonly genotype?: Genotype | null;
  /** ISO date. */
  readonly birth_date?: string | null;
}

/** What a person may do about an alert. Snoozing is for technical ones. */
export const ACTIONS = ['acknowledge', 'comment', 'resolve', 'snooze'] as const;
export type ActionName = (typeof ACTIONS)[number];

/** What an alert can be. */
export const ALERT_STATUSES = ['active', 'acknowledged', 'cleared', 'resolved', 'auto_resolved', 'retrospective', 'superseded'] as const;
export type AlertStatus = (typeof ALERT_STATUSES)[number];

/** What a person did about an alert. `patient` is the subject of the alert: the patient, or what stands for one who is unknown. */
export interface AlertAction extends Envelope {
  readonly kind: 'action';
  readonly id: string;
  readonly digest: string;
  /** Alert id. */
  readonly alert: string;
  readonly action: ActionName;
  /** Internal UUID of the person. That they may do this was checked before the record was appended. */
  readonly by: string;
  readonly as: 'caregiver' | 'clinician';
  /** What the person wrote; kept in PostgreSQL only. */
  readonly note?: string;
  /** How long to snooze. */
  readonly minutes?: number;
  /** False when `patient` is only a stand-in. */
  readonly patient_known: boolean;
  /** The alert as stored when the person asked. The task goes by it only for what it does not remember itself. */
  readonly seen: { readonly type: string; readonly status: AlertStatus; readonly manual: boolean };
}

interface OverrideEnvelope extends Envelope {
  readonly kind: 'override';
  /** Of the change. An override is known by the id of the change that set it. */
  readonly id: string;
  readonly digest: string;
}

/** A clinician changes a rule for the patient. That they may was checked before the record was appended, and so was the override. */
export interface OverrideSet extends OverrideEnvelope {
  readonly op: 'set';
  /** Its reason is kept in PostgreSQL only. */
  readonly override: Override;
}

/** A clinician ends such a change. */
export interface OverrideRevoke extends OverrideEnvelope {
  readonly op: 'revoke';
  /** Id of the override. */
  readonly override: string;
  /** Internal UUID of the clinician. */
  readonly by: string;
  /** Kept in PostgreSQL only. */
  readonly reason: string;
}

/** A change of the rules for one patient. */
export type OverrideChange = OverrideSet | OverrideRevoke;

/** A call found nobody of its level. The step says which; one that is over by then changes nothing. */
export interface Unreached extends Envelope {
  readonly kind: 'unreached';
  readonly step: string;
}

/** Anything the input log may hold. */
export type InputRecord = Reading | HeldReading | ManualAlert | DeviceStatus | PatientChange | AlertAction | OverrideChange | Unreached;

/** Lowest first. Never compare severities as text. */
export const SEVERITIES = ['info', 'warn', 'alert', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export const GENOTYPES = ['SS', 'AS', 'SC', 'Sβ0', 'Sβ+'] as const;
export type Genotype = (typeof GENOTYPES)[number];
