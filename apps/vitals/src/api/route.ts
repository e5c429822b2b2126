/** `GET /api/v1/openapi.json`. */

import type { FastifyInstance } from 'fastify';

import { openApiDocument } from './document.ts';
import { DOCUMENT_PATH } from './operations.ts';

/** Serves the OpenAPI document. */
export function registerOpenApi(fastify: FastifyInstance): void {
  const document = JSON.stringify(openApiDocument());
  fastify.get(DOCUMENT_PATH, (_request, reply) => reply.type('application/json; charset=utf-8').send(document));
}
