/** Alerts in a commit come whole, or as what a person's action changes of one. The two are put together in the order in which they came. */

import type { PoolClient } from 'pg';

/** Columns that an action may change beside the status, and that are times. */
export const CHANGE_TIMES: readonly string[] = ['acknowledged_at', 'snoozed_until', 'resolved_at'];

type Row = Readonly<Record<string, unknown>>;

/** Writes the changes of alerts whose row is there, and answers the rows that are whole, each once. */
export async function changeAlerts(client: PoolClient, list: readonly object[]): Promise<readonly object[]> {
  const merged = new Map<unknown, Row>();
  for (const row of list as readonly Row[]) merged.set(row['alert_id'], { ...merged.get(row['alert_id']), ...row });
  const whole: Row[] = [];
  // First, since an alert that is resolved makes room for the next one of its rule.
  for (const row of merged.values()) {
    if ('alert_type' in row) whole.push(row);
    else await change(client, row);
  }
  return whole;
}

async function change(client: PoolClient, { alert_id: id, ...row }: Row): Promise<void> {
  // Names come from the type of the row, never from outside.
  const names = Object.keys(row);
  const isTime = (name: string): boolean => name === 'updated_at' || CHANGE_TIMES.includes(name);
  const values = names.map((name) => (isTime(name) && typeof row[name] === 'number' ? new Date(row[name]) : row[name]));
  await client.query(`UPDATE alerts SET ${names.map((name, i) => `${name} = $${i + 2}`).join(', ')} WHERE alert_id = $1`, [id, ...values]);
}
