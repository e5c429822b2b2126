/** The live page: static files, served with headers that let them load nothing from elsewhere. */

import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const HEADERS = {
  'content-security-policy': "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Small files on the local network: always asked for, rarely sent again.
  'cache-control': 'no-cache',
} as const;

export interface LivePageOptions {
  /** Absolute path of the folder that holds index.html. */
  readonly root: string;
}

/** Serves the files of `root` at `/`. Nothing outside the folder, no hidden file and no list of files is served. */
export function registerLivePage(fastify: FastifyInstance, options: LivePageOptions): void {
  void fastify.register(fastifyStatic, {
    root: options.root,
    // One route per file that exists now: an address that is no file stays a plain 404 of the server.
    wildcard: false,
    dotfiles: 'deny',
    cacheControl: false,
    setHeaders: (reply) => {
      for (const [name, value] of Object.entries(HEADERS)) void reply.header(name, value);
    },
  });
}
