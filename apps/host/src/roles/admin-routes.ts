/** What the commands of this machine ask of the running instance. Loopback only, like everything until sign-in exists. */

import { assignDevice } from '@kidjamo/vitals';
import type { Gateway } from '@kidjamo/vitals';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';

/** What the routes act on. */
export interface AdminOptions {
  readonly pool: Pool;
  readonly gateway: Pick<Gateway, 'releaseQuarantine'>;
  /** Asks the sinks of this process to write what they hold. */
  readonly flush: () => void;
}

const ASSIGNMENT = {
  type: 'object',
  required: ['patient', 'device'],
  additionalProperties: false,
  properties: {
    patient: { type: 'string', minLength: 1, maxLength: 128 },
    device: { type: 'string', minLength: 1, maxLength: 128 },
  },
} as const;

export function addAdminRoutes(fastify: FastifyInstance, options: AdminOptions): void {
  fastify.post('/admin/flush', (_request, reply) => {
    options.flush();
    return reply.code(202).send({ status: 'asked' });
  });
  fastify.post<{ Body: { patient: string; device: string } }>(
    '/admin/assignments',
    { schema: { body: ASSIGNMENT } },
    async (request, reply) => {
      const { deviceId } = await assignDevice(options.pool, request.body);
      return reply.send({ status: 'assigned', ...(await options.gateway.releaseQuarantine(deviceId)) });
    },
  );
}
