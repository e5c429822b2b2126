/** The OpenAPI document of the HTTP interface, written from {@link OPERATIONS} and the schemas they name. */

import type { TObject, TSchema } from 'typebox';

import { ActionAnswer, ActionProblem } from '../actions/schemas.ts';
import { AlertBody } from '../contracts/formats/alert.ts';
import * as answers from '../contracts/formats/answers.ts';
import { CloudReading } from '../contracts/formats/cloud.ts';
import { DeviceStatusBody } from '../contracts/formats/device-status.ts';
import { FlatReading } from '../contracts/formats/flat.ts';
import { NestedReading } from '../contracts/formats/nested.ts';
import { HealthAnswer, MetricsAnswer, ReadyAnswer } from '../contracts/formats/operations.ts';
import {
  Assignment,
  CaregiverLink,
  ClinicianRecord,
  NewPerson,
  OverrideBody,
  OverrideOut,
  PersonChange,
  PersonOut,
  Shift,
  Team,
} from '../people/schemas.ts';
import * as schemas from '../read/schemas.ts';
import type { Answer, Content, Operation } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import { PAGES } from './records.ts';

/** Version of the HTTP interface. */
const VERSION = '0.1.0';

/** Schemas that have a name in the document; everything else is written out where it is used. */
const COMPONENTS: Readonly<Record<string, TSchema>> = {
  NestedReading,
  FlatReading,
  CloudReading,
  AlertReport: AlertBody,
  DeviceStatus: DeviceStatusBody,
  NestedAnswer: answers.NestedAnswer,
  FlatAnswer: answers.FlatAnswer,
  BatchAnswer: answers.BatchAnswer,
  ItemResult: answers.ItemResult,
  AlertAnswer: answers.AlertAnswer,
  StatusAnswer: answers.StatusAnswer,
  Fault: answers.Fault,
  Problem: answers.Problem,
  BatchProblem: answers.BatchProblem,
  ReadProblem: schemas.Problem,
  Patient: schemas.Patient,
  Measurement: schemas.Measurement,
  Window: schemas.Window,
  Alert: schemas.Alert,
  AlertLogEntry: schemas.AlertLogEntry,
  ActionAnswer: ActionAnswer,
  ActionProblem: ActionProblem,
  NewPerson,
  PersonChange,
  Person: PersonOut,
  CaregiverLink,
  Clinician: ClinicianRecord,
  Assignment,
  Shift,
  Team,
  OverrideRequest: OverrideBody,
  Override: OverrideOut,
  Quarantined: schemas.Quarantined,
  DeadLetter: schemas.DeadLetterOut,
  Rule: schemas.Rule,
  RuleList: schemas.RuleList,
  ...PAGES,
  HealthAnswer,
  ReadyAnswer,
  MetricsAnswer,
};

const NAMES: ReadonlyMap<unknown, string> = new Map(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]));

type Json = Readonly<Record<string, unknown>>;

/** An OpenAPI document, as far as we look into it. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly Json[];
  /** Operations by path and by method in lower case. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly components: { readonly schemas: Json; readonly headers: Json };
}

/** The document. The same at each call. */
export function openApiDocument(): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of OPERATIONS) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kidjamo',
      version: VERSION,
      summary: 'Vital signs of people with sickle-cell disease. Not a medical device.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The process that serves this document. It listens on loopback and asks nobody to sign in.' }],
    tags: [
      { name: 'ingestion', description: 'What devices and people send. Success is answered only after it is durable.' },
      { name: 'actions', description: 'What people do about alerts. The one who acts is named, and it is written down.' },
      { name: 'people', description: 'Who stands behind a patient. Administered by the operator; rules are changed by clinicians.' },
      { name: 'records', description: 'What is known.' },
      { name: 'operations', description: 'How the process is.' },
    ],
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, members(schema)])),
      headers: {
        CorrelationId: { description: 'Under which the request is stored and logged.', schema: { type: 'string' } },
        RetryAfter: { description: 'Seconds after which to try again.', schema: { type: 'integer' } },
      },
    },
  };
}

function describe(operation: Operation): Json {
  const { id, tag, summary, description, body } = operation;
  const given = parameters(operation);
  const ingestion = tag === 'ingestion' || tag === 'actions';
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(given.length === 0 ? {} : { parameters: given }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: body.optional !== true, description: body.description, content: content(body.content) } }),
    responses: Object.fromEntries(Object.entries(operation.answers).map(([status, answer]) => [status, response(answer, ingestion)])),
  };
}

function parameters({ parameters: given = {} }: Operation): Json[] {
  return (['path', 'query', 'header'] as const).flatMap((where) => {
    const schema: TObject | undefined = given[where];
    if (schema === undefined) return [];
    return Object.entries(schema.properties).map(([name, member]) => {
      const { description, ...rest } = members(member);
      const required = where === 'path' || (schema.required ?? []).includes(name);
      return { name, in: where, required, ...(description === undefined ? {} : { description }), schema: rest };
    });
  });
}

function response(answer: Answer, correlated: boolean): Json {
  const headers = {
    ...(correlated ? { 'X-Correlation-Id': { $ref: '#/components/headers/CorrelationId' } } : {}),
    ...(answer.retryAfter === true ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } : {}),
  };
  return {
    description: answer.description,
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    content: content(answer.content),
  };
}

function content(given: Content): Json {
  return Object.fromEntries(Object.entries(given).map(([type, schema]) => [type, { schema: reference(schema) }]));
}

/** A schema, or where it has a name a reference to it. */
function reference(schema: unknown): unknown {
  const name = NAMES.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(schema)) return schema.map(reference);
  return typeof schema === 'object' && schema !== null ? members(schema) : schema;
}

function members(schema: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, reference(value)]));
}
