/** Patients, as lists and by either of their ids. */

import { KidjamoError } from '@kidjamo/stream';

import { ageAt } from '../../domain/age.ts';
import type { AgeBand } from '../../domain/age.ts';
import type { Actor } from '../actor.ts';
import { isUuidKey, toPage } from '../paging.ts';
import type { KeyShape, Page, PageRequest } from '../paging.ts';
import type { Patient } from '../schemas.ts';
import type { Database } from './database.ts';
import { Conditions, isoTime, query } from './database.ts';

export const PATIENT_KEY: KeyShape = [isUuidKey];

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

type PatientRow = Omit<Patient, 'age_band'>;

const COLUMNS = `patient_id, external_id, genotype, birth_date::text, provisional, ${isoTime('created_at')}, ${isoTime('updated_at')}`;

/** Patients in the order of their ids. */
export async function listPatients(database: Database, actor: Actor, page: PageRequest): Promise<Page<Patient>> {
  const conditions = new Conditions();
  if (page.after !== undefined) conditions.add('patient_id > ?::uuid', page.after);
  const rows = await query<PatientRow>(database, actor, {
    text: `SELECT ${COLUMNS} FROM patients ${conditions.where} ORDER BY patient_id LIMIT ${page.limit + 1}`,
    values: conditions.values,
  });
  const patients = rows.map((row) => withAgeBand(row, database.now()));
  return toPage(patients, page.limit, (row) => [row.patient_id]);
}

/**
 * The patient with this UUID or external id.
 * @throws KidjamoError NOT_FOUND.
 */
export async function findPatient(database: Database, actor: Actor, id: string): Promise<Patient> {
  // PostgreSQL's text holds no U+0000, so such an id can belong to nobody.
  if (id.includes('\0')) throw notFound();
  const column = UUID.test(id) ? 'patient_id' : 'external_id';
  const [row] = await query<PatientRow>(database, actor, { text: `SELECT ${COLUMNS} FROM patients WHERE ${column} = $1`, values: [id] });
  if (row === undefined) throw notFound();
  return withAgeBand(row, database.now());
}

/** The age band at `now`, ms; null when the age is unknown, which is not the same as the band that rules then assume. */
export function knownBand(birthDate: string | null, now: number): AgeBand | null {
  const { band, known } = ageAt(birthDate, now);
  return known ? band : null;
}

function withAgeBand(row: PatientRow, now: number): Patient {
  return { ...row, age_band: knownBand(row.birth_date, now) };
}

function notFound(): KidjamoError {
  return new KidjamoError('NOT_FOUND', 'there is no such patient');
}
