/** Asks a server for a sign of life without signing in. */

import { connect } from 'node:net';

import type { Clock } from '@kidjamo/stream';

/** "May we use TLS?", the first message of PostgreSQL's protocol: its length (8) and its code. The answer is one letter. */
const QUESTION = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Tells whether the server on this port answers within `timeoutMs`. It does even when every connection is taken. */
export async function answers(port: number, timeoutMs: number, clock: Clock): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const answered = new Promise<boolean>((resolve) => {
    socket.once('connect', () => socket.write(QUESTION));
    socket.once('data', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
  const patience = new AbortController();
  try {
    return await Promise.race([answered, clock.sleep(timeoutMs, patience.signal).then(() => false)]);
  } finally {
    patience.abort();
    socket.destroy();
  }
}
