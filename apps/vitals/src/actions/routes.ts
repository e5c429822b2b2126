/** `POST /api/v1/alerts/{id}/acknowledge`, `comment`, `resolve` and `snooze`, and the routes that administer people. */

import type { FastifyInstance, FastifyRequest } from 'fastify';

import { ACTIONS } from '../contracts/reading.ts';
import { correlationOf, MAX_KEY } from '../gateway/door.ts';
import { addPeopleRoutes } from '../people/routes.ts';
import { ParameterError } from '../read/problem.ts';
import { createRepository } from '../read/repository.ts';
import * as schemas from '../read/schemas.ts';
import { compileParameters } from '../read/validation.ts';
import type { DeskOptions } from './desk.ts';
import { ActionDesk } from './desk.ts';
import type { Identification } from './identify.ts';
import { actingOf } from './identify.ts';
import { answerActionProblem } from './problem.ts';
import { ACTION_BODIES, ActionAnswer } from './schemas.ts';
import type { ActionBody } from './schemas.ts';

/** Bytes of a body. */
const MAX_BODY = 16 << 10;

/** What the routes stand on. */
export interface ActionOptions extends DeskOptions {
  readonly identification: Identification;
}

/** Registers the routes. */
export function registerActions(fastify: FastifyInstance, options: ActionOptions): void {
  const desk = new ActionDesk(options);
  void fastify.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(compileParameters);
      scope.setSerializerCompiler(() => (data) => JSON.stringify(data));
      scope.setErrorHandler(answerActionProblem);
      // Before a body is looked at: who is not known learns nothing.
      scope.addHook('onRequest', async ({ headers }) => {
        actingOf(headers, options.identification);
      });
      for (const action of ACTIONS) {
        scope.post<{ Params: schemas.AlertParams; Body: ActionBody | null }>(
          `/alerts/:id/${action}`,
          {
            bodyLimit: MAX_BODY,
            schema: { params: schemas.AlertParams, body: ACTION_BODIES[action], response: { 200: ActionAnswer } },
          },
          async (request, reply) => {
            const correlation = correlationOf(request.headers['x-correlation-id']);
            const acting = actingOf(request.headers, options.identification);
            const key = keyOf(request);
            const answer = await desk.take(acting, { alert: request.params.id, action, body: request.body ?? {}, key, correlation });
            return reply
              .code(answer.status === 'applied' ? 200 : 202)
              .header('x-correlation-id', correlation)
              .send(answer);
          },
        );
      }
      addPeopleRoutes(scope, { people: desk.people, repository: createRepository(options), identification: options.identification });
      done();
    },
    { prefix: '/api/v1' },
  );
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || key.length === 0 || key.length > MAX_KEY) {
    throw new ParameterError('Idempotency-Key', `Idempotency-Key must have 1 to ${MAX_KEY} characters`);
  }
  return key;
}
