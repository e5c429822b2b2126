/** The routes that take alerts of people and statuses of devices in. */

import type { Clock } from '@kidjamo/stream';
import type { FastifyInstance } from 'fastify';

import type { AlertAnswer, StatusAnswer } from '../contracts/formats/answers.ts';
import type { Answer, Door, Visit } from './door.ts';
import { refuse } from './door.ts';
import { keyId } from './idempotency.ts';
import type { MessageIntake, MessageOutcome, MessageRequest } from './message-intake.ts';
import type { GatewayMetrics } from './metrics.ts';
import { isRefusal, parseBody } from './parse-body.ts';
import { problemOf } from './problem.ts';

/** What the routes stand on. */
export interface MessageRouteParts {
  readonly door: Door;
  readonly intake: MessageIntake;
  readonly metrics: GatewayMetrics;
  readonly clock: Clock;
}

interface MessageRoute {
  readonly path: string;
  readonly format: string;
  readonly take: (request: MessageRequest) => Promise<MessageOutcome>;
  readonly answer: (outcome: { status: 'accepted' | 'quarantined'; id: string; reason?: string }, latency: number) => Answer;
}

/** Adds the routes. */
export function addMessageRoutes(fastify: FastifyInstance, parts: MessageRouteParts): void {
  const routes: readonly MessageRoute[] = [
    {
      path: '/iot/alerts',
      format: 'alert',
      take: (request) => parts.intake.alert(request),
      answer: ({ status, id, ...rest }) => {
        const body: AlertAnswer = { status: status === 'accepted' ? 'success' : 'quarantined', alert_id: id, ...rest };
        return { status: 200, body };
      },
    },
    {
      path: '/api/v1/device/status',
      format: 'device_status',
      take: (request) => parts.intake.status(request),
      answer: ({ status, id, ...rest }, latency) => {
        const body: StatusAnswer = { status, message_id: id, latency_s: latency, ...rest };
        return { status: 202, body };
      },
    },
  ];
  for (const route of routes) {
    const handler = { format: route.format, json: (visit: Visit, bytes: Buffer) => takeMessage({ parts, route, visit }, bytes) };
    fastify.post(route.path, (request, reply) => parts.door.receive(request, reply, handler));
  }
}

async function takeMessage(call: { parts: MessageRouteParts; route: MessageRoute; visit: Visit }, bytes: Buffer): Promise<Answer> {
  const { parts, route, visit } = call;
  const { received, correlation, key } = visit;
  const parsed = parseBody(bytes, false);
  if (isRefusal(parsed)) return parts.door.refuseBody(visit, bytes, parsed);
  const [item] = parsed.items;
  if (item === undefined) return refuse('invalid', { correlation });
  const outcome = await route.take({ item, received, correlation, ...(key === undefined ? {} : { key: keyId(route.path, key) }) });
  parts.metrics.countItem(route.format, outcome.status);
  switch (outcome.status) {
    case 'accepted':
      if (route.format === 'alert') parts.metrics.countAlert('manual');
      return route.answer({ status: outcome.status, id: outcome.id }, latency(call));
    case 'quarantined':
      return route.answer({ status: outcome.status, id: outcome.id, reason: outcome.reason }, latency(call));
    case 'conflict':
      return refuse('idempotency-conflict', { correlation, detail: 'the body that came now is kept in quarantine' });
    case 'rejected': {
      const { reason, detail, faults } = outcome.refusal;
      return refuse(problemOf(reason), { correlation, detail, ...(faults === undefined ? {} : { errors: faults }) });
    }
  }
}

function latency({ parts, visit }: { parts: MessageRouteParts; visit: Visit }): number {
  return (parts.clock.now() - visit.received) / 1000;
}
