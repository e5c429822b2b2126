/** Connection pools, all with the same safeguards. */

import type { Pool as PgPool } from 'pg';
import pg from 'pg';

/** How a pool is used. */
export interface PoolOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly max: number;
  /** Longest a statement may run, ms; 0 for no limit. */
  readonly statementTimeout?: number;
}

/** How long an open transaction may stay idle: frees the locks of a process that was stopped in the middle of a commit. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** Makes a pool. Broken idle connections are replaced by themselves; `onIdleError` hears of them. */
export function makePool(options: PoolOptions, onIdleError: (error: Error) => void): PgPool {
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: `kidjamo-${options.name}`,
    max: options.max,
    connectionTimeoutMillis: 3000,
    idleTimeoutMillis: 30_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    ...(options.statementTimeout === undefined
      ? {}
      : { statement_timeout: options.statementTimeout, query_timeout: options.statementTimeout + 1000 }),
  });
  pool.on('error', onIdleError);
  return pool;
}
