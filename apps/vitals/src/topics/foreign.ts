/**
 * Messages that others put on `kidjamo-iot-measurements`: bare JSON of the nested format, any key, any partition. Each becomes a reading as
 * if it had come to `POST /iot/measurements`.
 *
 * Delivered again, a message is stored once: a reading is named by its device and event time, a refused payload by its content. Its place
 * (topic, partition, offset) is its correlation id. It is no idempotency key on top: a topic that is made anew begins at offset 0 again,
 * and readings would be taken for other bodies under a used key.
 */

import { CORRELATION } from '../gateway/door.ts';
import { MAX_BODY } from '../gateway/read-body.ts';
import type { BodyDoor } from '../gateway/body-door.ts';
import type { Outcome } from '../gateway/intake.ts';
import type { Refusal } from '../gateway/parse-body.ts';
import { deterministicId } from '../domain/ids.ts';
import { HEADERS, PSEUDONYM, SCHEMA } from './names.ts';

/** A message as it is read. Header values that are no UTF-8 may be given as they decode. */
export interface ForeignMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number | bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a message is. */
export type Classified =
  /** Written by Kidjamo, this version or another: left alone. */
  | { readonly kind: 'ours' }
  | { readonly kind: 'foreign'; readonly body: Buffer; readonly correlation: string }
  | { readonly kind: 'refused'; readonly body: Buffer; readonly correlation: string; readonly refusal: Refusal };

/** What became of a message: as of a request, or nothing since it is ours. */
export type ForeignOutcome = { readonly status: 'ours' } | Outcome;

const EMPTY = Buffer.alloc(0);

/** Tells ours from foreign ones by the header `kidjamo-schema`. Does not look into the body. */
export function classify(message: ForeignMessage): Classified {
  const { headers, value } = message;
  const schema = Object.hasOwn(headers, HEADERS.schema) ? headers[HEADERS.schema] : undefined;
  if (schema !== undefined && SCHEMA.test(schema)) return { kind: 'ours' };
  const correlation = placeOf(message);
  if (value === null || value.length === 0) {
    return { kind: 'refused', body: EMPTY, correlation, refusal: { reason: 'unparseable', detail: 'the message has no value' } };
  }
  if (value.length > MAX_BODY) {
    const detail = `the message has more than ${MAX_BODY} bytes; its beginning is kept`;
    return { kind: 'refused', body: value.subarray(0, MAX_BODY), correlation, refusal: { reason: 'too_large', detail } };
  }
  return { kind: 'foreign', body: value, correlation };
}

/** Where a message stands: `<topic>:<partition>:<offset>`, or a digest of it where the name of the topic is too long for a correlation id. */
export function placeOf({ topic, partition, offset }: Pick<ForeignMessage, 'topic' | 'partition' | 'offset'>): string {
  const place = `${topic}:${partition}:${offset}`;
  return CORRELATION.test(place) ? place : deterministicId('place', place);
}

/**
 * Takes a message in. The offset may be committed when it has resolved, whatever it says; the messages of a batch may be taken at once.
 * Nothing in a message makes it throw.
 * @throws KidjamoError OVERLOADED, LOG_UNAVAILABLE, LOG_FULL, STORE_UNAVAILABLE or DISK_FULL, all retryable: the message must be taken again.
 */
export async function takeForeign(door: BodyDoor, message: ForeignMessage): Promise<ForeignOutcome> {
  const what = classify(message);
  switch (what.kind) {
    case 'ours':
      return { status: 'ours' };
    case 'refused':
      return door.refuse({ bytes: what.body, correlation: what.correlation }, what.refusal);
    case 'foreign':
      return door.take({ bytes: what.body, correlation: what.correlation, prepare });
  }
}

/** Members that writers of the existing system add to each message, new each time. They say nothing of the patient. */
const TRANSPORT = new Set(['message_id', 'ingestion_timestamp', 'api_version', 'schema_version', 'correlation_id']);
const PSEUDONYM_PATTERN = new RegExp(PSEUDONYM);

/**
 * Leaves out what belongs to the transport: it would make another body of a reading that is sent again. Refuses a message of ours that was
 * copied without its headers: it would enrol its pseudonym as a patient, and raise each alarm twice.
 */
function prepare(value: unknown): { readonly value: unknown } | Refusal {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { value };
  const members = Object.entries(value);
  const patient: unknown = members.find(([name]) => name === 'patient_id')?.[1];
  if (typeof patient === 'string' && PSEUDONYM_PATTERN.test(patient)) {
    const detail = 'the patient is a pseudonym: a message of Kidjamo that was copied without its headers';
    return { reason: 'invalid', detail, faults: [{ pointer: '/patient_id', detail: 'must not be a pseudonym' }] };
  }
  return { value: Object.fromEntries(members.filter(([name]) => !TRANSPORT.has(name))) };
}
