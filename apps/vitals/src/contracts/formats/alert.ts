/** An alert raised by a person or another system: body of `POST /iot/alerts`. */

import Type from 'typebox';

import { Identity, Timestamp } from './fields.ts';

/** Free text that can be stored as it is. */
const Message = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[^\\u0000\\p{Cs}]*$' });

export const AlertBody = Type.Object(
  {
    patient_id: Identity,
    alert_type: Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\p{Cc}\\p{Cs}]*$' }),
    /** Map to info, warn, alert and critical, in this order. */
    severity: Type.Union([Type.Literal('low'), Type.Literal('medium'), Type.Literal('high'), Type.Literal('critical')]),
    message: Message(4096),
    measurements: Type.Optional(Type.Union([Type.Null(), Type.Record(Type.String(), Type.Unknown())])),
    /** When it was observed; the time of receipt when absent. */
    timestamp: Type.Optional(Type.Union([Type.Null(), Timestamp])),
  },
  { title: 'Alert' },
);
export type AlertBody = Type.Static<typeof AlertBody>;
