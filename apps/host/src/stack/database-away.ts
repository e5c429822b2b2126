/** Tells a database that is away for now from a mistake. */

import { isRetryable } from '@kidjamo/stream';
import { sqlState, storeError } from '@kidjamo/connector-postgres';

/** Whether the server is there and says that it is starting or stopping. */
export function isStarting(error: unknown): boolean {
  return /^57P0[123]$/.test(sqlState(error) ?? '');
}

/** Whether nobody listens at the address of the server. */
export function isRefused(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ECONNREFUSED';
}

export function isDatabaseAway(error: unknown): boolean {
  return isRetryable(storeError(error));
}
