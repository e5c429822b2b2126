/** Connections held for longer than one statement. */

import type { Pool, PoolClient } from 'pg';

import { storeError } from './failure.ts';

/**
 * Takes a connection from the pool and gives it to `action`. It goes back to the pool only after success or where `keep` says that the
 * error left it fit for use; after any other error it is closed, which rolls back whatever was open on it.
 */
export async function withClient<T>(
  pool: Pool,
  action: (client: PoolClient) => Promise<T>,
  keep: (error: unknown) => boolean = () => false,
): Promise<T> {
  let client: PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw storeError(error);
  }
  // The pool listens only to idle connections: without a listener, the loss of one in use would end the process. The statement under
  // way fails by itself and tells the caller.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken = true;
  try {
    const result = await action(client);
    broken = false;
    return result;
  } catch (error) {
    broken = !keep(error);
    throw storeError(error);
  } finally {
    // A connection that is being closed may still report its loss, and is used by nobody after it.
    if (!broken) client.removeListener('error', ignore);
    client.release(broken);
  }
}
