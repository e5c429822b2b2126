/** Users and clinicians in the store. */

import { randomUUID } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';

import type { Acting } from '../read/actor.ts';
import type { Database } from '../read/repository/database.ts';
import { query } from '../read/repository/database.ts';
import type { ClinicianRecord, NewPerson, PersonChange, PersonOut } from './schemas.ts';

/** Columns of a user `u` that are answered. */
export const PERSON = ['user_id', 'role', 'first_name', 'last_name', 'email', 'phone', 'language', 'timezone', 'preferences', 'is_active']
  .map((name) => `u.${name}`)
  .join(', ');

/** Makes a person known. */
export async function addPerson(database: Database, acting: Acting, person: NewPerson): Promise<PersonOut> {
  const row = { language: 'fr', timezone: 'Europe/Paris', preferences: {}, is_active: true, ...checked(person), user_id: randomUUID() };
  const names = Object.keys(row);
  const [stored] = await query<PersonOut>(database, acting, {
    text: `INSERT INTO users AS u (${names.join(', ')}, created_at, updated_at)
           SELECT ${names.join(', ')}, $2, $2 FROM jsonb_populate_record(NULL::users, $1)
           ON CONFLICT (email) DO NOTHING RETURNING ${PERSON}`,
    values: [JSON.stringify(row), new Date(database.now())],
  });
  if (stored === undefined) throw taken('email');
  return stored;
}

/** Changes what is known of a person. */
export async function changePerson(
  database: Database,
  acting: Acting,
  { id, change }: { readonly id: string; readonly change: PersonChange },
): Promise<PersonOut> {
  const names = Object.keys(checked(change));
  const [stored] = await query<PersonOut & { free: boolean }>(database, acting, {
    // An address that belongs to somebody else changes nothing.
    text: `UPDATE users u SET updated_at = $2, ${names.map((name) => `${name} = given.${name}`).join(', ')}
             FROM jsonb_populate_record(NULL::users, $1) AS given
            WHERE u.user_id = $3 AND NOT EXISTS (SELECT FROM users other WHERE other.email = given.email AND other.user_id <> $3)
        RETURNING ${PERSON}`,
    values: [JSON.stringify(change), new Date(database.now()), id],
  });
  if (stored !== undefined) return stored;
  await findPerson(database, acting, id);
  throw taken('email');
}

/** The person with this id. */
export async function findPerson(database: Database, acting: Acting, id: string): Promise<PersonOut> {
  const [row] = await query<PersonOut>(database, acting, { text: `SELECT ${PERSON} FROM users u WHERE u.user_id = $1`, values: [id] });
  if (row === undefined) throw new KidjamoError('NOT_FOUND', 'there is no such person');
  return row;
}

/** Makes a user a clinician, or changes what is known of one. */
export async function setClinician(database: Database, acting: Acting, clinician: ClinicianRecord): Promise<void> {
  const {
    user_id: id,
    license_number: license,
    specialty = null,
    service_location: place = null,
    hospital_name: hospital = null,
  } = clinician;
  await findPerson(database, acting, id);
  const stored = await query<{ user_id: string }>(database, acting, {
    text: `INSERT INTO clinicians AS c (user_id, license_number, specialty, service_location, hospital_name, can_prescribe, created_at, updated_at)
           SELECT $1, $2, $3, $4, $5, $6, $7, $7 WHERE NOT EXISTS (SELECT FROM clinicians WHERE license_number = $2 AND user_id <> $1)
           ON CONFLICT (user_id) DO UPDATE SET license_number = excluded.license_number, specialty = excluded.specialty,
             service_location = excluded.service_location, hospital_name = excluded.hospital_name, can_prescribe = excluded.can_prescribe,
             updated_at = excluded.updated_at
           RETURNING user_id`,
    values: [id, license, specialty, place, hospital, clinician.can_prescribe ?? false, new Date(database.now())],
  });
  if (stored.length === 0) throw taken('license_number');
}

/** A time zone is only known to be one when it works. */
function checked<P extends PersonChange>(person: P): P {
  const { timezone } = person;
  if (timezone === undefined) return person;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return person;
  } catch (error) {
    throw new KidjamoError('INPUT_INVALID', 'timezone: has to be one of the IANA database, such as Europe/Paris', { cause: error });
  }
}

function taken(field: string): KidjamoError {
  return new KidjamoError('INPUT_INVALID', `${field}: belongs to somebody else already`);
}
