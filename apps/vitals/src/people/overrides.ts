/**
 * Changes of the rules for one patient, as the store tells them. The task alone writes them. A row is ended, never changed, so that what was
 * in force at any time can be told.
 */

import type { OverrideLogRow } from '../contracts/rows.ts';
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

/** The override of that id, if the patient ever had it. */
export async function findOverride(
  database: Database,
  acting: Acting,
  { patient, value: id }: OfPatient<string>,
): Promise<OverrideOut | undefined> {
  const [row] = await query<OverrideOut>(database, acting, {
    text: `SELECT ${COLUMNS} FROM patient_rule_overrides WHERE override_id = $2 AND patient_id = $1`,
    values: [patient, id],
  });
  return row;
}

/** What came of a change that was asked for. */
export type ChangeOutcome = Pick<OverrideLogRow, 'refused' | 'override_id'>;

/** What came of the change of that id, once the task has judged it. */
export async function outcomeOf(database: Database, acting: Acting, change: string): Promise<ChangeOutcome | undefined> {
  const [row] = await query<ChangeOutcome>(database, acting, {
    text: 'SELECT refused, override_id FROM patient_rule_override_logs WHERE change_id = $1',
    values: [change],
  });
  return row;
}

/** The newest change of a patient that asked for the same. `stands` when it took effect and nothing has undone it. */
export async function newestOf(
  database: Database,
  acting: Acting,
  { patient, value: digest }: OfPatient<string>,
): Promise<{ readonly id: string; readonly stands: boolean } | undefined> {
  const [row] = await query<{ id: string; stands: boolean }>(database, acting, {
    text: `SELECT l.change_id AS id, l.outcome = 'applied' AND (l.op = 'revoke' OR (o.revoked_at IS NULL AND o.expires_at > $3)) AS stands
             FROM patient_rule_override_logs l LEFT JOIN patient_rule_overrides o USING (override_id)
            WHERE l.patient_id = $1 AND l.digest = $2 ORDER BY l.changed_at DESC, l.seq DESC LIMIT 1`,
    values: [patient, digest, new Date(database.now())],
  });
  return row;
}
