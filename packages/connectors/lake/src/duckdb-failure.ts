/** Turns what DuckDB and the file system throw into errors with a code. Messages about data quote it, so those are never passed on. */

import { KidjamoError } from '@kidjamo/stream';

/** Kinds of error by which DuckDB says that it cannot read what it was given. */
const DATA = /^(Invalid Input|Conversion|Out of Range|Invalid type|Mismatch Type|Serialization) Error/;
/** Kinds that quote no data. */
const QUIET =
  /^(IO|Out of Memory|Permission|Binder|Catalog|Parser|Syntax|Internal|INTERNAL|FATAL|Fatal|TransactionContext|Not implemented) Error/;

/** Whether DuckDB refused the data, rather than that something around it failed. */
export function isDataFault(error: unknown): boolean {
  return error instanceof Error && DATA.test(error.message);
}

/** Wraps an error of DuckDB or of the file system of the lake. */
export function lakeError(error: unknown): KidjamoError {
  if (error instanceof KidjamoError) return error;
  const errno = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const message = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : '';
  if (errno === 'ENOSPC' || errno === 'EDQUOT' || /No space left on device|Disk quota exceeded/i.test(message)) {
    return new KidjamoError('DISK_FULL', 'the disk of the lake has no space left: free some and it goes on by itself');
  }
  if (errno !== undefined) return new KidjamoError('SINK_UNAVAILABLE', `the file system of the lake refuses a call (${errno})`);
  if (/^INTERRUPT/i.test(message)) return new KidjamoError('SINK_UNAVAILABLE', 'the lake was told to stop in the middle of a statement');
  if (/^(IO|Out of Memory) Error/.test(message)) return new KidjamoError('SINK_UNAVAILABLE', `DuckDB cannot go on now (${message})`);
  const kind = /^([A-Za-z ]+ Error)/.exec(message)?.[1] ?? 'unknown error';
  return new KidjamoError('SINK_REJECTED', `DuckDB refused a statement (${QUIET.test(message) ? message : kind})`);
}
