/** `POST /api/v1/alerts/{id}/acknowledge`, `comment`, `resolve` and `snooze`, and the routes that administer people. */

import type { FastifyInstance } from 'fastify';

import { ACTIONS } from '../contracts/reading.ts';
import { correlationOf } from '../gateway/door.ts';
import { OverrideDesk } from '../people/override-desk.ts';
import { People } from '../people/people.ts';
import { addPeopleRoutes } from '../people/routes.ts';
import { createRepository } from '../read/repository.ts';
import * as schemas from '../read/schemas.ts';
import { compileParameters } from '../read/validation.ts';
import { ActionDesk } from './desk.ts';
import type { Identification } from './identify.ts';
import { actingOf } from './identify.ts';
import { answerActionProblem } from './problem.ts';
import { ACTION_BODIES, ActionAnswer } from './schemas.ts';
import type { ActionBody } from './schemas.ts';
import { idempotencyKeyOf, Submissions } from './submissions.ts';
import type { SubmissionOptions } from './submissions.ts';

/** Bytes of a body. */
const MAX_BODY = 16 << 10;

/** What the routes stand on. */
export interface ActionOptions extends SubmissionOptions {
  readonly identification: Identification;
}

/** Registers the routes. */
export function registerActions(fastify: FastifyInstance, options: ActionOptions): void {
  const { pool, clock, identification } = options;
  const people = new People({ pool, clock });
  const submissions = new Submissions(options);
  const desk = new ActionDesk({ pool, clock, people, submissions });
  const overrides = new OverrideDesk({ pool, clock, people, submissions });
  void fastify.register(
    (scope, _options, done) => {
      scope.setValidatorCompiler(compileParameters);
      scope.setSerializerCompiler(() => (data) => JSON.stringify(data));
      scope.setErrorHandler(answerActionProblem);
      // Before a body is looked at: who is not known learns nothing.
      scope.addHook('onRequest', async ({ headers }) => {
        actingOf(headers, identification);
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
            const acting = actingOf(request.headers, identification);
            const key = idempotencyKeyOf(request.headers);
            const answer = await desk.take(acting, { alert: request.params.id, action, body: request.body ?? {}, key, correlation });
            return reply
              .code(answer.status === 'applied' ? 200 : 202)
              .header('x-correlation-id', correlation)
              .send(answer);
          },
        );
      }
      addPeopleRoutes(scope, { people, overrides, repository: createRepository(options), identification });
      done();
    },
    { prefix: '/api/v1' },
  );
}
