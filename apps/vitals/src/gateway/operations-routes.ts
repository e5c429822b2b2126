/** Health, readiness and metrics. */

import type { Clock } from '@kidjamo/stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Registry } from 'prom-client';
import type { RegistryContentType } from 'prom-client';

import type { HealthAnswer, ReadyAnswer } from '../contracts/formats/operations.ts';
import type { Door } from './door.ts';
import { preferredForm } from './media-type.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { GatewayStatus } from './status.ts';

/** What the routes stand on. */
export interface OperationsRouteParts {
  readonly door: Door;
  readonly metrics: GatewayMetrics;
  readonly status: GatewayStatus;
  readonly clock: Clock;
}

/** Adds the routes. */
export function addOperationsRoutes(fastify: FastifyInstance, { door, metrics, status, clock }: OperationsRouteParts): void {
  const scrape = new Scrape(metrics.registry);

  /** Liveness: 200 while the process can answer at all, whatever it depends on. */
  const health = (_: unknown, reply: FastifyReply): FastifyReply => {
    const { processed_messages, total_messages, kafka_connected } = metrics.figures();
    const body: HealthAnswer = {
      status: 'healthy',
      timestamp: new Date(clock.now()).toISOString(),
      kafka_connected,
      processed_messages,
      total_messages,
      api_uptime_s: metrics.uptime(),
    };
    return reply.send(body);
  };
  fastify.get('/health', health);
  fastify.get('/api/v1/health', health);

  fastify.get('/ready', async (_, reply) => {
    const dependencies = await status.dependencies();
    const ready = !door.draining && Object.values(dependencies).every((dependency) => dependency.ready);
    const body: ReadyAnswer = { status: ready ? 'ready' : 'not_ready', draining: door.draining, dependencies: { ...dependencies } };
    return reply.code(ready ? 200 : 503).send(body);
  });

  for (const path of ['/metrics', '/api/v1/metrics']) {
    fastify.get(path, async (request, reply) => {
      void reply.header('vary', 'accept');
      const form = preferredForm(request.headers.accept);
      if (form === 'json') return reply.send(metrics.figures());
      const { text, type } = await scrape.text(form);
      return reply.type(type).send(text);
    });
  }
  fastify.get('/metrics/prometheus', async (_, reply) => {
    const { text, type } = await scrape.text('prometheus');
    return reply.type(type).send(text);
  });
}

/** Writes a registry in either text form. The form is a setting of the registry, so scrapes take turns. */
class Scrape {
  readonly #registry: Registry<RegistryContentType>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(registry: Registry<RegistryContentType>) {
    this.#registry = registry;
  }

  text(form: 'prometheus' | 'openmetrics'): Promise<{ text: string; type: string }> {
    const turn = this.#last.then(async () => {
      this.#registry.setContentType(form === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
      return { text: await this.#registry.metrics(), type: this.#registry.contentType };
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
