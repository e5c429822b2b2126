/** Calls as they are read back from their log. Members that a later version adds are passed over. */

import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

import type { CallOut } from '../contracts/outputs.ts';
import { SEVERITIES } from '../contracts/reading.ts';
import { uuid } from '../people/schemas.ts';

const Alarm = Type.Object({
  alert_id: Type.String(),
  alert_type: Type.String(),
  rule_version: Type.String(),
  severity: Type.Enum([...SEVERITIES]),
  measurements: Type.Record(Type.String(), Type.Number()),
  limit: Type.String(),
  since: Type.Number(),
});

const CallSchema = Type.Object({
  step: Type.String({ minLength: 1 }),
  episode: Type.String(),
  patient_id: uuid(),
  class: Type.Enum(['clinical', 'technical']),
  severity: Type.Enum([...SEVERITIES]),
  level: Type.Integer({ minimum: 0 }),
  reach: Type.Enum(['caregivers', 'clinicians']),
  reason: Type.Enum(['raised', 'rise', 'returned', 'escalated', 'repeat', 'still_true', 'inform_clinician']),
  alarms: Type.Array(Alarm),
  deadline: Type.Union([Type.Number(), Type.Null()]),
  called_at: Type.Number(),
  correlation: Type.String(),
});

const validator = Compile(CallSchema);
/** The members whose names may be told. */
const MEMBERS: ReadonlySet<string> = new Set(Object.keys(CallSchema.properties));

/** The call that a record holds, or why it is none, without any value of it. */
export function parseCall(text: string): CallOut | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'the record is no JSON';
  }
  if (validator.Check(value)) return value;
  const [first] = validator.Errors(value);
  const member = first?.instancePath.split('/')[1] ?? '';
  return `the record is no call${MEMBERS.has(member) ? `: ${member} is not as it has to be` : ', or lacks a member of one'}`;
}
