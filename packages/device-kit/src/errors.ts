/** Errors of the kit. It stands alone, so it has codes of its own. Messages hold no identity and no values. */

/**
 * What went wrong:
 *
 * - `INVALID_READING`: the reading cannot be sent as it is. Not kept.
 * - `INVALID_OPTION`: an option is out of range.
 * - `SPOOL_FULL`: the folder has reached `maxBytes`. The reading is not kept.
 * - `BUSY`: too many calls of `record` wait for the disk. The reading is not kept.
 * - `LOCKED`: another process, or another kit of this one, uses the folder.
 * - `CLOSED`: the kit is closed.
 */
export type DeviceKitErrorCode = 'INVALID_READING' | 'INVALID_OPTION' | 'SPOOL_FULL' | 'BUSY' | 'LOCKED' | 'CLOSED';

/** An error of the kit. Errors of the disk (`ENOSPC`, `EIO`, ...) pass through as they are. */
export class DeviceKitError extends Error {
  readonly code: DeviceKitErrorCode;

  constructor(code: DeviceKitErrorCode, message: string) {
    super(message);
    this.name = 'DeviceKitError';
    this.code = code;
  }
}
