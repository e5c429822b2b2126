import { startTestPostgres } from '@kidjamo/connector-postgres/testing';

/** One server for all projects of a run: the first one starts it and stops it at the end, the others find it named in the environment. */
export default async function setup(): Promise<() => Promise<void>> {
  const named = process.env['KIDJAMO_TEST_DATABASE_URL'] ?? '';
  const server = await startTestPostgres();
  if (named === '') stopWithUs(server);
  return () => server.stop();
}

/** The server has a session of its own and would outlive a run that is broken off. Vitest's own listeners exit before anything can be stopped. */
function stopWithUs(server: { stop(): Promise<void> }): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.removeAllListeners(signal).on(signal, () => {
      void server.stop().finally(() => process.exit(1));
    });
  }
}
