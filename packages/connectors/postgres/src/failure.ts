/** Turns what the driver throws into errors with a code, so that callers know whether to try again. */

import { KidjamoError } from '@kidjamo/stream';
import type { ErrorCode } from '@kidjamo/stream';

/**
 * SQLSTATE classes and codes by which a statement is refused for what it holds: cardinality, data, constraints, views' checks, limits of
 * the server, and RAISE. The same input will be refused again, and another one need not be.
 */
const REJECTED = /^(21|22|23|44|54|P0|KJ)/;
/** Classes by which the database lacks what the code needs: syntax and access rules, authorisation, unknown names. */
const LACKING = /^(28|3D|3F|42|26|0A)/;

/** The SQLSTATE of an error of the server, or undefined. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
}

/**
 * Wraps an error of PostgreSQL or of its connection. Messages of the server may quote values, so only the SQLSTATE, the table and
 * the constraint are kept.
 */
export function storeError(error: unknown, unavailable: ErrorCode = 'STORE_UNAVAILABLE'): Error {
  if (error instanceof KidjamoError) return error;
  const state = sqlState(error);
  if (state === '53100')
    return new KidjamoError('DISK_FULL', 'the database has no space left on its disk: free space and it goes on by itself');
  if (error instanceof TypeError || error instanceof RangeError) {
    return new KidjamoError('STORE_REJECTED', `rows cannot be turned into what the database takes (${error.name})`, { cause: error });
  }
  if (state === undefined) {
    // No SQLSTATE: the connection failed or the driver refused. Only the errno-like code is told.
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'connection lost';
    return new KidjamoError(unavailable, `the database does not answer (${code})`, { cause: error });
  }
  if (!REJECTED.test(state)) {
    // Everything else may pass without a change of the input: the server starts again, a migration is run, a right is granted.
    const remedy = LACKING.test(state) ? ': it lacks something that this version needs, or the right to it; run the migrations' : '';
    return new KidjamoError(unavailable, `the database cannot take the call now (SQLSTATE ${state})${remedy}`);
  }
  const where = error as { table?: string; constraint?: string };
  const place = [where.table, where.constraint].filter((part) => part !== undefined).join(', ');
  return new KidjamoError('STORE_REJECTED', `the database refused a statement (SQLSTATE ${state}${place === '' ? '' : `; ${place}`})`);
}
