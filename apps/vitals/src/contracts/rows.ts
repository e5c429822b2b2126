/**
 * Rows that the task writes, by table. Members are the columns of the migrations, under the same names; times are ms since the epoch, and
 * the store turns them into what PostgreSQL takes.
 */

import type { Override } from '../alarms/override.ts';
import type { AlertStatus, Genotype, OverrideChange, Severity, Source, Vital, Vitals } from './reading.ts';

/** Names of the tables that the task writes. */
export const TABLES = {
  measurements: 'measurements',
  alerts: 'alerts',
  alertLogs: 'alert_status_logs',
  panes: 'window_panes',
  deviceLogs: 'device_logs',
  patients: 'patients',
  overrides: 'patient_rule_overrides',
  overrideLogs: 'patient_rule_override_logs',
  quarantine: 'quarantine',
} as const;

/** A stored reading; written once. */
export interface MeasurementRow {
  readonly message_id: string;
  readonly patient_id: string;
  readonly device_id: string;
  readonly recorded_at: number;
  readonly received_at: number;
  readonly heart_rate_bpm: number | undefined;
  readonly respiratory_rate_min: number | undefined;
  readonly spo2_percent: number | undefined;
  readonly temperature_celsius: number | undefined;
  readonly ambient_temp_celsius: number | undefined;
  readonly hydration_percent: number | undefined;
  readonly activity_level: number | undefined;
  readonly heat_index_celsius: number | undefined;
  readonly pain_scale: number | undefined;
  readonly battery_percent: number | undefined;
  readonly signal_quality: number | undefined;
  readonly confidence_score: number | undefined;
  readonly data_completeness: number | undefined;
  readonly contact_quality: number | undefined;
  /** The gravest quality code. */
  readonly quality_flag: string;
  /** Undefined where there are none. */
  readonly quality_codes: readonly string[] | undefined;
  /** Floor codes; undefined where there are none. */
  readonly breaches: readonly string[] | undefined;
  readonly low_confidence: boolean;
  readonly late: boolean;
  readonly imported: boolean;
  readonly source: Source;
  readonly firmware_version: string | undefined;
  readonly age_band: string;
  readonly heat_index_computed: number | undefined;
  readonly hydration_index: number | undefined;
  readonly digest: string;
  readonly correlation_id: string;
  readonly extra: Readonly<Record<string, unknown>> | undefined;
}

/** An alert, whole: written when it opens and whenever it changes. */
export interface AlertRow {
  readonly alert_id: string;
  /** Null while the patient is unknown. */
  readonly patient_id: string | null;
  /** The patient, or what stands for one who is unknown: under it the alert is found in the log. */
  readonly subject_id: string;
  readonly device_id: string | null;
  readonly alert_type: string;
  readonly severity: Severity;
  /** English; the texts of both languages are in the rules. */
  readonly title: string;
  readonly message: string;
  /** Of the last breach. */
  readonly vitals_snapshot: Vitals | Readonly<Record<string, unknown>>;
  /** Limits breached, with the values. */
  readonly trigger_conditions: readonly string[];
  readonly suggested_actions: readonly string[];
  readonly tags: readonly string[];
  readonly rule_version: string | null;
  readonly status: AlertStatus;
  readonly retrospective: boolean;
  readonly uncertain: boolean;
  readonly imported: boolean;
  /** Event time of the first breach. */
  readonly first_seen_at: number;
  /** Event time of the newest breach. */
  readonly last_seen_at: number;
  readonly breach_count: number;
  /** Log time. */
  readonly created_at: number;
  /** Log time. */
  readonly updated_at: number;
  /** Log time; null where nobody is called. */
  readonly ack_deadline: number | null;
  /** Level of escalation called last. */
  readonly escalation_level: number;
  /** Log time of the first acknowledgement. */
  readonly acknowledged_at: number | null;
  readonly acknowledged_by: string | null;
  /** Log time; technical alerts only. */
  readonly snoozed_until: number | null;
  /** Log time; never null for what was never open. */
  readonly resolved_at: number | null;
  readonly auto_resolved: boolean;
  readonly created_by_system: 'vitals-task' | 'manual';
  readonly related_measurement_id: string | null;
  readonly quarantine_id: string | null;
  readonly correlation_id: string;
  /** Digest of the body of an alert raised by hand: tells a repetition from a conflict. */
  readonly digest?: string;
}

/** What changes of an alert whose row is there. */
export type AlertChange = Pick<AlertRow, 'alert_id' | 'updated_at'> &
  Partial<
    Omit<
      AlertRow,
      'alert_id' | 'patient_id' | 'subject_id' | 'alert_type' | 'created_at' | 'created_by_system' | 'correlation_id' | 'digest'
    >
  > & {
    readonly resolved_by?: string;
  };

/** What a row of the log of alerts tells. */
export type AlertLogStatus =
  | 'created'
  | 'confirmed'
  | 'severity_changed'
  | 'called'
  | 'escalated'
  | 'seen'
  | 'acknowledged'
  | 'commented'
  | 'snoozed'
  | 'cleared'
  | 'returned'
  | 'resolved'
  | 'auto_resolved'
  | 'superseded'
  | 'refused';

/** Something that happened to an alert; written once. */
export interface AlertLogRow {
  readonly log_id: string;
  readonly alert_id: string;
  readonly patient_id: string | null;
  readonly status: AlertLogStatus;
  readonly from_status: AlertStatus | null;
  readonly to_status: AlertStatus | null;
  /** Log time. */
  readonly changed_at: number;
  readonly changed_by: string | null;
  readonly comment: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Of the person's action. */
  readonly action_id: string | null;
  readonly digest: string | null;
}

/** A pane as it stands; replaces the row before. */
export type PaneRow = {
  readonly patient_id: string;
  readonly device_id: string;
  /** Start of the minute. */
  readonly minute: number;
  readonly count: number;
  /** It was begun by this batch, so that no row of it can be there yet. No column. */
  readonly begun?: boolean | undefined;
  /** Sum and number of the confidences that devices gave, 0-100. */
  readonly quality_sum: number;
  readonly quality_count: number;
} & { readonly [column in `${Vital}_count`]: number } & { readonly [column in `${Vital}_${'sum' | 'min' | 'max'}`]: number | undefined };

/** What a device said of itself. */
export interface DeviceLogRow {
  readonly message_id: string;
  readonly device_id: string;
  readonly patient_id: string;
  readonly event_type: string;
  readonly status: string | null;
  readonly battery_percent: number | null;
  readonly signal_quality: number | null;
  readonly firmware_version: string | null;
  readonly error_code: string | null;
  readonly recorded_at: number;
  readonly received_at: number;
  readonly digest: string;
  readonly correlation_id: string;
}

/** A change of reference data: members that are absent stay as they are. */
export interface PatientRow {
  readonly patient_id: string;
  readonly genotype?: Genotype | null;
  readonly birth_date?: string | null;
}

/** What a clinician changed of the rules for a patient, whole: written when it is set and when it is ended. */
export interface OverrideRow {
  readonly override_id: string;
  readonly patient_id: string;
  readonly kind: Override['kind'];
  readonly rule: string | null;
  readonly severity: Severity | null;
  readonly limit_name: string | null;
  readonly value: number | null;
  readonly set_by: string;
  readonly reason: string;
  readonly starts_at: number;
  readonly expires_at: number;
  /** Log time. */
  readonly created_at: number;
  /** Log time; null unless it was ended before it expired. */
  readonly revoked_at: number | null;
  readonly revoked_by: string | null;
  readonly revoke_reason: string | null;
}

/** Why a change of the rules is refused: it had expired when its turn came; the patient has too many; there is none of that id to end. */
export type OverrideRefusal = 'expired' | 'too_many' | 'over';

/** What came of a change of the rules that was asked for; written once. */
export interface OverrideLogRow {
  readonly change_id: string;
  readonly override_id: string;
  readonly patient_id: string;
  readonly op: OverrideChange['op'];
  readonly outcome: 'applied' | 'refused';
  /** Null where it was applied. */
  readonly refused: OverrideRefusal | null;
  /** Log time. */
  readonly changed_at: number;
  readonly changed_by: string;
  readonly reason: string;
  /** What was to be set; null for an end. */
  readonly asked: Override | null;
  readonly digest: string;
}

/** A record that contradicts one stored before. The store encrypts `plain`. */
export interface QuarantineRow {
  readonly quarantine_id: string;
  readonly reason: 'idempotency_conflict';
  readonly detail: string;
  readonly source: string;
  readonly device_id: string | null;
  readonly patient_id: string;
  readonly received_at: number;
  readonly correlation_id: string;
  /** The record as JSON. */
  readonly plain: string;
}
