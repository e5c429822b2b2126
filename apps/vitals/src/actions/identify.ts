/**
 * Who acts over HTTP. There is no sign-in yet: a caller proves that it is the operator's program by a token, and is then believed which
 * person it speaks for. Without a token, whoever reaches the loopback address is believed, which is refused in production.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import { KidjamoError } from '@kidjamo/stream';

import type { Acting } from '../read/actor.ts';
import { OPERATOR } from '../read/actor.ts';
import { isUuidKey } from '../read/paging.ts';
import { ParameterError } from '../read/problem.ts';

/** How callers are known. */
export interface Identification {
  /** What the operator's programs show; empty when none is set. */
  readonly token: string;
  /** Whether nobody is believed without a token. */
  readonly strict: boolean;
}

/** The header that names the person. */
const PERSON_HEADER = 'x-kidjamo-person';

/**
 * Who acts: the person named, or without a name the operator.
 * @throws KidjamoError UNAUTHENTICATED without the token; ParameterError when the name is no UUID.
 */
export function actingOf(headers: IncomingHttpHeaders, { token, strict }: Identification): Acting {
  if (token === '' && strict) {
    throw new KidjamoError('UNAUTHENTICATED', 'in production nobody is believed without a token: set KIDJAMO_OPERATOR_TOKEN');
  }
  if (token !== '' && !sameText(headers.authorization ?? '', `Bearer ${token}`)) {
    throw new KidjamoError('UNAUTHENTICATED', 'Authorization has to hold Bearer and the token of KIDJAMO_OPERATOR_TOKEN');
  }
  const person = headers[PERSON_HEADER];
  if (person === undefined) return OPERATOR;
  if (typeof person !== 'string' || !isUuidKey(person)) {
    throw new ParameterError('X-Kidjamo-Person', 'X-Kidjamo-Person must be the user_id of a person, a UUID in lower case');
  }
  return { kind: 'person', user: person };
}

/** Takes as long whatever is given, so that a token cannot be guessed by its beginning. */
function sameText(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
