/**
 * The gateway: takes readings, alerts and statuses in over HTTP, and answers when they are durable.
 *
 *   open --drain()--> draining (new requests: 503, those under way are finished) --> drained
 */

import type { IncomingMessage } from 'node:http';

import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import type { Registry } from 'prom-client';

import { Door } from './door.ts';
import { Intake } from './intake.ts';
import { intakeParts } from './intake-parts.ts';
import type { IntakeOptions } from './intake-parts.ts';
import { MessageIntake } from './message-intake.ts';
import { addMessageRoutes } from './message-routes.ts';
import { GatewayMetrics } from './metrics.ts';
import { MqttMessages } from './mqtt-messages.ts';
import { addOperationsRoutes } from './operations-routes.ts';
import { BodyReader } from './read-body.ts';
import { addReadingRoutes } from './reading-routes.ts';
import { releaseOne, releaseQuarantine } from './release.ts';
import type { Released, ReleasedOne, Releaser } from './release.ts';
import type { GatewayStatus } from './status.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The Content-Type as sent; the framework's own copy is taken away so that it does not refuse the body unread. */
    givenType: string | undefined;
  }
}

/**
 * Options for the Fastify server that carries the gateway: slow and idle connections are cut off. A body has its own, shorter deadline;
 * `requestTimeout` only bounds long NDJSON uploads.
 */
export const GATEWAY_SERVER_OPTIONS = {
  requestTimeout: 300_000,
  connectionTimeout: 60_000,
  keepAliveTimeout: 65_000,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 5000 },
} as const satisfies FastifyServerOptions & { http: object };

/** What the gateway needs. */
export interface GatewayOptions extends IntakeOptions {
  readonly status: GatewayStatus;
  /** Where metrics are registered; its own registry when absent. */
  readonly registry?: Registry;
}

/** A gateway that is registered. */
export interface Gateway {
  readonly metrics: GatewayMetrics;
  /** The way in for what devices say over MQTT. */
  readonly mqtt: MqttMessages;
  /** Refuses new requests, and resolves when those under way are answered and everything accepted is durable. */
  drain(): Promise<void>;
  /** Appends the readings of a device, by its internal UUID, that waited for an assignment and have one now. */
  releaseQuarantine(deviceId: string, releaser: Releaser): Promise<Released>;
  /** Appends what one payload of the quarantine holds, by its id, as the front door would now. */
  releaseOne(id: string, releaser: Releaser): Promise<ReleasedOne>;
}

/** Adds the routes of the gateway to a server, in a scope of its own. */
export async function registerGateway(fastify: FastifyInstance, options: GatewayOptions): Promise<Gateway> {
  const { log, pool, clock, status, keys } = options;
  const { parts, idle } = intakeParts(options);
  const { identities, quarantine, queue } = parts;
  const reader = new BodyReader(clock);
  const metrics = new GatewayMetrics({
    clock,
    status,
    pending: () => queue.pending,
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  });
  const door = new Door({ clock, reader, quarantine, metrics });

  const intake = new Intake(parts);
  const messages = new MessageIntake(parts);
  const release = { pool, clock, key: keys.quarantine, identities, messages, queue, partitions: log.partitions };

  await fastify.register(async (scope) => {
    takeBodiesRaw(scope);
    addReadingRoutes(scope, { door, intake, reader, metrics, clock });
    addMessageRoutes(scope, { door, intake: messages, metrics, clock });
    addOperationsRoutes(scope, { door, metrics, status, clock });
  });

  return {
    metrics,
    mqtt: new MqttMessages({ intake, messages, quarantine, metrics, pool, clock }),
    drain: async () => {
      await door.drain();
      await idle();
    },
    releaseQuarantine: (deviceId, releaser) => releaseQuarantine(release, deviceId, releaser),
    releaseOne: (id, releaser) => releaseOne(release, id, releaser),
  };
}

/** Leaves every body, whatever its content type says, on the wire for the {@link BodyReader}. */
function takeBodiesRaw(scope: FastifyInstance): void {
  scope.decorateRequest('givenType', undefined);
  scope.addHook('onRequest', (request, _, done) => {
    const { headers } = request.raw;
    request.givenType = headers['content-type'];
    delete headers['content-type'];
    done();
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request: unknown, _payload: IncomingMessage, done: (error: null, body: undefined) => void) =>
    done(null, undefined),
  );
}
