/** The baseline: what Node.js can do at most when it only reads a request, parses it and answers. Its own process; ends with its parent. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const SINGLE = Buffer.from('{"status":"success"}');

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString('utf8') ?? '') as unknown;
    const answer = Array.isArray(body) ? batchAnswer(body.length) : SINGLE;
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
    response.end(answer);
  });
});

function batchAnswer(items: number): Buffer {
  return Buffer.from(`{"status":"accepted","accepted":${items},"duplicates":0,"quarantined":0,"rejected":0}`);
}

process.once('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ port });
});
