/** The read API: alerts, patients with their readings and windows, and what could not be processed. */

import type { Clock } from '@kidjamo/stream';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { TSchema } from 'typebox';

import type { Actor } from './actor.ts';
import { OPERATOR } from './actor.ts';
import { decodeCursor, DEFAULT_LIMIT } from './paging.ts';
import type { KeyShape, PageRequest } from './paging.ts';
import { answerProblem, ParameterError } from './problem.ts';
import type { Repository } from './repository.ts';
import { createRepository } from './repository.ts';
import { ALERT_KEY, ALERT_LOG_KEY } from './repository/alerts.ts';
import type { AlertRequest } from './repository/alerts.ts';
import { DEAD_LETTER_KEY, QUARANTINE_KEY } from './repository/faults.ts';
import { MEASUREMENT_KEY } from './repository/measurements.ts';
import { PATIENT_KEY } from './repository/patients.ts';
import { WINDOW_KEY } from './repository/windows.ts';
import { RULES } from './rules.ts';
import * as schemas from './schemas.ts';
import { timeParameter, timeRange } from './time-parameter.ts';
import { compileParameters } from './validation.ts';

export interface ReadApiOptions {
  readonly pool: Pool;
  readonly clock: Clock;
}

/**
 * Registers the read API under `/api/v1`. Lists are paged by key: `limit` and `cursor` in, `{items, next_cursor}` out. A bad parameter
 * is answered 422 and named, an unknown patient 404, a database that is away 503 with Retry-After.
 */
export function registerReadApi(fastify: FastifyInstance, options: ReadApiOptions): void {
  const repository = createRepository(options);
  void fastify.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(compileParameters);
      // The answers are built from typed rows; their schemas describe them, and a test checks them against each other.
      scope.setSerializerCompiler(() => (data) => JSON.stringify(data));
      scope.setErrorHandler(answerProblem);
      scope.addHook('onRequest', (_request, reply, next) => {
        void reply.header('cache-control', 'no-store');
        next();
      });
      registerLists(scope, repository);
      registerPatients(scope, repository);
      done();
    },
    { prefix: '/api/v1' },
  );
}

function registerLists(scope: FastifyInstance, repository: Repository): void {
  scope.get<{ Querystring: schemas.AlertQuery }>(
    '/alerts',
    { schema: { querystring: schemas.AlertQuery, response: page(schemas.Alert) } },
    async ({ query }) => {
      const patientId = query.patient === undefined ? undefined : (await repository.patient(actor(), query.patient)).patient_id;
      return repository.alerts(actor(), alertRequest(query, patientId));
    },
  );

  scope.get<{ Params: schemas.AlertParams; Querystring: schemas.PageQuery }>(
    '/alerts/:id/log',
    { schema: { params: schemas.AlertParams, querystring: schemas.PageQuery, response: page(schemas.AlertLogEntry) } },
    async ({ params, query }) => repository.alertLog(actor(), { ...pageRequest(query, ALERT_LOG_KEY), alertId: params.id }),
  );

  scope.get<{ Querystring: schemas.QuarantineQuery }>(
    '/quarantine',
    { schema: { querystring: schemas.QuarantineQuery, response: page(schemas.Quarantined) } },
    async ({ query }) => repository.quarantine(actor(), { ...pageRequest(query, QUARANTINE_KEY), status: query.status }),
  );

  scope.get<{ Querystring: schemas.DeadLetterQuery }>(
    '/dead-letters',
    { schema: { querystring: schemas.DeadLetterQuery, response: page(schemas.DeadLetterOut) } },
    async ({ query }) => repository.deadLetters(actor(), { ...pageRequest(query, DEAD_LETTER_KEY), status: query.status }),
  );

  scope.get('/rules', { schema: { response: { 200: schemas.RuleList } } }, async () => RULES);
}

function registerPatients(scope: FastifyInstance, repository: Repository): void {
  scope.get<{ Querystring: schemas.PageQuery }>(
    '/patients',
    { schema: { querystring: schemas.PageQuery, response: page(schemas.Patient) } },
    async ({ query }) => repository.patients(actor(), pageRequest(query, PATIENT_KEY)),
  );

  scope.get<{ Params: schemas.PatientParams }>(
    '/patients/:id',
    { schema: { params: schemas.PatientParams, response: { 200: schemas.Patient } } },
    async ({ params }) => repository.patient(actor(), params.id),
  );

  scope.get<{ Params: schemas.PatientParams; Querystring: schemas.RangeQuery }>(
    '/patients/:id/measurements',
    { schema: { params: schemas.PatientParams, querystring: schemas.RangeQuery, response: page(schemas.Measurement) } },
    async ({ params, query }) => {
      const request = { ...pageRequest(query, MEASUREMENT_KEY), ...timeRange(query) };
      return repository.measurements(actor(), { ...request, patientId: (await repository.patient(actor(), params.id)).patient_id });
    },
  );

  scope.get<{ Params: schemas.PatientParams; Querystring: schemas.RangeQuery }>(
    '/patients/:id/windows',
    { schema: { params: schemas.PatientParams, querystring: schemas.RangeQuery, response: page(schemas.Window) } },
    async ({ params, query }) => {
      const request = { ...pageRequest(query, WINDOW_KEY), ...timeRange(query) };
      return repository.windows(actor(), { ...request, patientId: (await repository.patient(actor(), params.id)).patient_id });
    },
  );

  scope.get<{ Params: schemas.PatientParams; Querystring: Omit<schemas.AlertQuery, 'patient'> }>(
    '/patients/:id/alerts',
    { schema: { params: schemas.PatientParams, querystring: schemas.PatientAlertQuery, response: page(schemas.Alert) } },
    async ({ params, query }) => {
      const request = alertRequest(query, undefined);
      return repository.alerts(actor(), { ...request, patientId: (await repository.patient(actor(), params.id)).patient_id });
    },
  );
}

/** Who asks. Until people sign in, the operator of the machine. */
function actor(): Actor {
  return OPERATOR;
}

function alertRequest(query: Omit<schemas.AlertQuery, 'patient'>, patientId: string | undefined): AlertRequest {
  return {
    ...pageRequest(query, ALERT_KEY),
    open: query.status === 'open',
    severity: query.severity,
    since: timeParameter('since', query.since),
    patientId,
  };
}

function pageRequest(query: schemas.PageQuery, shape: KeyShape): PageRequest {
  return {
    limit: query.limit ?? DEFAULT_LIMIT,
    after: query.cursor === undefined ? undefined : cursor(query.cursor, shape),
  };
}

function cursor(value: string, shape: KeyShape): PageRequest['after'] {
  const key = decodeCursor(value, shape);
  if (key === undefined) throw new ParameterError('cursor', 'cursor must be the next_cursor of an earlier page of the same list');
  return key;
}

function page(item: TSchema): { 200: TSchema } {
  return { 200: schemas.pageOf(item) };
}
