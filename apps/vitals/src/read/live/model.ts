/** What the live page is sent. Every event replaces what it is about, so one that is skipped does no harm once a later one arrives. */

import type { Genotype, Severity, Vital } from '../../contracts/reading.ts';

/** Vital signs under the names of the table `measurements`; null means not measured. */
export type LiveVitals = Readonly<
  Record<
    | 'heart_rate_bpm'
    | 'respiratory_rate_min'
    | 'spo2_percent'
    | 'temperature_celsius'
    | 'ambient_temp_celsius'
    | 'hydration_percent'
    | 'activity_level'
    | 'heat_index_celsius'
    | 'pain_scale'
    | 'battery_percent',
    number | null
  >
>;

/** The column of `measurements` that holds a vital sign. */
export const COLUMN_OF: Readonly<Record<Vital, keyof LiveVitals>> = {
  heart_rate: 'heart_rate_bpm',
  resp_rate: 'respiratory_rate_min',
  spo2: 'spo2_percent',
  temperature: 'temperature_celsius',
  ambient_temp: 'ambient_temp_celsius',
  hydration: 'hydration_percent',
  activity: 'activity_level',
  heat_index: 'heat_index_celsius',
  pain: 'pain_scale',
};

/** The newest reading of a patient by event time. Times are ms since the epoch. */
export interface LiveReading extends LiveVitals {
  readonly recorded_at: number;
  readonly received_at: number;
  readonly quality_flag: string;
  readonly low_confidence: boolean;
  readonly imported: boolean;
  readonly breaches: readonly string[];
}

/** A point of the small curves: event time (ms), SpO2, heart rate. */
export type TrailPoint = readonly [at: number, spo2: number | null, heartRate: number | null];

/** An open alert. Times are ms since the epoch. */
export interface LiveAlert {
  readonly alert_id: string;
  /** Null while the reading that raised it has no known patient. */
  readonly patient_id: string | null;
  readonly alert_type: string;
  readonly severity: Severity;
  readonly title: string;
  readonly status: string;
  readonly uncertain: boolean;
  /** Raised by late data or an import: it pages nobody. */
  readonly history: boolean;
  readonly first_seen_at: number;
  readonly last_seen_at: number;
  readonly created_at: number;
  /** Null while nobody has said that they saw it. */
  readonly acknowledged_at: number | null;
  readonly breach_count: number;
}

/** A patient on the board. */
export interface LivePatient {
  readonly patient_id: string;
  readonly external_id: string | null;
  readonly genotype: Genotype | null;
  /** Null while the birth date is unknown. */
  readonly age_band: string | null;
  readonly reading: LiveReading | null;
  /** Oldest first. */
  readonly trail: readonly TrailPoint[];
  readonly alerts: readonly LiveAlert[];
}

/** Figures about everybody, on the board or not. */
export interface LiveCounts {
  readonly patients: number;
  /** Open critical alerts, those of late data and imports apart. */
  readonly open_critical: number;
  readonly open_critical_history: number;
}

/** Everything at once, on connecting and whenever a page has missed events. */
export interface Snapshot {
  /** The server's time, ms. */
  readonly now: number;
  readonly fresh: boolean;
  readonly counts: LiveCounts;
  readonly patients: readonly LivePatient[];
  /** Open alerts of readings without a known patient. */
  readonly unassigned: readonly LiveAlert[];
}

/** The events by name. */
export interface LiveEvents {
  readonly snapshot: Snapshot;
  /** Newest readings, one per patient. */
  readonly reading: { readonly readings: readonly { readonly patient_id: string; readonly reading: LiveReading }[] };
  /** The open alerts of patients where they changed; null stands for the unassigned. */
  readonly alert: { readonly changed: readonly { readonly patient_id: string | null; readonly alerts: readonly LiveAlert[] }[] };
  /** Patients who came onto the board, and who left it. */
  readonly patient: { readonly patients: readonly LivePatient[]; readonly gone: readonly string[] };
  readonly counts: LiveCounts;
  /** `fresh` is false while the database does not answer: what is shown is then the last that was known. */
  readonly beat: { readonly now: number; readonly fresh: boolean };
}
