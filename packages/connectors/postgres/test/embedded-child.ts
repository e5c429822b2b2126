/**
 * Starts an embedded server and says where, then waits to be killed or told on its input to stop. Runs as a process of its own, so that
 * tests can start one as another user, and kill one.
 */
import { systemClock } from '@kidjamo/stream';

import { startEmbeddedPostgres } from '../src/index.ts';
import { PASSWORDS } from './embedded-passwords.ts';

const dataHome = process.argv[2] ?? '';
try {
  const server = await startEmbeddedPostgres({ dataHome, clock: systemClock, password: PASSWORDS });
  process.stdout.write(
    `${JSON.stringify({ url: server.url, pid: server.pid, port: server.port, dataFolder: server.dataFolder, notices: server.notices })}\n`,
  );
  process.stdin.once('end', () => void server.stop()).resume();
} catch (error) {
  process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
}
