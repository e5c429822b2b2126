/** What the commands of this machine ask of the running instance. Loopback only, like everything until sign-in exists. */

import { hasCode } from '@kidjamo/stream';
import { assignDevice } from '@kidjamo/vitals';
import type { Gateway } from '@kidjamo/vitals';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';

/** What the routes act on. */
export interface AdminOptions {
  readonly pool: Pool;
  readonly gateway: Pick<Gateway, 'releaseQuarantine' | 'releaseOne'>;
  /** Asks the sinks of this process to write what they hold. */
  readonly flush: () => void;
}

const ASSIGNMENT = {
  type: 'object',
  required: ['patient', 'device', 'by'],
  additionalProperties: false,
  properties: {
    patient: { type: 'string', minLength: 1, maxLength: 128 },
    device: { type: 'string', minLength: 1, maxLength: 128 },
    by: { type: 'string', minLength: 1, maxLength: 128 },
  },
} as const;

const RELEASE = {
  type: 'object',
  required: ['id', 'by', 'why'],
  additionalProperties: false,
  properties: {
    id: { type: 'string', format: 'uuid' },
    by: { type: 'string', minLength: 1, maxLength: 128 },
    why: { type: 'string', minLength: 1, maxLength: 500 },
  },
} as const;

export function addAdminRoutes(fastify: FastifyInstance, options: AdminOptions): void {
  fastify.post('/admin/flush', (_request, reply) => {
    options.flush();
    return reply.code(202).send({ status: 'asked' });
  });
  fastify.post<{ Body: { patient: string; device: string; by: string } }>(
    '/admin/assignments',
    { schema: { body: ASSIGNMENT } },
    async (request, reply) => {
      const { by, ...assignment } = request.body;
      const { deviceId } = await assignDevice(options.pool, assignment);
      const released = await options.gateway.releaseQuarantine(deviceId, { by, why: 'the device was assigned' });
      return reply.send({ status: 'assigned', ...released });
    },
  );
  fastify.post<{ Body: { id: string; by: string; why: string } }>(
    '/admin/quarantine/release',
    { schema: { body: RELEASE } },
    async (request, reply) => {
      const { id, ...releaser } = request.body;
      try {
        return await reply.send(await options.gateway.releaseOne(id, releaser));
      } catch (error) {
        // What the person at the terminal can mend is told to them; the rest is a fault of ours.
        if (hasCode(error, 'NOT_FOUND') || hasCode(error, 'INPUT_INVALID') || hasCode(error, 'KEY_FILE_INVALID'))
          return reply.code(409).send({ code: error.code, detail: error.message });
        throw error;
      }
    },
  );
}
