/** Tells a database that is away for now from a mistake. */

import { isRetryable } from '@kidjamo/stream';
import { storeError } from '@kidjamo/connector-postgres';

export function isDatabaseAway(error: unknown): boolean {
  return isRetryable(storeError(error));
}
