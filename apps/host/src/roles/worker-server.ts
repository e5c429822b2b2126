/** What a process without a gateway tells of itself: that it lives, and its metrics. */

import { systemClock } from '@kidjamo/stream';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

import type { Settings } from '../config/settings.ts';
import { listen } from '../stack/listen.ts';
import type { RoleLogger } from './logger.ts';
import { makeServer } from './server.ts';

/** What is told. */
export interface WorkerServerOptions {
  readonly settings: Settings;
  readonly registry: Registry;
  readonly logger: RoleLogger;
  /** How often roles of this process were started again. */
  readonly restarts: () => number;
}

/** Serves `/health` and `/metrics` on KIDJAMO_WORKER_PORT. */
export async function startWorkerServer(options: WorkerServerOptions): Promise<{ readonly apiUrl: string; stop(): Promise<void> }> {
  const { settings, registry, logger, restarts } = options;
  registerRestarts(registry, restarts);
  const fastify = makeServer(logger);
  fastify.get('/health', (_request, reply) =>
    reply.send({ status: 'healthy', timestamp: new Date(systemClock.now()).toISOString(), role_restarts: restarts() }),
  );
  fastify.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  const apiUrl = await listen(fastify, { ...settings, API_PORT: settings.KIDJAMO_WORKER_PORT });
  return { apiUrl, stop: () => fastify.close() };
}

/** The gauge of what was started again. */
export function registerRestarts(registry: Registry, restarts: () => number): void {
  new Gauge({
    name: 'kidjamo_role_restarts',
    help: 'How often a role of this process was started again after a failure.',
    registers: [registry],
    collect() {
      this.set(restarts());
    },
  });
}
