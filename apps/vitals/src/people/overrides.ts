/** Changes of the rules for one patient, in the store. A row is ended, never changed, so that what was in force at any time can be told. */

import { randomUUID } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';

import type { Override } from '../alarms/override.ts';
import type { Acting } from '../read/actor.ts';
import type { Database } from '../read/repository/database.ts';
import { query } from '../read/repository/database.ts';
import type { OverrideOut } from './schemas.ts';
import type { OfPatient } from './ties.ts';

const ms = (column: string): string => `extract(epoch FROM ${column})::float8 * 1000 AS ${column}`;
const COLUMNS = `override_id, patient_id, kind, rule, severity, limit_name, value, set_by, reason,
  ${ms('starts_at')}, ${ms('expires_at')}, ${ms('revoked_at')}, revoked_by, revoke_reason`;

/** All of a patient, those that are over included, newest first. */
export function listOverrides(database: Database, acting: Acting, patient: string): Promise<readonly OverrideOut[]> {
  return query<OverrideOut>(database, acting, {
    text: `SELECT ${COLUMNS} FROM patient_rule_overrides o WHERE patient_id = $1 ORDER BY o.created_at DESC, override_id`,
    values: [patient],
  });
}

/** Stores an override that was checked before. */
export async function addOverride(database: Database, acting: Acting, { patient, value }: OfPatient<Override>): Promise<OverrideOut> {
  const limit = value.kind === 'limit' ? value : undefined;
  const [row] = await query<OverrideOut>(database, acting, {
    text: `INSERT INTO patient_rule_overrides
             (override_id, patient_id, kind, rule, severity, limit_name, value, set_by, reason, starts_at, expires_at, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING ${COLUMNS}`,
    values: [
      randomUUID(),
      patient,
      value.kind,
      'rule' in value ? value.rule : null,
      limit?.severity ?? null,
      limit?.limit ?? null,
      'value' in value ? value.value : null,
      value.by,
      value.reason,
      new Date(value.from),
      new Date(value.expires),
      new Date(database.now()),
    ],
  });
  if (row === undefined) throw new KidjamoError('STORE_UNAVAILABLE', 'the override was not stored; try again');
  return row;
}

/** Ends an override that is in force or to come. */
export async function revokeOverride(
  database: Database,
  acting: Acting,
  end: { readonly patient: string; readonly id: string; readonly by: string; readonly reason: string },
): Promise<OverrideOut> {
  const [row] = await query<OverrideOut>(database, acting, {
    text: `UPDATE patient_rule_overrides SET revoked_at = $5, revoked_by = $3, revoke_reason = $4
            WHERE override_id = $2 AND patient_id = $1 AND revoked_at IS NULL AND expires_at > $5 RETURNING ${COLUMNS}`,
    values: [end.patient, end.id, end.by, end.reason, new Date(database.now())],
  });
  if (row === undefined) throw new KidjamoError('NOT_FOUND', 'the patient has no override of that id that could be ended');
  return row;
}
