/** The routes that tell of the process itself, and the list of all routes. */

import Type from 'typebox';
import type { TSchema } from 'typebox';

import { HealthAnswer, MetricsAnswer, ReadyAnswer } from '../contracts/formats/operations.ts';
import { ACTION_OPERATIONS } from './actions.ts';
import { INGESTION } from './ingestion.ts';
import { json } from './operation.ts';
import type { Operation } from './operation.ts';
import { PEOPLE_OPERATIONS } from './people.ts';
import { RECORDS } from './records.ts';

/** Where the OpenAPI document is served. */
export const DOCUMENT_PATH = '/api/v1/openapi.json';

const TEXT: TSchema = Type.String();

const health = (id: string, path: string): Operation => ({
  id,
  method: 'GET',
  path,
  tag: 'operations',
  summary: 'Whether the process can answer at all, whatever it depends on',
  answers: { 200: json('It can.', HealthAnswer) },
});

const metrics = (id: string, path: string): Operation => ({
  id,
  method: 'GET',
  path,
  tag: 'operations',
  summary: 'What is counted, in the form that Accept asks for; JSON without it',
  answers: {
    200: {
      description: 'The figures.',
      content: { 'application/json': MetricsAnswer, 'text/plain': TEXT, 'application/openmetrics-text': TEXT },
    },
  },
});

const ABOUT_THE_PROCESS: readonly Operation[] = [
  health('getHealth', '/health'),
  health('getHealthV1', '/api/v1/health'),
  {
    id: 'getReadiness',
    method: 'GET',
    path: '/ready',
    tag: 'operations',
    summary: 'Whether readings can be taken and processed now, and what is away if not',
    answers: { 200: json('They can.', ReadyAnswer), 503: json('They cannot, or the process is about to stop.', ReadyAnswer) },
  },
  metrics('getMetrics', '/metrics'),
  metrics('getMetricsV1', '/api/v1/metrics'),
  {
    id: 'getMetricsText',
    method: 'GET',
    path: '/metrics/prometheus',
    tag: 'operations',
    summary: 'What is counted, as text for Prometheus',
    answers: { 200: { description: 'The figures.', content: { 'text/plain': TEXT } } },
  },
  {
    id: 'getDocument',
    method: 'GET',
    path: DOCUMENT_PATH,
    tag: 'operations',
    summary: 'This document',
    answers: { 200: json('OpenAPI 3.1.', Type.Object({ openapi: Type.String() })) },
  },
];

/** Every route that is there for clients. */
export const OPERATIONS: readonly Operation[] = [
  ...INGESTION,
  ...ACTION_OPERATIONS,
  ...PEOPLE_OPERATIONS,
  ...RECORDS,
  ...ABOUT_THE_PROCESS,
];
