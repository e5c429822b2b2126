/**
 * Every error that Kidjamo raises on purpose. A code names the fault once; docs/reference/errors.md lists the same codes and a
 * test compares the two. `retryable` tells a runtime whether the same call may succeed later without anyone changing anything.
 */
export const ERROR_CODES = {
  FENCED: { retryable: false, meaning: 'Another process has taken the partition over; this one must stop working on it.' },
  LOG_UNAVAILABLE: { retryable: true, meaning: 'The log cannot be reached or refuses writes just now.' },
  LOG_FULL: { retryable: true, meaning: 'The log has less free space than its reserve; it accepts no more records for now.' },
  STORE_UNAVAILABLE: { retryable: true, meaning: 'The database cannot be reached just now.' },
  STORE_REJECTED: { retryable: false, meaning: 'The database refused a statement; the same statement will be refused again.' },
  SINK_UNAVAILABLE: { retryable: true, meaning: 'A sink cannot be reached just now.' },
  SINK_REJECTED: { retryable: false, meaning: 'A sink refused records for good; they go to the dead letters.' },
  CIRCUIT_OPEN: { retryable: true, meaning: 'Too many failures in a row; calls are held back until a probe succeeds.' },
  TASK_FAILED: { retryable: false, meaning: 'The task could not process a record; the record goes to the dead letters.' },
  BATCH_TOO_LARGE: { retryable: false, meaning: 'A record or a batch is larger than the limit.' },
  CONFIG_INVALID: { retryable: false, meaning: 'A setting is missing, of the wrong type or unsafe.' },
  DATABASE_VERSION: { retryable: false, meaning: 'The data folder or server belongs to another major version of PostgreSQL.' },
  DATABASE_START: { retryable: false, meaning: 'The embedded PostgreSQL did not start.' },
  OVERLOADED: { retryable: true, meaning: 'More work is waiting than the bound allows; send again in a moment.' },
  DISK_FULL: { retryable: true, meaning: 'No space is left on the disk.' },
  HOME_LOCKED: { retryable: false, meaning: 'Another Kidjamo process owns this home folder.' },
  KEY_FILE_INVALID: { retryable: false, meaning: 'The file with the secret keys is unreadable, open to others or incomplete.' },
  MIGRATION_MISMATCH: { retryable: false, meaning: 'A migration already applied differs from the one in the code.' },
  INPUT_INVALID: { retryable: false, meaning: 'Input does not satisfy its schema.' },
  NOT_FOUND: { retryable: false, meaning: 'The thing asked for does not exist or may not be seen.' },
  UNAUTHENTICATED: { retryable: false, meaning: 'Who asks is not known: a name or a proof of it is missing or wrong.' },
  FORBIDDEN: { retryable: false, meaning: 'The person who asks may not do this.' },
  QUERY_REFUSED: { retryable: false, meaning: 'The query is not read-only or is wrong.' },
  INSTANCE_UNREACHABLE: { retryable: true, meaning: 'The running Kidjamo instance does not answer.' },
  CONFORMANCE: { retryable: false, meaning: 'An implementation broke the contract it is tested against.' },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

/** The code of an error. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a code. The message names the field or thing, the limit and the remedy, and holds no identity and no secret. */
export class KidjamoError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KidjamoError';
    this.code = code;
    this.retryable = ERROR_CODES[code].retryable;
  }
}

/** Tells whether `error` is a {@link KidjamoError} with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is KidjamoError {
  return error instanceof KidjamoError && error.code === code;
}

/** Tells whether the same call may succeed later. Unknown errors count as not retryable. */
export function isRetryable(error: unknown): boolean {
  return error instanceof KidjamoError && error.retryable;
}
