/** The statements of the store. Each is one step: it happens whole or not at all. */

import { statesWith } from '../notifier/state.ts';

const list = (states: readonly string[]): string => states.map((state) => `'${state}'`).join(', ');
const CLAIMABLE = list(statesWith('claim'));
/** Those that another channel's success ends. One under way ends by itself. */
const SUPERSEDABLE = list(statesWith('supersede').filter((state) => state !== 'sending'));

/** Columns of a delivery as JSON has them. */
const DELIVERY_FIELDS = `key text, call_id text, group_id text, recipient text, place smallint, channel text, address text, rest jsonb,
  language text, time_zone text, severity text, state text, due_at timestamptz, late_at timestamptz, expires_at timestamptz`;

const insertInto = (
  from: string,
  now: string,
): string => `INSERT INTO notification (notification_id, call_id, group_id, recipient_id, place,
    channel, address, rest, language, time_zone, severity, state, held_before, due_at, late_at, expires_at, planned_at, updated_at)
  SELECT d.key, d.call_id, d.group_id, d.recipient, d.place, d.channel, d.address, d.rest, d.language, d.time_zone, d.severity, d.state,
    d.state = 'held', d.due_at, d.late_at, d.expires_at, ${now}, ${now} FROM ${from}`;

const CALL_FIELDS =
  'call_id text, patient_id text, severity text, reason text, called_at timestamptz, unreachable integer, unreached boolean, content jsonb';

const planFrom = (calls: string): string => `fresh AS (
  INSERT INTO notification_call (call_id, patient_id, severity, reason, called_at, planned_at, unreachable, unreached, content)
  SELECT c.call_id, c.patient_id, c.severity, c.reason, c.called_at, $3, c.unreachable, c.unreached, c.content FROM ${calls} ORDER BY c.call_id
  ON CONFLICT DO NOTHING RETURNING call_id),
planned AS (${insertInto(`jsonb_to_recordset($2::jsonb) AS d(${DELIVERY_FIELDS}) JOIN fresh USING (call_id)`, '$3')})`;

const GIVEN_CALLS = `jsonb_to_recordset($1::jsonb) AS c(${CALL_FIELDS})`;

/** $1 calls, $2 deliveries, $3 now. */
export const PLAN = `WITH ${planFrom(GIVEN_CALLS)}
SELECT call_id FROM fresh`;

/**
 * The same with the move of the position; $4 log, $5 partition, $6 generation, $7 from, $8 to. One statement, so that a process that is stopped
 * in the middle holds no lock. No row: it was not ours to move.
 */
export const PLAN_AND_MOVE = `WITH moved AS (
  UPDATE notification_position SET next_offset = $8
   WHERE log = $4 AND partition = $5 AND generation = $6 AND next_offset = $7 RETURNING 1),
${planFrom(`moved, ${GIVEN_CALLS}`)}
SELECT array(SELECT call_id FROM fresh) AS fresh FROM moved`;

/** $1 log, $2 partition, $3 generation. */
export const TAKE_OVER = `INSERT INTO notification_position AS p (log, partition, generation, next_offset) VALUES ($1, $2, $3, 0)
  ON CONFLICT (log, partition) DO UPDATE SET generation = excluded.generation WHERE p.generation <= excluded.generation
  RETURNING next_offset::float8`;

/** $1 max. */
export const UNREACHED = `SELECT content FROM notification_call WHERE unreached AND handed_back_at IS NULL ORDER BY planned_at, call_id LIMIT $1`;

/** $1 calls, $2 now. */
export const HANDED_BACK = `UPDATE notification_call SET handed_back_at = $2 WHERE call_id = ANY ($1) AND handed_back_at IS NULL`;

/** $1 recipient, $2 since. Those planned for them, not by a fall-back. */
export const SENT_SINCE = `SELECT count(*)::integer AS n FROM notification
  WHERE recipient_id = $1 AND planned_at >= $2 AND severity <> 'critical' AND NOT held_before AND place = 0 AND call_id IS NOT NULL`;

const GRAVEST_FIRST = `array_position(ARRAY['critical', 'alert', 'warn', 'info'], severity)`;

/** $1 channel, $2 now, $3 until, $4 max. */
export const CLAIM = `WITH due AS (
  SELECT notification_id, state, EXISTS (
      SELECT FROM notification o WHERE o.group_id = n.group_id AND o.recipient_id = n.recipient_id AND o.state = 'delivered') AS needless
    FROM notification n
   WHERE channel = $1 AND due_at <= $2 AND state IN (${CLAIMABLE})
   ORDER BY ${GRAVEST_FIRST}, due_at LIMIT $4 FOR UPDATE SKIP LOCKED),
lost AS (
  UPDATE notification_attempt a SET outcome = 'unknown', reason = 'the process ended before it was recorded', ended_at = $2
    FROM due WHERE due.state = 'sending' AND a.notification_id = due.notification_id AND a.ended_at IS NULL),
claimed AS (
  UPDATE notification n SET due_at = $3, updated_at = $2,
         state = CASE WHEN needless THEN 'superseded' ELSE 'sending' END,
         address = CASE WHEN NOT needless THEN address END,
         rest = CASE WHEN NOT needless THEN rest END,
         attempts = attempts + (NOT needless)::integer,
         uncertain_attempts = uncertain_attempts + (due.state = 'sending')::integer
    FROM due WHERE n.notification_id = due.notification_id RETURNING n.*),
begun AS (
  INSERT INTO notification_attempt (notification_id, attempt, started_at)
  SELECT notification_id, attempts, $2 FROM claimed WHERE state = 'sending')
SELECT claimed.*, CASE WHEN call_id IS NULL
    THEN (SELECT jsonb_agg(c.content ORDER BY c.called_at, c.call_id) FROM notification m JOIN notification_call c USING (call_id) WHERE m.merged_into = claimed.group_id)
    ELSE (SELECT jsonb_build_array(c.content) FROM notification_call c WHERE c.call_id = claimed.call_id) END AS calls
  FROM claimed WHERE state = 'sending' ORDER BY ${GRAVEST_FIRST}, late_at`;

/** $1 group, $2 recipient. What one channel records, the recipient's others wait for. */
export const LOCK_GROUP = 'SELECT state FROM notification WHERE group_id = $1 AND recipient_id = $2 ORDER BY notification_id FOR UPDATE';

/** $1 key, $2 attempt, $3 state, $4 due, $5 reason, $6 provider's id, $7 uncertain attempts more, $8 final, $9 whether the rest is used up, $10 now. */
export const SETTLE = `UPDATE notification SET state = $3, due_at = $4, reason = $5, provider_id = $6,
    uncertain_attempts = uncertain_attempts + $7, updated_at = $10,
    address = CASE WHEN $8 THEN NULL ELSE address END, rest = CASE WHEN $8 THEN NULL WHEN $9 THEN '[]'::jsonb ELSE rest END
  WHERE notification_id = $1 AND attempts = $2 AND state = 'sending'`;

/** $1 key, $2 attempt, $3 outcome, $4 reason, $5 now. */
export const END_ATTEMPT = `UPDATE notification_attempt SET outcome = $3, reason = $4, ended_at = $5
  WHERE notification_id = $1 AND attempt = $2`;

/** $1 group, $2 recipient, $3 now. */
export const SUPERSEDE = `UPDATE notification SET state = 'superseded', address = NULL, rest = NULL, updated_at = $3
  WHERE group_id = $1 AND recipient_id = $2 AND state IN (${SUPERSEDABLE})`;

/** $1 deliveries, $2 now. */
export const ADD = `${insertInto(`jsonb_to_recordset($1::jsonb) AS d(${DELIVERY_FIELDS})`, '$2')} ON CONFLICT DO NOTHING`;

/** $1 now, $2 max. */
export const HELD_DUE = `SELECT * FROM notification WHERE state = 'held' AND due_at <= $1
  ORDER BY due_at, recipient_id, channel, place, planned_at, notification_id LIMIT $2`;

/** $1 key, $2 due, $3 late, $4 expires, $5 now. */
export const RELEASE = `UPDATE notification SET state = 'planned', due_at = $2, late_at = $3, expires_at = $4, updated_at = $5
  WHERE notification_id = $1 AND state = 'held'`;

/** $1 keys. */
export const LOCK_HELD = `SELECT FROM notification WHERE notification_id = ANY ($1) AND state = 'held' ORDER BY notification_id FOR UPDATE`;

/** $1 keys, $2 the delivery in their place, $3 now. */
export const MERGE = `UPDATE notification SET state = 'merged', merged_into = $2, address = NULL, rest = NULL, updated_at = $3
  WHERE notification_id = ANY ($1) AND state = 'held'`;
