/** How the routes of people's actions say no: RFC 9457 problem+json, naming the member at fault and never its value. */

import { hasCode, isRetryable, KidjamoError } from '@kidjamo/stream';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

import type { AlertStatus } from '../contracts/reading.ts';
import { correlationOf } from '../gateway/door.ts';
import { ParameterError } from '../read/problem.ts';
import type { ActionProblem } from './schemas.ts';

/** The kinds of refusal. */
export const ACTION_PROBLEMS = {
  unparseable: { status: 400, title: 'The body is no JSON' },
  unauthenticated: { status: 401, title: 'Who asks is not known' },
  forbidden: { status: 403, title: 'The person may not do this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'wrong-state': { status: 409, title: 'The alert is not in a state that allows this' },
  'change-refused': { status: 409, title: 'The rules of the patient cannot be changed so' },
  'idempotency-conflict': { status: 409, title: 'The Idempotency-Key came with another body before' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not one that is read here' },
  invalid: { status: 422, title: 'A member is missing or not valid' },
  overloaded: { status: 429, title: 'Too much is waiting to be written', retryAfter: 1 },
  unavailable: { status: 503, title: 'Nothing can be kept just now', retryAfter: 2 },
  internal: { status: 500, title: 'An unexpected fault' },
} as const satisfies Record<string, { status: number; title: string; retryAfter?: number }>;

type Kind = keyof typeof ACTION_PROBLEMS;

/** The alert does not allow the action. */
export class WrongState extends KidjamoError {
  readonly state: AlertStatus | null;
  readonly action: string;

  constructor(refusal: { readonly detail: string; readonly state: AlertStatus | null; readonly action: string }) {
    super('INPUT_INVALID', refusal.detail);
    this.state = refusal.state;
    this.action = refusal.action;
  }
}

/** The rules of the patient do not allow the change. */
export class ChangeRefused extends KidjamoError {
  readonly change: string;

  constructor(refusal: { readonly detail: string; readonly change: string }) {
    super('INPUT_INVALID', refusal.detail);
    this.change = refusal.change;
  }
}

/** The key stands for another body. */
export class KeyConflict extends KidjamoError {
  constructor() {
    super('INPUT_INVALID', 'the Idempotency-Key came with another body before; give each request a key of its own');
  }
}

/** Answers an error of such a route. */
export function answerActionProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const kind = kindOf(error);
  const problem = ACTION_PROBLEMS[kind];
  if (problem.status === 500) request.log.warn({ route: request.routeOptions.url, err: error }, 'an action failed');
  if ('retryAfter' in problem) void reply.header('retry-after', problem.retryAfter);
  // Messages of the framework may quote the request.
  const detail = error instanceof KidjamoError && problem.status < 500 ? { detail: error.message } : {};
  const correlation = correlationOf(request.headers['x-correlation-id']);
  const body: ActionProblem = {
    type: `urn:kidjamo:problem:${kind}`,
    title: problem.title,
    status: problem.status,
    ...detail,
    ...parameterOf(error),
    ...(error instanceof WrongState ? { alert_status: error.state, action_id: error.action } : {}),
    ...(error instanceof ChangeRefused ? { change_id: error.change } : {}),
    correlation_id: correlation,
  };
  void reply
    .code(problem.status)
    .header('x-correlation-id', correlation)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(body));
}

/** The member at fault, where the message begins with its name. */
function parameterOf(error: FastifyError): { readonly parameter?: string } {
  if (error instanceof ParameterError) return { parameter: error.parameter };
  const name = hasCode(error, 'INPUT_INVALID') ? /^([a-z_]+): /.exec(error.message)?.[1] : undefined;
  return name === undefined ? {} : { parameter: name };
}

/** Faults that the framework finds before a route is asked, by their status. */
const BY_STATUS: Readonly<Record<number, Kind>> = { 400: 'unparseable', 413: 'too-large', 415: 'unsupported-media-type' };

function kindOf(error: FastifyError): Kind {
  if (!(error instanceof KidjamoError)) return BY_STATUS[error.statusCode ?? 500] ?? 'internal';
  if (error instanceof WrongState) return 'wrong-state';
  if (error instanceof ChangeRefused) return 'change-refused';
  if (error instanceof KeyConflict) return 'idempotency-conflict';
  if (hasCode(error, 'UNAUTHENTICATED')) return 'unauthenticated';
  if (hasCode(error, 'FORBIDDEN')) return 'forbidden';
  if (hasCode(error, 'NOT_FOUND')) return 'not-found';
  if (hasCode(error, 'INPUT_INVALID')) return 'invalid';
  if (hasCode(error, 'OVERLOADED')) return 'overloaded';
  return isRetryable(error) ? 'unavailable' : 'internal';
}
