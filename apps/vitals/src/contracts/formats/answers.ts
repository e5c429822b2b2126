/** What the gateway answers. */

import Type from 'typebox';

const MessageId = Type.String({ format: 'uuid', description: 'Id under which the reading is stored' });
const Taken = Type.Union([Type.Literal('success'), Type.Literal('quarantined')]);
const Latency = Type.Number({ description: 'Seconds from receipt to the durable append' });
const Floors = Type.Integer({
  minimum: 0,
  maximum: 4,
  description: 'Number of floors that the reading breaches; the same when it is sent again',
});
/** Why a reading waits in quarantine. */
const Reason = Type.Optional(Type.String());

/** Answer of `POST /iot/measurements`. */
export const NestedAnswer = Type.Object({
  status: Taken,
  message_id: MessageId,
  timestamp: Type.String({ description: 'ISO 8601: when the gateway received it' }),
  critical_alerts: Floors,
  /** The confidence that the device gives, 0-100; null when it gives none. */
  quality_score: Type.Union([Type.Number(), Type.Null()]),
  latency_s: Latency,
  reason: Reason,
});
export type NestedAnswer = Type.Static<typeof NestedAnswer>;

/** Answer of `POST /ingest`. */
export const FlatAnswer = Type.Object({
  status: Taken,
  alerts_detected: Floors,
  latency_s: Latency,
  message_id: MessageId,
  reason: Reason,
});
export type FlatAnswer = Type.Static<typeof FlatAnswer>;

/** Answer of `POST /iot/alerts`. */
export const AlertAnswer = Type.Object({ status: Taken, alert_id: Type.String({ format: 'uuid' }), reason: Reason });
export type AlertAnswer = Type.Static<typeof AlertAnswer>;

/** Answer of `POST /api/v1/device/status`. */
export const StatusAnswer = Type.Object({
  status: Type.Union([Type.Literal('accepted'), Type.Literal('quarantined')]),
  message_id: Type.String({ format: 'uuid' }),
  latency_s: Latency,
  reason: Reason,
});
export type StatusAnswer = Type.Static<typeof StatusAnswer>;

/** A member at fault: where it is, and what is wrong with it; never its value. */
export const Fault = Type.Object({ pointer: Type.String({ description: 'JSON pointer (RFC 6901)' }), detail: Type.String() });
export type Fault = Type.Static<typeof Fault>;

/** What became of one item of a batch. All but `rejected` are kept for good, under `message_id`. */
export const ItemResult = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'Place in the batch' }),
  status: Type.Union([
    Type.Literal('accepted'),
    Type.Literal('duplicate'),
    Type.Literal('conflict'),
    Type.Literal('quarantined'),
    Type.Literal('rejected'),
  ]),
  message_id: Type.Optional(MessageId),
  critical_alerts: Type.Optional(Floors),
  reason: Type.Optional(Type.String({ description: 'Why it waits in quarantine or was rejected' })),
  errors: Type.Optional(Type.Array(Fault)),
});
export type ItemResult = Type.Static<typeof ItemResult>;

/**
 * Answer of `POST /api/v1/measurements` and `/v1/vitals`. `accepted + duplicates + quarantined + rejected` is the
 * number of items; a conflict counts as quarantined.
 */
export const BatchAnswer = Type.Object({
  /** `accepted` when every item was, `quarantined` when every item waits, else `partial`. */
  status: Type.Union([Type.Literal('accepted'), Type.Literal('quarantined'), Type.Literal('partial')]),
  accepted: Type.Integer(),
  duplicates: Type.Integer(),
  quarantined: Type.Integer(),
  rejected: Type.Integer(),
  /** One result per item, in order; above 1,000 NDJSON lines only for the first 1,000 items that were not accepted. */
  results: Type.Array(ItemResult),
  /** False when results were left out. */
  results_complete: Type.Boolean(),
  message_id: Type.Optional(MessageId),
  latency_s: Latency,
});
export type BatchAnswer = Type.Static<typeof BatchAnswer>;

/** A refusal, as `application/problem+json` (RFC 9457). */
export const Problem = Type.Object({
  type: Type.String({ description: 'urn:kidjamo:problem:<code>' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(Fault)),
  correlation_id: Type.Optional(Type.String()),
});
export type Problem = Type.Static<typeof Problem>;

/**
 * A refusal by a route that takes batches. When the body was an array or NDJSON it has the members of {@link BatchAnswer} too, but for
 * `status`, which is the status code.
 */
export const BatchProblem = Type.Object({
  ...Type.Partial(Type.Omit(BatchAnswer, ['status'])).properties,
  ...Problem.properties,
});
