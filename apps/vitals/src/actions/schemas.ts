/** What people send to act on an alert, and what they are answered. One schema gives the type, the validation and the OpenAPI document. */

import { Type } from 'typebox';
import type { Static } from 'typebox';

import { ALERT_STATUSES } from '../contracts/reading.ts';
import type { ActionName, AlertStatus } from '../contracts/reading.ts';
import { MAX_KEY } from '../gateway/door.ts';

/** Characters of a note. */
const MAX_NOTE = 2000;
/** Longest snooze, min*: a fault of the equipment is looked at every day. */
const MAX_SNOOZE = 24 * 60;

/** Text with lines: neither other control characters nor halves of surrogate pairs, which PostgreSQL does not take. */
const note = () =>
  Type.String({
    minLength: 1,
    maxLength: MAX_NOTE,
    pattern: '^(?:[^\\p{Cc}\\p{Cs}]|[\\n\\t])*$',
    description: 'Free text; kept in PostgreSQL only.',
  });
const closed = { additionalProperties: false };
const uuid = () => Type.String({ format: 'uuid' });
const status = () => Type.Unsafe<AlertStatus>(Type.Enum([...ALERT_STATUSES]));

/** The bodies by action. */
export const ACTION_BODIES = {
  acknowledge: Type.Object({ note: Type.Optional(note()) }, closed),
  comment: Type.Object({ note: note() }, closed),
  resolve: Type.Object({ note: Type.Optional(note()) }, closed),
  snooze: Type.Object(
    { minutes: Type.Integer({ minimum: 1, maximum: MAX_SNOOZE, description: 'How long nobody is told.' }), note: Type.Optional(note()) },
    closed,
  ),
} as const satisfies Record<ActionName, unknown>;

/** What any of the bodies may hold. */
export interface ActionBody {
  readonly note?: string;
  readonly minutes?: number;
}

const Authorization = Type.Optional(Type.String({ description: 'Bearer and the token of KIDJAMO_OPERATOR_TOKEN, where that is set.' }));

/** Who asks. */
export const CallerHeaders = Type.Object({
  'X-Kidjamo-Person': Type.Optional(Type.String({ description: 'The user_id of the person who acts; the operator without it.' })),
  Authorization,
});

/** Who asks, and how a repetition is told. */
export const ActionHeaders = Type.Object({
  'X-Kidjamo-Person': Type.String({ description: 'The user_id of the person who acts.' }),
  Authorization,
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_KEY,
      description: 'The same key does it once. The same key with another body is answered 409.',
    }),
  ),
});

export const ActionAnswer = Type.Object({
  status: Type.Union([Type.Literal('applied'), Type.Literal('accepted')], {
    description: 'applied: it took effect. accepted: it is kept for good and will be judged; the log of the alert tells the outcome.',
  }),
  action_id: uuid(),
  alert_id: uuid(),
  alert_status: Type.Union([status(), Type.Null()], { description: 'What the alert is after it; null while it is only accepted.' }),
});
export type ActionAnswer = Static<typeof ActionAnswer>;

/** A refusal, as `application/problem+json` (RFC 9457). */
export const ActionProblem = Type.Object({
  type: Type.String({ description: 'urn:kidjamo:problem:<code>' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  parameter: Type.Optional(Type.String({ description: 'The member or header at fault' })),
  alert_status: Type.Optional(Type.Union([status(), Type.Null()], { description: 'What the alert is, where that is why' })),
  action_id: Type.Optional(uuid()),
  change_id: Type.Optional(uuid()),
  correlation_id: Type.Optional(Type.String()),
});
export type ActionProblem = Static<typeof ActionProblem>;
