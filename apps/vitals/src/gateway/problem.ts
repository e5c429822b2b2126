/** How the gateway says no: problem+json (RFC 9457), naming the member at fault and never its value. */

import { KidjamoError, isRetryable } from '@kidjamo/stream';

import type { Fault, Problem } from '../contracts/formats/answers.ts';
import type { QuarantineReason } from './quarantine.ts';

/** The kinds of refusal. `retryAfter` in seconds. */
export const PROBLEMS = {
  unparseable: { status: 400, title: 'The body cannot be parsed' },
  'bad-header': { status: 400, title: 'A header is not valid' },
  timeout: { status: 408, title: 'The body did not arrive in time' },
  conflict: { status: 409, title: 'Another reading of this device at this time was stored before' },
  'idempotency-conflict': { status: 409, title: 'The Idempotency-Key came with another body before' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The content type is not one that is read here' },
  invalid: { status: 422, title: 'A member is missing or of the wrong type' },
  overloaded: { status: 429, title: 'Too much is waiting to be written', retryAfter: 1 },
  unavailable: { status: 503, title: 'Nothing can be kept just now', retryAfter: 2 },
  draining: { status: 503, title: 'This process is about to stop', retryAfter: 1 },
  internal: { status: 500, title: 'An unexpected fault' },
} as const satisfies Record<string, { status: number; title: string; retryAfter?: number }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What is added to a problem. */
export interface ProblemDetails {
  readonly detail?: string;
  readonly errors?: readonly Fault[];
  readonly correlation?: string;
}

/** Seconds after which the sender may try again, or undefined. */
export function retryAfter(code: ProblemCode): number | undefined {
  const problem = PROBLEMS[code];
  return 'retryAfter' in problem ? problem.retryAfter : undefined;
}

/** The body of a refusal. */
export function problemBody(code: ProblemCode, { detail, errors, correlation }: ProblemDetails): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:kidjamo:problem:${code}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors: [...errors] }),
    ...(correlation === undefined ? {} : { correlation_id: correlation }),
  };
}

/** The refusal that a quarantined payload is answered with. */
export function problemOf(reason: QuarantineReason): ProblemCode {
  switch (reason) {
    case 'unparseable':
      return 'unparseable';
    case 'too_large':
      return 'too-large';
    case 'unsupported_media_type':
      return 'unsupported-media-type';
    case 'idempotency_conflict':
      return 'idempotency-conflict';
    case 'invalid':
    case 'timestamp_future':
    case 'timestamp_old':
    case 'unknown_patient':
    case 'unassigned_device':
      return 'invalid';
  }
}

/** The refusal that an error is answered with. */
export function problemOfError(error: unknown): ProblemCode {
  if (error instanceof KidjamoError && error.code === 'OVERLOADED') return 'overloaded';
  return isRetryable(error) ? 'unavailable' : 'internal';
}
