/** The ties between people and patients in the store: caregivers, assigned clinicians, who is on call. */

import { randomUUID } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';

import { parseTimestamp } from '../gateway/timestamp.ts';
import type { Acting, Person } from '../read/actor.ts';
import type { Database } from '../read/repository/database.ts';
import { query } from '../read/repository/database.ts';
import { findPerson, PERSON } from './persons.ts';
import type { Assignment, CaregiverLink, PersonOut, Shift, Team } from './schemas.ts';
import type { Standing } from './standing.ts';

/** Something about a patient, by internal UUID. */
export interface OfPatient<T> {
  readonly patient: string;
  readonly value: T;
}

/** Makes somebody a caregiver of a patient, or changes the tie. */
export async function setCaregiver(database: Database, acting: Acting, { patient, value }: OfPatient<CaregiverLink>): Promise<void> {
  await findPerson(database, acting, value.user_id);
  await query(database, acting, {
    text: `INSERT INTO caregivers (patient_id, user_id, relationship, priority_level, can_acknowledge_alerts, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $6)
           ON CONFLICT (patient_id, user_id) DO UPDATE SET relationship = excluded.relationship, priority_level = excluded.priority_level,
             can_acknowledge_alerts = excluded.can_acknowledge_alerts, updated_at = excluded.updated_at`,
    values: [patient, value.user_id, value.relationship, value.priority_level, value.can_acknowledge_alerts, new Date(database.now())],
  });
}

/** Ends the tie. */
export async function removeCaregiver(database: Database, acting: Acting, { patient, value: user }: OfPatient<string>): Promise<void> {
  const gone = await query(database, acting, {
    text: 'DELETE FROM caregivers WHERE patient_id = $1 AND user_id = $2 RETURNING user_id',
    values: [patient, user],
  });
  if (gone.length === 0) throw new KidjamoError('NOT_FOUND', 'there is no such caregiver of the patient');
}

/** Assigns a clinician to a patient, or changes the assignment. A new primary one takes the place of the former. */
export async function assign(database: Database, acting: Acting, { patient, value }: OfPatient<Assignment>): Promise<void> {
  const { clinician_id: clinician, role, is_primary: primary = false } = value;
  const stored = await query(database, acting, {
    text: `WITH former AS (
             UPDATE patient_clinicians SET is_primary = false
              WHERE patient_id = $1 AND is_primary AND role = 'médecin_traitant' AND $4 AND $3 = 'médecin_traitant' AND clinician_id <> $2
          RETURNING clinician_id
           )
           INSERT INTO patient_clinicians (patient_id, clinician_id, role, is_primary, assigned_at)
           SELECT $1, user_id, $3, $4, $5 FROM clinicians WHERE user_id = $2 AND (SELECT count(*) FROM former) >= 0
           ON CONFLICT (patient_id, clinician_id) DO UPDATE SET role = excluded.role, is_primary = excluded.is_primary
           RETURNING clinician_id`,
    values: [patient, clinician, role, primary, new Date(database.now())],
  });
  if (stored.length === 0) throw new KidjamoError('NOT_FOUND', 'there is no such clinician');
}

/** Ends an assignment. */
export async function unassign(database: Database, acting: Acting, { patient, value: clinician }: OfPatient<string>): Promise<void> {
  const gone = await query(database, acting, {
    text: 'DELETE FROM patient_clinicians WHERE patient_id = $1 AND clinician_id = $2 RETURNING clinician_id',
    values: [patient, clinician],
  });
  if (gone.length === 0) throw new KidjamoError('NOT_FOUND', 'the clinician is not assigned to the patient');
}

/** Puts a clinician on call. Answers the id of the shift. */
export async function addShift(database: Database, acting: Acting, shift: Shift): Promise<string> {
  const from = timeOf('starts_at', shift.starts_at);
  const to = timeOf('ends_at', shift.ends_at);
  if (to <= from) throw new KidjamoError('INPUT_INVALID', 'ends_at: has to lie after starts_at');
  const [row] = await query<{ shift_id: string }>(database, acting, {
    text: `INSERT INTO on_call_shifts (shift_id, clinician_id, starts_at, ends_at, created_at)
           SELECT $1, user_id, $3, $4, $5 FROM clinicians WHERE user_id = $2 RETURNING shift_id`,
    values: [randomUUID(), shift.clinician_id, new Date(from), new Date(to), new Date(database.now())],
  });
  if (row === undefined) throw new KidjamoError('NOT_FOUND', 'there is no such clinician');
  return row.shift_id;
}

/** Takes a shift away. */
export async function removeShift(database: Database, acting: Acting, id: string): Promise<void> {
  const gone = await query(database, acting, {
    text: 'DELETE FROM on_call_shifts WHERE shift_id = $1 RETURNING shift_id',
    values: [id],
  });
  if (gone.length === 0) throw new KidjamoError('NOT_FOUND', 'there is no such shift');
}

const ON_CALL = `JOIN on_call_shifts s ON s.clinician_id = u.user_id AND s.starts_at <= $1 AND s.ends_at > $1`;

/** Everybody behind a patient who is active, at the present time. */
export async function readTeam(database: Database, acting: Acting, patient: string): Promise<Team> {
  const caregivers = await query<Team['caregivers'][number]>(database, acting, {
    text: `SELECT ${PERSON}, c.relationship, c.priority_level::int, c.can_acknowledge_alerts
             FROM caregivers c JOIN users u USING (user_id) WHERE c.patient_id = $1 AND u.is_active ORDER BY c.priority_level, u.user_id`,
    values: [patient],
  });
  const clinicians = await query<Team['clinicians'][number]>(database, acting, {
    text: `SELECT ${PERSON}, p.role AS assigned_as, p.is_primary
             FROM patient_clinicians p JOIN users u ON u.user_id = p.clinician_id
            WHERE p.patient_id = $1 AND u.is_active ORDER BY p.is_primary DESC, u.user_id`,
    values: [patient],
  });
  const onCall = await query<PersonOut>(database, acting, {
    text: `SELECT DISTINCT ${PERSON} FROM users u ${ON_CALL} WHERE u.is_active ORDER BY u.user_id`,
    values: [new Date(database.now())],
  });
  return { caregivers, clinicians, on_call: onCall };
}

/** What an active person is to a patient. For alerts whose patient is unknown, null, that is any clinician. */
export async function readStanding(database: Database, acting: Person, patient: string | null): Promise<Standing | undefined> {
  const [row] = await query<{ clinician: boolean; caregiver: boolean | null }>(database, acting, {
    text: `SELECT EXISTS (SELECT FROM clinicians c WHERE c.user_id = u.user_id AND ($3::uuid IS NULL
                    OR EXISTS (SELECT FROM patient_clinicians p WHERE p.clinician_id = c.user_id AND p.patient_id = $3)
                    OR EXISTS (SELECT FROM on_call_shifts s WHERE s.clinician_id = c.user_id AND s.starts_at <= $1 AND s.ends_at > $1))) AS clinician,
                  (SELECT c.can_acknowledge_alerts FROM caregivers c WHERE c.user_id = u.user_id AND c.patient_id = $3) AS caregiver
             FROM users u WHERE u.user_id = $2 AND u.is_active`,
    values: [new Date(database.now()), acting.user, patient],
  });
  if (row === undefined) return undefined;
  if (row.clinician) return { as: 'clinician' };
  return row.caregiver === null ? undefined : { as: 'caregiver', canAcknowledge: row.caregiver };
}

function timeOf(name: string, text: string): number {
  const at = parseTimestamp(text);
  if (Number.isNaN(at)) throw new KidjamoError('INPUT_INVALID', `${name}: has to be a time in ISO 8601, such as 2026-01-31T12:00:00Z`);
  return at;
}
