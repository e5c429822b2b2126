/** What the task emits to its output logs. Flat, so that the lake reads it as it is. Ids are internal UUIDs; each sink replaces them by its own pseudonyms. */

import type { Severity, Source, Vital } from './reading.ts';

type VitalColumns = { readonly [V in Vital]?: number };

/** A reading graded and enriched. */
export interface ReadingOut extends VitalColumns {
  readonly message_id: string;
  readonly patient_id: string;
  readonly device_id: string;
  /** Event time, ms. */
  readonly recorded_at: number;
  /** ms. */
  readonly received_at: number;
  readonly source: Source;
  readonly imported: boolean;
  readonly late: boolean;
  /** Floor codes that it breaches. */
  readonly breaches: readonly string[];
  /** Quality codes found by the checks and sent by the device. */
  readonly quality: readonly string[];
  /** The gravest quality code, `ok` when there is none. */
  readonly quality_flag: string;
  readonly low_confidence: boolean;
  readonly confidence?: number;
  readonly completeness?: number;
  readonly contact?: number;
  readonly battery?: number;
  readonly signal?: number;
  readonly firmware?: string;
  readonly age_band: string;
  readonly genotype?: string;
  readonly heat_index_computed?: number;
  readonly heat_index_method?: string;
  readonly hydration_index?: number;
  readonly correlation: string;
}

/** An alert as it is raised. */
export interface AlertOut {
  readonly alert_id: string;
  readonly patient_id: string;
  readonly device_id?: string;
  readonly alert_type: string;
  readonly severity: Severity;
  readonly reasons: readonly string[];
  readonly message: string;
  /** ms: event time of the reading that raised it. */
  readonly recorded_at: number;
  /** ms: log time. */
  readonly created_at: number;
  readonly measurements: Readonly<Record<string, unknown>>;
  readonly quality_score?: number;
  readonly context: Readonly<Record<string, unknown>>;
  readonly retrospective: boolean;
  readonly uncertain: boolean;
  readonly source: 'engine' | 'manual';
  readonly correlation: string;
}

/** An alarm that people are called about. */
export interface CalledAlarm {
  readonly alert_id: string;
  /** Code of the rule, and its version. */
  readonly alert_type: string;
  readonly rule_version: string;
  readonly severity: Severity;
  /** The values that the rule read. */
  readonly measurements: { readonly [V in Vital]?: number };
  /** What it takes; as in the rules where nobody changed it. */
  readonly limit: string;
  /** Event time of its first reading, ms. */
  readonly since: number;
}

/** A step of an episode: one message to whoever is of the level. */
export interface CallOut {
  /** Names the step for ever: what is sent under it once is never sent again. */
  readonly step: string;
  readonly episode: string;
  readonly patient_id: string;
  readonly class: 'clinical' | 'technical';
  /** The gravest of what it is about. */
  readonly severity: Severity;
  /** Level of escalation, from 0. */
  readonly level: number;
  /** Whom it may reach of that level. */
  readonly reach: 'caregivers' | 'clinicians';
  readonly reason: 'raised' | 'rise' | 'returned' | 'escalated' | 'repeat' | 'still_true' | 'inform_clinician';
  /** By falling severity. */
  readonly alarms: readonly CalledAlarm[];
  /** Log time by which somebody has to acknowledge, ms; null for a call that only informs. */
  readonly deadline: number | null;
  /** Log time, ms. */
  readonly called_at: number;
  readonly correlation: string;
}

/** A device status. */
export interface DeviceStatusOut {
  readonly message_id: string;
  readonly patient_id: string;
  readonly device_id: string;
  /** ms. */
  readonly recorded_at: number;
  readonly battery_level?: number;
  readonly signal_strength?: number;
  readonly status?: string;
  readonly firmware_version?: string;
  readonly needs_attention: boolean;
  readonly correlation: string;
}

/** A reading refused after the door. */
export interface ErrorOut {
  readonly message_id: string;
  readonly patient_id: string;
  readonly device_id?: string;
  readonly error: string;
  /** ms. */
  readonly created_at: number;
  readonly correlation: string;
}

/** A one-minute pane that is closed: columns `<vital>_count|_sum|_min|_max` where the vital was present. */
export type PaneOut = {
  readonly patient_id: string;
  readonly device_id: string;
  /** Start of the minute, ms. */
  readonly minute: number;
  readonly count: number;
  readonly quality_sum: number;
  readonly quality_count: number;
} & { readonly [column in `${Vital}_${'count' | 'sum' | 'min' | 'max'}`]?: number | undefined };
