/** The routes of the gateway that take readings, alerts and statuses in. */

import Type from 'typebox';
import type { TSchema } from 'typebox';

import { AlertBody } from '../contracts/formats/alert.ts';
import { AlertAnswer, BatchAnswer, BatchProblem, FlatAnswer, NestedAnswer, StatusAnswer } from '../contracts/formats/answers.ts';
import { CloudReading } from '../contracts/formats/cloud.ts';
import { DeviceStatusBody } from '../contracts/formats/device-status.ts';
import { FlatReading } from '../contracts/formats/flat.ts';
import { NestedReading } from '../contracts/formats/nested.ts';
import { CORRELATION, MAX_KEY } from '../gateway/door.ts';
import { MAX_LINE } from '../gateway/ndjson.ts';
import { MAX_ITEMS } from '../gateway/parse-body.ts';
import { MAX_BODY } from '../gateway/read-body.ts';
import { gatewayRefusals, json } from './operation.ts';
import type { Operation } from './operation.ts';

const messageHeaders = {
  'X-Correlation-Id': Type.Optional(
    Type.String({
      pattern: CORRELATION.source,
      description: 'Comes back in the answer, and is stored with what came. Made up when absent.',
    }),
  ),
  'Idempotency-Key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: MAX_KEY,
      description: 'The same key with another body is answered 409. Without it a reading is told by its device and time.',
    }),
  ),
};

const MessageHeaders = Type.Object(messageHeaders);
const ReadingHeaders = Type.Object({
  ...messageHeaders,
  'X-Kidjamo-Import': Type.Optional(
    Type.Literal('true', { description: 'Recorded data: readings may be older than 30 days, and their alerts page nobody.' }),
  ),
});

const LIMITS = `At most ${MAX_BODY} bytes of UTF-8, without content encoding.`;

const oneBody = (schema: TSchema): NonNullable<Operation['body']> => ({ description: LIMITS, content: { 'application/json': schema } });

/** One reading, an array of them, or NDJSON. */
const manyBody = (schema: TSchema): NonNullable<Operation['body']> => ({
  description: `One reading or an array: ${LIMITS.toLowerCase()} NDJSON: any number of lines of at most ${MAX_LINE} bytes, one reading each.`,
  content: {
    'application/json': Type.Union([schema, Type.Array(schema, { minItems: 1, maxItems: MAX_ITEMS })]),
    'application/x-ndjson': Type.String({ description: 'A reading in each line' }),
  },
});

const BATCH_REFUSALS = gatewayRefusals({ statuses: [409, 422], schema: BatchProblem });

/** All of them. */
export const INGESTION: readonly Operation[] = [
  {
    id: 'postNestedReading',
    method: 'POST',
    path: '/iot/measurements',
    tag: 'ingestion',
    summary: 'Take a reading of a bracelet',
    parameters: { header: ReadingHeaders },
    body: oneBody(NestedReading),
    answers: { 200: json('It is kept for good.', NestedAnswer), ...gatewayRefusals() },
  },
  {
    id: 'postFlatReading',
    method: 'POST',
    path: '/ingest',
    tag: 'ingestion',
    summary: 'Take a reading without levels',
    parameters: { header: ReadingHeaders },
    body: oneBody(FlatReading),
    answers: { 200: json('It is kept for good.', FlatAnswer), ...gatewayRefusals() },
  },
  {
    id: 'postReadings',
    method: 'POST',
    path: '/api/v1/measurements',
    tag: 'ingestion',
    summary: 'Take one reading or many',
    parameters: { header: ReadingHeaders },
    body: manyBody(NestedReading),
    answers: { 202: json('What became of each; at least one is kept for good.', BatchAnswer), ...BATCH_REFUSALS },
  },
  {
    id: 'postCloudReadings',
    method: 'POST',
    path: '/v1/vitals',
    tag: 'ingestion',
    summary: 'Take one reading or many, in the format of the cloud',
    parameters: { header: ReadingHeaders },
    body: manyBody(CloudReading),
    answers: { 202: json('What became of each; at least one is kept for good.', BatchAnswer), ...BATCH_REFUSALS },
  },
  {
    id: 'postAlert',
    method: 'POST',
    path: '/iot/alerts',
    tag: 'ingestion',
    summary: 'Take an alert raised by a person or another system',
    parameters: { header: MessageHeaders },
    body: oneBody(AlertBody),
    answers: { 200: json('It is kept for good.', AlertAnswer), ...gatewayRefusals() },
  },
  {
    id: 'postDeviceStatus',
    method: 'POST',
    path: '/api/v1/device/status',
    tag: 'ingestion',
    summary: 'Take what a device says of itself',
    parameters: { header: MessageHeaders },
    body: oneBody(DeviceStatusBody),
    answers: { 202: json('It is kept for good.', StatusAnswer), ...gatewayRefusals() },
  },
];
