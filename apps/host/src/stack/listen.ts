/** Listens on the port asked for, or, where allowed, on the next free one of the following ten. */

import { KidjamoError } from '@kidjamo/stream';
import type { FastifyInstance } from 'fastify';

import type { Settings } from '../config/settings.ts';

const FOLLOWING = 10;

/** Returns the address really used. @throws KidjamoError CONFIG_INVALID when no port is free. */
export async function listen(fastify: FastifyInstance, settings: Settings): Promise<string> {
  const { API_HOST: host, API_PORT: first, API_PORT_AUTOFALLBACK: fallback } = settings;
  const last = fallback && first !== 0 ? Math.min(65_535, first + FOLLOWING) : first;
  for (let port = first; port <= last; port += 1) {
    try {
      return await fastify.listen({ host, port });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
  throw new KidjamoError('CONFIG_INVALID', `API_PORT: no port from ${first} to ${last} is free`);
}
