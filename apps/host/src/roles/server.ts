/** The web server that carries every route: what it says where no route has anything to say, and what becomes of its faults. */

import { KidjamoError } from '@kidjamo/stream';
import { answerProblem, GATEWAY_SERVER_OPTIONS } from '@kidjamo/vitals';
import Fastify from 'fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';

import type { RoleLogger } from './logger.ts';

/** Makes the server. Its refusals are problem+json and never quote the request; the framework's own do. */
export function makeServer(logger: RoleLogger): FastifyInstance {
  const fastify = Fastify({ ...GATEWAY_SERVER_OPTIONS, logger: false, forceCloseConnections: 'idle', frameworkErrors: answerProblem });
  const faults = new FaultLogger(logger);
  fastify.setChildLoggerFactory(() => faults);
  fastify.setErrorHandler(answerProblem);
  fastify.setNotFoundHandler((request, reply) => {
    answerProblem(
      new KidjamoError('NOT_FOUND', 'no route has this method and path: GET /api/v1/openapi.json tells those there are'),
      request,
      reply,
    );
  });
  return fastify;
}

/**
 * What routes and the framework tell of faults, without what may hold an identity: addresses, and messages that are not ours. One for all
 * requests, since one for each would cost as much as the request.
 */
class FaultLogger implements FastifyBaseLogger {
  level = 'warn';
  readonly #logger: RoleLogger;

  constructor(logger: RoleLogger) {
    this.#logger = logger;
  }

  readonly child = (): this => this;
  readonly silent = (): void => undefined;
  readonly trace = (): void => undefined;
  readonly debug = (): void => undefined;
  readonly info = (): void => undefined;

  readonly warn = (fields: unknown): void => {
    this.#logger.warn(tellable(fields), 'a request met a fault');
  };

  readonly error = (fields: unknown): void => {
    this.#logger.error(tellable(fields), 'a request failed');
  };

  readonly fatal = (fields: unknown): void => {
    this.#logger.fatal(tellable(fields), 'a request failed');
  };
}

/** The template of the route, our correlation id, and the error, of which the logger tells what may be told. */
function tellable(fields: unknown): object {
  if (typeof fields !== 'object' || fields === null) return {};
  return {
    ...('route' in fields ? { route: fields.route } : {}),
    ...('correlation' in fields ? { correlation: fields.correlation } : {}),
    ...('err' in fields ? { err: fields.err } : {}),
  };
}
