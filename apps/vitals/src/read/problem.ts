/** How the read API says no: RFC 9457 problem+json, naming the parameter at fault and never its value. */

import { KidjamoError, hasCode, isRetryable } from '@kidjamo/stream';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** Seconds after which a caller may try again while nothing can be read. */
const RETRY_AFTER_S = 2;

/** A request parameter that cannot be taken as it is. */
export class ParameterError extends KidjamoError {
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super('INPUT_INVALID', message);
    this.parameter = parameter;
  }
}

/** The kinds of refusal. The addresses are made like those of the gateway. */
export const PROBLEMS = {
  invalid: { status: 422, title: 'A parameter is not valid' },
  'not-found': { status: 404, title: 'There is no such thing' },
  unavailable: { status: 503, title: 'Nothing can be read just now' },
  internal: { status: 500, title: 'An unexpected fault' },
} as const satisfies Record<string, { status: number; title: string }>;

/** Answers an error of a read route. */
export function answerProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  // Faults that the framework finds (an address it cannot decode) keep its status; its messages may quote the request.
  const status = error instanceof KidjamoError ? undefined : error.statusCode;
  if (status !== undefined && status >= 400 && status < 500) {
    send(reply, { type: 'about:blank', status, title: 'The request is refused' });
    return;
  }
  const kind = kindOf(error);
  const problem = PROBLEMS[kind];
  if (problem.status >= 500) request.log.warn({ route: request.routeOptions.url, err: error }, 'a read request failed');
  if (kind === 'unavailable') void reply.header('retry-after', RETRY_AFTER_S);
  send(reply, {
    type: `urn:kidjamo:problem:${kind}`,
    ...problem,
    ...(problem.status < 500 ? { detail: error.message } : {}),
    ...(error instanceof ParameterError ? { parameter: error.parameter } : {}),
  });
}

function send(reply: FastifyReply, problem: { readonly status: number } & Readonly<Record<string, unknown>>): void {
  void reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

function kindOf(error: unknown): keyof typeof PROBLEMS {
  if (hasCode(error, 'INPUT_INVALID')) return 'invalid';
  if (hasCode(error, 'NOT_FOUND')) return 'not-found';
  return isRetryable(error) ? 'unavailable' : 'internal';
}
