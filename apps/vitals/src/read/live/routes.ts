/** `GET /events`: the live board as server-sent events. */

import type { Clock, Log } from '@kidjamo/stream';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';

import { OPERATOR } from '../actor.ts';
import { answerProblem } from '../problem.ts';
import { createRepository } from '../repository.ts';
import { EventStream } from './event-stream.ts';
import { LiveFeed } from './feed.ts';

export interface LiveEventsOptions {
  readonly pool: Pool;
  readonly clock: Clock;
  /** The log `vitals-readings`. */
  readonly readings: Log;
  /** The log `vitals-alerts`. */
  readonly alerts: Log;
  /** Hears of faults that the board gets over by itself, such as a database that is away. Without it they go to the server's log. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * Registers `GET /events`. The events are those of `LiveEvents`: a `snapshot` on connecting, then what changes. Nothing is read while
 * nobody is connected. When the server closes, the streams are ended first.
 */
export function registerLiveEvents(fastify: FastifyInstance, options: LiveEventsOptions): void {
  const feed = new LiveFeed({
    ...options,
    repository: createRepository(options),
    actor: OPERATOR,
    onFault: options.onFault ?? ((error) => fastify.log.warn({ err: error }, 'the live board could not be read; it tries again')),
  });
  fastify.addHook('preClose', () => feed.close());
  fastify.route({
    method: 'GET',
    url: '/events',
    exposeHeadRoute: false,
    errorHandler: answerProblem,
    handler: (request, reply) => {
      const stream = new EventStream({ response: reply.raw, clock: options.clock, latest: () => feed.snapshotFrame() });
      // Throws where there is no place, while an ordinary answer is still possible.
      const leave = feed.subscribe(stream);
      reply.hijack();
      stream.open();
      request.raw.socket.setNoDelay(true);
      reply.raw.on('close', leave);
    },
  });
}
