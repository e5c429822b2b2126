/**
 * Windows: five minutes long, one starting at every full minute, per patient and device. They are a view over panes (migration
 * 0002_windows.sql); a test holds the view and this file together. Anomaly classes: reference systems, A6.
 */

import type { Vital } from '../contracts/reading.ts';

/** ms. */
export const WINDOW_LENGTH = 5 * 60_000;
/** ms: the slide of windows, and the width of panes. */
export const WINDOW_SLIDE = 60_000;
/** ms: how far behind the newest reading of its patient and device a reading may be and still be added. */
export const WINDOW_LATENESS = 10 * 60_000;

/** A vital sign in a window: its mean, and its least and greatest value. */
export interface WindowVital {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** A class that a window falls into, with the words for it in SQL. Classes are tried in order. */
export interface AnomalyClass {
  readonly name: string;
  /** In terms of `min_`, `max_` and `avg_` columns of the view. */
  readonly sql: string;
  holds(vital: WindowVital): boolean;
}

/** The classes of one vital sign; the column of the view holds the name of the first that holds, or null. */
export interface Anomaly {
  readonly column: string;
  readonly vital: Vital;
  readonly classes: readonly AnomalyClass[];
}

/** Limits in %. */
export const spo2Anomaly: Anomaly = {
  column: 'spo2_anomaly',
  vital: 'spo2',
  classes: [
    { name: 'CRITICAL', sql: 'min_spo2 < 90', holds: ({ min }) => min < 90 },
    { name: 'WARNING', sql: 'avg_spo2 < 92', holds: ({ mean }) => mean < 92 },
  ],
};

/** Limits in /min. */
export const heartRateAnomaly: Anomaly = {
  column: 'heart_rate_anomaly',
  vital: 'heart_rate',
  classes: [
    { name: 'CRITICAL', sql: 'max_heart_rate > 150 OR min_heart_rate < 50', holds: ({ min, max }) => max > 150 || min < 50 },
    { name: 'WARNING', sql: 'avg_heart_rate > 120 OR avg_heart_rate < 60', holds: ({ mean }) => mean > 120 || mean < 60 },
  ],
};

/** Limits in Cel. */
export const feverAlert: Anomaly = {
  column: 'fever_alert',
  vital: 'temperature',
  classes: [
    { name: 'HIGH_FEVER', sql: 'max_temperature > 39', holds: ({ max }) => max > 39 },
    { name: 'FEVER', sql: 'avg_temperature > 38', holds: ({ mean }) => mean > 38 },
  ],
};

export const ANOMALIES: readonly Anomaly[] = [spo2Anomaly, heartRateAnomaly, feverAlert];

/** The class of a window, or undefined when it is ordinary or the vital sign is absent. */
export function classOf(anomaly: Anomaly, vital: WindowVital | undefined): string | undefined {
  return vital === undefined ? undefined : anomaly.classes.find((candidate) => candidate.holds(vital))?.name;
}
