/** What the live board shows, read in as few queries as it takes. */

import type { Genotype, Severity } from '../../contracts/reading.ts';
import type { Actor } from '../actor.ts';
import { COLUMN_OF } from '../live/model.ts';
import type { LiveAlert, LiveCounts, LivePatient, LiveReading, TrailPoint } from '../live/model.ts';
import type { Database } from './database.ts';
import { query } from './database.ts';
import { knownBand } from './patients.ts';

/** Points of the small curves. */
export const TRAIL_LENGTH = 24;

/** Patients considered for the board beside those with alerts and those heard of lately, newest enrolment first. */
const CANDIDATES = 2000;

/** Open alerts read at once: far more than one board shows, few enough to bound memory. */
const ALERTS_READ = 2000;

const RANK = `
  WITH critical AS (
    SELECT patient_id, max(created_at) FILTER (WHERE NOT imported AND NOT retrospective) AS live, max(created_at) AS newest
      FROM alerts
     WHERE resolved_at IS NULL AND severity = 'critical' AND patient_id IS NOT NULL
     GROUP BY patient_id
     ORDER BY live DESC NULLS LAST, newest DESC
     LIMIT $1
  ), candidates AS (
    SELECT patient_id FROM critical
    UNION SELECT patient_id FROM patients WHERE patient_id = ANY ($2::uuid[])
    UNION (SELECT patient_id FROM patients ORDER BY created_at DESC LIMIT ${CANDIDATES})
  )
  SELECT patient_id
    FROM candidates
    LEFT JOIN critical USING (patient_id)
    LEFT JOIN LATERAL (SELECT m.recorded_at FROM measurements m WHERE m.patient_id = candidates.patient_id
                        ORDER BY m.recorded_at DESC, m.message_id LIMIT 1) newest_reading ON true
   ORDER BY live DESC NULLS LAST, newest DESC NULLS LAST, newest_reading.recorded_at DESC NULLS LAST, patient_id
   LIMIT $1`;

const ms = (column: string, name = column): string => `extract(epoch FROM ${column})::float8 * 1000 AS ${name}`;
const VITAL_COLUMNS = [...Object.values(COLUMN_OF), 'battery_percent'].join(', ');

const CARDS = `
  SELECT p.patient_id, p.external_id, p.genotype, p.birth_date::text, r.reading, t.trail
    FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (patient_id, place)
    JOIN patients p USING (patient_id)
    LEFT JOIN LATERAL (
      SELECT to_json(newest) AS reading
        FROM (SELECT ${ms('recorded_at')}, ${ms('received_at')}, ${VITAL_COLUMNS},
                     quality_flag, low_confidence, imported, coalesce(breaches, '{}') AS breaches
                FROM measurements m WHERE m.patient_id = wanted.patient_id ORDER BY m.recorded_at DESC, m.message_id LIMIT 1) newest
    ) r ON true
    LEFT JOIN LATERAL (
      SELECT json_agg(json_build_array(at, spo2_percent, heart_rate_bpm) ORDER BY at) AS trail
        FROM (SELECT ${ms('recorded_at', 'at')}, spo2_percent, heart_rate_bpm
                FROM measurements m WHERE m.patient_id = wanted.patient_id ORDER BY m.recorded_at DESC, m.message_id LIMIT ${TRAIL_LENGTH}) newest
    ) t ON true
   ORDER BY wanted.place`;

/** Without what only informs: nearly every patient has one of these, about the equipment, all day. The API lists them. */
const OPEN_ALERTS = `
  SELECT alert_id, patient_id, alert_type, severity, title, status, uncertain, imported OR retrospective AS history,
         ${ms('first_seen_at')}, ${ms('last_seen_at')}, ${ms('created_at')}, ${ms('acknowledged_at')}, breach_count::float8
    FROM alerts
   WHERE resolved_at IS NULL AND severity <> 'info'`;

interface CardRow {
  readonly patient_id: string;
  readonly external_id: string | null;
  readonly genotype: Genotype | null;
  readonly birth_date: string | null;
  readonly reading: LiveReading | null;
  readonly trail: readonly TrailPoint[] | null;
}

/**
 * Ids of the patients who belong on a board of `size`, first those with an open critical alert (newest first; late data and imports
 * after live ones), then by newest reading. Beyond {@link CANDIDATES} patients, one without an alert is found only through `recent`.
 */
export async function rankPatients(
  database: Database,
  actor: Actor,
  board: { readonly size: number; readonly recent: readonly string[] },
): Promise<string[]> {
  const rows = await query<{ patient_id: string }>(database, actor, { text: RANK, values: [board.size, board.recent] });
  return rows.map((row) => row.patient_id);
}

/** The patients with these ids, in that order, with newest reading and trail but without alerts. Unknown ids are left out. */
export async function readCards(database: Database, actor: Actor, ids: readonly string[]): Promise<LivePatient[]> {
  if (ids.length === 0) return [];
  const rows = await query<CardRow>(database, actor, { text: CARDS, values: [ids] });
  return rows.map(({ birth_date, trail, ...row }) => ({
    ...row,
    age_band: knownBand(birth_date, database.now()),
    trail: trail ?? [],
    alerts: [],
  }));
}

/** Open alerts of these patients, the newest open critical ones of anybody, and those without a known patient. */
export async function readOpenAlerts(
  database: Database,
  actor: Actor,
  wanted: { readonly patients: readonly string[]; readonly others: number },
): Promise<LiveAlert[]> {
  const rows = await query<LiveAlert & { readonly severity: Severity }>(database, actor, {
    text: `(${OPEN_ALERTS} AND patient_id = ANY ($1::uuid[]) ORDER BY alerts.created_at DESC LIMIT ${ALERTS_READ})
           UNION (${OPEN_ALERTS} AND severity = 'critical' AND NOT imported AND NOT retrospective ORDER BY alerts.created_at DESC LIMIT $2)
           UNION (${OPEN_ALERTS} AND patient_id IS NULL ORDER BY alerts.created_at DESC LIMIT $2)
           ORDER BY created_at DESC, alert_id DESC`,
    values: [wanted.patients, wanted.others],
  });
  return rows;
}

/** Figures about everybody. */
export async function readCounts(database: Database, actor: Actor): Promise<LiveCounts> {
  const [row] = await query<LiveCounts>(database, actor, {
    text: `SELECT (SELECT count(*)::float8 FROM patients) AS patients,
                  count(*) FILTER (WHERE NOT history)::float8 AS open_critical, count(*) FILTER (WHERE history)::float8 AS open_critical_history
             FROM (SELECT imported OR retrospective AS history FROM alerts WHERE resolved_at IS NULL AND severity = 'critical') open`,
    values: [],
  });
  return row ?? { patients: 0, open_critical: 0, open_critical_history: 0 };
}
