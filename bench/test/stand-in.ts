/** A small HTTP server for the tests of the load client. It says what it got. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandIn {
  readonly port: number;
  /** Bodies, in the order in which they came. */
  readonly bodies: unknown[];
  close(): Promise<void>;
}

/** `answer` gives status and body for the n-th request, from 0; its body may come in pieces. */
export async function standIn(answer: (body: unknown, n: number) => { status: number; pieces: readonly string[] }): Promise<StandIn> {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const body = JSON.parse(text) as unknown;
      const { status, pieces } = answer(body, bodies.length);
      bodies.push(body);
      response.writeHead(status, { 'content-length': pieces.join('').length });
      const write = (i: number): void => {
        response.write(pieces[i] ?? '');
        if (i + 1 < pieces.length) setImmediate(write, i + 1);
        else response.end();
      };
      write(0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    bodies,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
