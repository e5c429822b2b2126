/** Alerts in a commit come whole, or as what changes of one. The two are put together in the order in which they came. */

import type { PoolClient } from 'pg';

/** Columns of alerts that are times. */
export const ALERT_TIMES = [
  ...['first_seen_at', 'last_seen_at', 'created_at', 'updated_at', 'ack_deadline'],
  ...['acknowledged_at', 'snoozed_until', 'resolved_at'],
] as const;

type Row = Readonly<Record<string, unknown>>;

/** Writes the changes of alerts whose row is there, and answers the rows that are whole, each once. */
export async function changeAlerts(client: PoolClient, list: readonly object[]): Promise<readonly object[]> {
  const merged = new Map<unknown, Row>();
  for (const row of list as readonly Row[]) merged.set(row['alert_id'], { ...merged.get(row['alert_id']), ...row });
  const whole: Row[] = [];
  const changes = new Map<string, Row[]>();
  for (const row of merged.values()) {
    if ('alert_type' in row) whole.push(row);
    else {
      const columns = Object.keys(row).sort().join(', ');
      const alike = changes.get(columns);
      if (alike === undefined) changes.set(columns, [row]);
      else alike.push(row);
    }
  }
  // First, since an alert that is resolved makes room for the next one of its rule.
  for (const rows of changes.values()) await change(client, rows);
  return whole;
}

/** Rows that change the same columns, in one statement. */
async function change(client: PoolClient, rows: readonly Row[]): Promise<void> {
  // Names come from the type of the row, never from outside.
  const names = Object.keys(rows[0] ?? {}).filter((name) => name !== 'alert_id');
  await client.query(
    `UPDATE alerts a SET ${names.map((name) => `${name} = c.${name}`).join(', ')}
       FROM jsonb_populate_recordset(NULL::alerts, $1) c WHERE a.alert_id = c.alert_id`,
    [JSON.stringify(rows.map((row) => withTimes(row, ALERT_TIMES)))],
  );
}

/** The row with its times as text. */
export function withTimes(row: object, times: readonly string[]): object {
  const copy: Record<string, unknown> = { ...row };
  for (const name of times) {
    const value = copy[name];
    if (typeof value === 'number') copy[name] = new Date(value).toISOString();
  }
  return copy;
}
