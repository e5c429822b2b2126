/** What the store holds, patient by patient, so that two runs on the same input can be compared to the last value. */
import { expect } from 'vitest';
import type { Home } from './kidjamo.ts';

/** What must be the same to the last bit, and means, which may differ by the order of adding. */
interface Part {
  readonly exact: string;
  readonly means: readonly number[];
}

/** By what is compared, and by patient. */
export type Fingerprint = Readonly<Record<'readings' | 'panes' | 'windows' | 'alerts', ReadonlyMap<string, Part>>>;

const VITALS = ['heart_rate', 'resp_rate', 'spo2', 'temperature'] as const;
const TOLERANCE = 1e-9;

const each = (make: (vital: string) => string): string => VITALS.map(make).join(', ');

/** One row for each patient; `of` is the part of the query behind FROM. Times and ids that differ from run to run are left out. */
function perPatient(parts: { exact: string; means?: string; of: string; order: string }): string {
  const { exact, means, of, order } = parts;
  const list = means === undefined ? `'{}'::float8[]` : `array_agg(ARRAY[${means}]::float8[] ORDER BY ${order})`;
  return `SELECT p.external_id AS patient, md5(string_agg(ROW(${exact})::text, ';' ORDER BY ${order})) AS exact, ${list} AS means
            FROM ${of} JOIN patients p USING (patient_id) LEFT JOIN devices d USING (device_id) GROUP BY 1`;
}

const QUERIES = {
  readings: perPatient({
    exact: `d.external_id, recorded_at, heart_rate_bpm, respiratory_rate_min, spo2_percent, temperature_celsius, quality_flag, quality_codes,
            breaches, low_confidence, late, imported, source, age_band`,
    of: 'measurements',
    order: 'recorded_at, d.external_id',
  }),
  panes: perPatient({
    exact: `d.external_id, minute, "count", ${each((vital) => `${vital}_count, ${vital}_min, ${vital}_max`)}`,
    means: each((vital) => `coalesce(${vital}_sum / nullif(${vital}_count, 0), 0)`),
    of: 'window_panes',
    order: 'minute, d.external_id',
  }),
  windows: perPatient({
    exact: `d.external_id, window_start, measurement_count, ${each((vital) => `${vital}_count, min_${vital}, max_${vital}`)},
            spo2_anomaly, heart_rate_anomaly, fever_alert`,
    means: each((vital) => `coalesce(avg_${vital}, 0)`),
    of: '(SELECT * FROM windows WHERE extract(epoch FROM window_start)::bigint % 300 = 0) w',
    order: 'window_start, d.external_id',
  }),
  alerts: perPatient({
    exact: `d.external_id, alert_type, severity, status, retrospective, uncertain, imported, first_seen_at, last_seen_at, breach_count,
            vitals_snapshot, trigger_conditions, tags`,
    of: 'alerts',
    order: 'alert_type, first_seen_at, last_seen_at, alert_id',
  }),
} as const;

/** Reads it from the store of a running instance. */
export async function fingerprint(home: Home): Promise<Fingerprint> {
  const read = async (what: keyof typeof QUERIES): Promise<ReadonlyMap<string, Part>> => {
    const rows = await home.sql<{ patient: string; exact: string; means: readonly (readonly number[])[] }>(QUERIES[what]);
    return new Map(rows.map(({ patient, exact, means }) => [patient, { exact, means: means.flat() }]));
  };
  return {
    readings: await read('readings'),
    panes: await read('panes'),
    windows: await read('windows'),
    alerts: await read('alerts'),
  };
}

/** Counts, least and greatest values, breaches and alerts are the same; means are within 1e-9. */
export function expectSameFingerprint(found: Fingerprint, wanted: Fingerprint): void {
  for (const what of Object.keys(QUERIES) as (keyof typeof QUERIES)[]) {
    expect([...found[what].keys()].sort(), `patients with ${what}`).toEqual([...wanted[what].keys()].sort());
    const different: string[] = [];
    const apart: string[] = [];
    for (const [patient, part] of wanted[what]) {
      const other = found[what].get(patient);
      if (other?.exact !== part.exact) different.push(patient);
      if (other === undefined || !close(other.means, part.means)) apart.push(patient);
    }
    expect(different, `patients whose ${what} differ`).toEqual([]);
    expect(apart, `patients whose means in ${what} differ by more than ${String(TOLERANCE)}`).toEqual([]);
  }
}

function close(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((value, i) => Math.abs(value - (others[i] ?? Number.NaN)) <= TOLERANCE);
}
