/** Pseudonyms: what stands for an identity outside the medical record. */

import { createHmac } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The key of a purpose, and the id that its pseudonyms carry, so that the key can be changed. */
export interface PseudonymKey {
  readonly id: string;
  /** As bytes, or, for who makes many pseudonyms, as a key object: Node.js needs much longer with the bytes. */
  readonly key: Buffer | KeyObject;
}

/**
 * The pseudonym of an identity: the id of the key, a dot, and HMAC-SHA-256 of the identity in base64url. The same identity under the same
 * key has always the same one; without the key, nobody can tell which identity it stands for.
 */
export function pseudonymOf({ id, key }: PseudonymKey, identity: string): string {
  return `${id}.${createHmac('sha256', key).update(identity).digest('base64url')}`;
}
