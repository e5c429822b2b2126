/**
 * The gateway: takes readings, alerts and statuses in over HTTP, and answers when they are durable.
 *
 *   open --drain()--> draining (new requests: 503, those under way are finished) --> drained
 */

import type { IncomingMessage } from 'node:http';

import type { Clock, Log } from '@kidjamo/stream';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';

import type { SecretKey } from '../contracts/cipher.ts';
import { AppendQueue } from './append-queue.ts';
import type { AppendLimits } from './append-queue.ts';
import { Door } from './door.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { Identities } from './identities.ts';
import { Intake } from './intake.ts';
import { MessageIntake } from './message-intake.ts';
import { addMessageRoutes } from './message-routes.ts';
import { GatewayMetrics } from './metrics.ts';
import { addOperationsRoutes } from './operations-routes.ts';
import { Quarantine } from './quarantine.ts';
import { BodyReader } from './read-body.ts';
import { addReadingRoutes } from './reading-routes.ts';
import { releaseQuarantine } from './release.ts';
import type { Released } from './release.ts';
import { SeenReadings } from './seen.ts';
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
export interface GatewayOptions {
  /** The input log. */
  readonly log: Log;
  /** The store. Statements should have a timeout of a few seconds. */
  readonly pool: Pool;
  readonly clock: Clock;
  readonly keys: { readonly quarantine: SecretKey };
  /** Whether unknown patients are enrolled provisionally. */
  readonly autoEnroll: boolean;
  readonly status: GatewayStatus;
  /** Where metrics are registered; its own registry when absent. */
  readonly registry?: Registry;
  readonly limits?: AppendLimits;
}

/** A gateway that is registered. */
export interface Gateway {
  readonly metrics: GatewayMetrics;
  /** Refuses new requests, and resolves when those under way are answered and everything accepted is durable. */
  drain(): Promise<void>;
  /** Appends the readings of a device, by its internal UUID, that waited for an assignment and have one now. */
  releaseQuarantine(deviceId: string): Promise<Released>;
}

/** Adds the routes of the gateway to a server, in a scope of its own. */
export async function registerGateway(fastify: FastifyInstance, options: GatewayOptions): Promise<Gateway> {
  const { log, pool, clock, autoEnroll, status, keys } = options;
  const queue = new AppendQueue(log, clock, options.limits);
  const seen = new SeenReadings(pool, clock);
  const identities = new Identities({
    pool,
    clock,
    autoEnroll,
    secret: keys.quarantine.key,
    onNewDevice: (device) => seen.noteNewDevice(device),
  });
  const quarantine = new Quarantine(pool, clock, keys.quarantine);
  const reader = new BodyReader(clock);
  const metrics = new GatewayMetrics({
    clock,
    status,
    pending: () => queue.pending,
    ...(options.registry === undefined ? {} : { registry: options.registry }),
  });
  const door = new Door({ clock, reader, quarantine, metrics });
  const parts = { identities, seen, keys: new IdempotencyKeys(pool, clock), quarantine, queue, partitions: log.partitions };

  await fastify.register(async (scope) => {
    takeBodiesRaw(scope);
    addReadingRoutes(scope, { door, intake: new Intake(parts), reader, metrics, clock });
    addMessageRoutes(scope, { door, intake: new MessageIntake(parts), metrics, clock });
    addOperationsRoutes(scope, { door, metrics, status, clock });
  });

  return {
    metrics,
    drain: async () => {
      await door.drain();
      await Promise.all([queue.idle(), quarantine.idle()]);
    },
    releaseQuarantine: (deviceId) =>
      releaseQuarantine({ pool, key: keys.quarantine, identities, queue, partitions: log.partitions, deviceId }),
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
