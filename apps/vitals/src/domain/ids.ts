/** Ids derived from what they name, so that whoever meets the same thing twice gives it the same id. */

import { hash } from 'node:crypto';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A UUID (version 8) from the SHA-256 of `parts`. No part may hold U+001F, which keeps them apart. */
export function deterministicId(...parts: readonly (string | number)[]): string {
  const digest = hash('sha256', parts.join('\u001f'), 'hex');
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-${variant(digest, 16)}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

/**
 * The message id of a reading: 48 bits of event time in ms, big-endian, so that ids of one time lie together in an index, then bits of
 * the SHA-256 of device and event time in microseconds. `at` is ms since the epoch, its fraction holding microseconds.
 */
export function messageId(device: string, at: number): string {
  const digest = hash('sha256', `${device}\u001f${String(Math.round(at * 1000))}`, 'hex');
  // Times before 1970 wrap round, like every 48-bit two's complement number.
  const ms = ((Math.floor(at) % 2 ** 48) + 2 ** 48) % 2 ** 48;
  const high = Math.floor(ms / 2 ** 16);
  const time = hex32(high);
  const low = ms % 2 ** 16;
  return `${time}-${byteHex(low >>> 8)}${byteHex(low & 255)}-8${digest.slice(0, 3)}-${variant(digest, 3)}${digest.slice(4, 7)}-${digest.slice(7, 19)}`;
}

/** The hex digit at `i` with the two bits of the RFC 9562 variant. */
function variant(digest: string, i: number): string {
  return ((Number.parseInt(digest.charAt(i), 16) & 3) | 8).toString(16);
}

function hex32(value: number): string {
  return `${byteHex((value >>> 24) & 255)}${byteHex((value >>> 16) & 255)}${byteHex((value >>> 8) & 255)}${byteHex(value & 255)}`;
}

function byteHex(byte: number): string {
  return HEX[byte] ?? '00';
}
