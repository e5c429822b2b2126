/** A port of 127.0.0.1 for the embedded server. */

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports to draw from. Below the range that systems give to outgoing connections (32768 and up on Linux, 49152 and up on macOS), so that
 * none of those takes the port while the server restarts.
 */
const FIRST = 15_432;
const LAST = 19_999;
const DRAWS = 50;

/** Tells whether a server may listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

/** A free port; 0 when none can be had. */
export async function freePort(): Promise<number> {
  for (let draw = 0; draw < DRAWS; draw++) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isFree(port)) return port;
  }
  return (await listenOnce(0)) ?? 0;
}

async function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
