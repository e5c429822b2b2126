/**
 * What every ingestion route does before and after its own work: correlation id, drain, body, content type, refusals, counting.
 *
 * The body is read here and not by the web framework, which would throw payloads away that are too large, of an unknown content type or
 * unparseable: here each of them is kept in quarantine before it is refused.
 */

import { randomUUID } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { GatewayMetrics } from './metrics.ts';
import { bodyType } from './media-type.ts';
import type { BodyType } from './media-type.ts';
import type { Refusal } from './parse-body.ts';
import { problemBody, problemOf, problemOfError, retryAfter } from './problem.ts';
import type { ProblemCode, ProblemDetails } from './problem.ts';
import type { Quarantine } from './quarantine.ts';
import { MAX_BODY } from './read-body.ts';
import type { BodyReader } from './read-body.ts';

/** What an X-Correlation-Id looks like; another one is replaced by one of our own. */
export const CORRELATION = /^[A-Za-z0-9._:-]{1,128}$/;
/** Characters of an Idempotency-Key. */
export const MAX_KEY = 255;

/** What a refusal or an answer is made of. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly problem?: ProblemCode;
  /** Whether the connection must be closed, since the rest of the body is not read. */
  readonly close?: boolean;
}

/** A request that has been let in. */
export interface Visit {
  readonly request: FastifyRequest;
  /** Route template. */
  readonly route: string;
  /** Name that the quarantine gives to payloads of this route. */
  readonly format: string;
  /** When it came, ms since the epoch. */
  readonly received: number;
  readonly correlation: string;
  readonly imported: boolean;
  /** The Idempotency-Key, as given. */
  readonly key: string | undefined;
  readonly type: BodyType;
}

/** How a route handles what came. */
export interface Handler {
  readonly format: string;
  /** Handles a JSON body. */
  readonly json: (visit: Visit, bytes: Buffer) => Promise<Answer>;
  /** Handles NDJSON, where the route takes it. */
  readonly ndjson?: (visit: Visit) => Promise<Answer>;
}

export interface DoorParts {
  readonly clock: Clock;
  readonly reader: BodyReader;
  readonly quarantine: Quarantine;
  readonly metrics: GatewayMetrics;
}

export class Door {
  readonly #parts: DoorParts;
  #inFlight = 0;
  #draining = false;
  #whenEmpty: (() => void)[] = [];

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Refuses new requests, and resolves when those under way are answered. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Handles a request from its first byte to its answer. Never rejects. */
  async receive(request: FastifyRequest, reply: FastifyReply, handler: Handler): Promise<FastifyReply> {
    const { clock, metrics } = this.#parts;
    const received = clock.now();
    const route = request.routeOptions.url ?? '';
    const correlation = correlationOf(request.headers['x-correlation-id']);
    this.#inFlight += 1;
    try {
      const answer = await this.#answer({ request, route, correlation, received }, handler);
      metrics.countRequest(route, answer.status, (clock.now() - received) / 1000);
      return await send(reply, answer, correlation);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
    }
  }

  async #answer(entry: Pick<Visit, 'request' | 'route' | 'correlation' | 'received'>, handler: Handler): Promise<Answer> {
    const { request, correlation } = entry;
    if (this.#draining) return { ...refuse('draining', { correlation }), close: true };
    const key = request.headers['idempotency-key'];
    const visit: Visit = {
      ...entry,
      format: handler.format,
      imported: request.headers['x-kidjamo-import'] === 'true',
      key: typeof key === 'string' ? key : undefined,
      type: bodyType(request.givenType, request.headers['content-encoding']),
    };
    try {
      if (visit.type === 'ndjson' && handler.ndjson !== undefined && keyFits(visit.key)) return await handler.ndjson(visit);
      return await this.#whole(visit, handler);
    } catch (error) {
      const problem = problemOfError(error);
      if (problem === 'internal') request.log.error({ route: entry.route, correlation, err: error }, 'a request failed');
      const detail = problem !== 'internal' && error instanceof KidjamoError ? { detail: error.message } : {};
      // A body that was not read to its end cannot be followed by another request.
      return { ...refuse(problem, { ...detail, correlation }), close: !request.raw.readableEnded };
    }
  }

  async #whole(visit: Visit, handler: Handler): Promise<Answer> {
    const { reader } = this.#parts;
    const { correlation } = visit;
    const body = await reader.read(visit.request.raw);
    switch (body.kind) {
      case 'gone':
      case 'slow':
        return { ...refuse('timeout', { correlation }), close: true };
      case 'crowded':
        return { ...refuse('overloaded', { correlation }), close: true };
      case 'too_large':
      case 'whole':
        try {
          if (body.kind === 'too_large') {
            const detail = `the body has more than ${MAX_BODY} bytes; its beginning is kept. Send more as NDJSON`;
            return { ...(await this.refuseBody(visit, body.bytes, { reason: 'too_large', detail })), close: body.rest };
          }
          if (visit.type !== 'json') {
            const detail = 'this route reads UTF-8 JSON without content encoding';
            return await this.refuseBody(visit, body.bytes, { reason: 'unsupported_media_type', detail });
          }
          if (!keyFits(visit.key)) {
            const detail = `Idempotency-Key must have 1 to ${MAX_KEY} characters`;
            await this.refuseBody(visit, body.bytes, { reason: 'invalid', detail });
            return refuse('bad-header', { detail, correlation });
          }
          return await handler.json(visit, body.bytes);
        } finally {
          reader.release(body.bytes);
        }
    }
  }

  /** Keeps a body in quarantine, and refuses it. */
  async refuseBody({ format, received, correlation }: Visit, bytes: Buffer, refusal: Refusal): Promise<Answer> {
    const { quarantine, metrics } = this.#parts;
    const { reason, detail, faults } = refusal;
    const field = faults?.[0]?.pointer;
    await quarantine.keep({
      reason,
      detail,
      source: format,
      payload: bytes,
      received,
      correlation,
      ...(field === undefined ? {} : { field }),
    });
    metrics.countItem(format, 'rejected');
    return refuse(problemOf(reason), { detail, correlation, ...(faults === undefined ? {} : { errors: faults }) });
  }
}

/** A refusal as an answer. */
export function refuse(problem: ProblemCode, details: ProblemDetails): Answer {
  const body = problemBody(problem, details);
  return { status: body.status, body, problem };
}

function send(reply: FastifyReply, answer: Answer, correlation: string): FastifyReply {
  void reply.code(answer.status).header('x-correlation-id', correlation);
  void reply.header('content-type', answer.problem === undefined ? 'application/json; charset=utf-8' : 'application/problem+json');
  const wait = answer.problem === undefined ? undefined : retryAfter(answer.problem);
  if (wait !== undefined) void reply.header('retry-after', wait);
  if (answer.close === true) void reply.header('connection', 'close');
  return reply.send(JSON.stringify(answer.body));
}

/** The correlation id that a request gives, or a new one. */
export function correlationOf(given: string | string[] | undefined): string {
  return typeof given === 'string' && CORRELATION.test(given) ? given : randomUUID();
}

function keyFits(key: string | undefined): boolean {
  return key === undefined || (key.length > 0 && key.length <= MAX_KEY);
}
