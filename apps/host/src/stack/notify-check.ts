/** What `kidjamo doctor` says of notifications. */

import type { Pool } from 'pg';

import { notifyUse, waysOf } from '../config/notify.ts';
import type { Settings } from '../config/settings.ts';
import type { Check } from './examination.ts';

/** A critical message that waits for longer is a matter for a person, min. */
const LATE = 5;

const QUERY = `
SELECT count(*) FILTER (WHERE state IN ('held', 'planned', 'sending', 'retrying'))::int AS waiting,
       count(*) FILTER (WHERE severity = 'critical' AND state IN ('planned', 'sending', 'retrying') AND planned_at < now() - $1::int * interval '1 min'
         AND NOT EXISTS (SELECT FROM notification o WHERE o.group_id = n.group_id AND o.recipient_id = n.recipient_id AND o.state = 'delivered'))::int AS late,
       (SELECT count(*)::int FROM notification_call WHERE unreached AND planned_at > now() - interval '1 day') AS unreached
  FROM notification n`;

/** The ways in which people are told, and what waits. */
export async function notifyCheck(pool: Pool, settings: Settings): Promise<Check> {
  const name = 'notifications';
  const ways = waysOf(await notifyUse(settings));
  const { rows } = await pool.query<{ waiting: number; late: number; unreached: number }>(QUERY, [LATE]);
  const { waiting, late, unreached } = rows[0] ?? { waiting: 0, late: 0, unreached: 0 };
  const by = ways.length === 0 ? 'no way to tell people is set' : ways.join(', ');
  const detail = `by these settings: ${by}; ${waiting} messages wait, ${late} critical ones for more than ${LATE} min; ${unreached} calls reached nobody in a day`;
  if (ways.length === 0) return { name, ok: false, detail, remedy: 'set NOTIFY_*: nobody is called' };
  if (late > 0) return { name, ok: false, detail, remedy: 'docs/guides/notifications.md tells how to look what a provider says' };
  return { name, ok: true, detail, ...(unreached > 0 ? { remedy: 'give the patients people to call, with a way to reach them' } : {}) };
}
