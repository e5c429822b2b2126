/** Encryption of payloads that wait in quarantine, and of what topics carry sealed: AES-256-GCM under a key that is not beside them. */

import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';

const NONCE = 12;
const TAG = 16;

/** A key of 32 bytes and the id stored beside what it encrypted. */
export interface SecretKey {
  readonly id: string;
  readonly key: Buffer;
}

/** What was encrypted: nonce (12 bytes), tag (16), ciphertext. */
export interface Sealed {
  readonly keyId: string;
  readonly data: Buffer;
}

export class Cipher {
  readonly #id: string;
  /** Made once: with the bytes of a key Node.js needs four times as long for every record. */
  readonly #key: KeyObject;

  constructor({ id, key }: SecretKey) {
    this.#id = id;
    this.#key = createSecretKey(key);
  }

  /** `context` is not kept: it has to be the same again when the payload is opened. */
  seal(plain: Buffer, context?: Buffer): Sealed {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce);
    if (context !== undefined) cipher.setAAD(context);
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return { keyId: this.#id, data: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
  }

  /** @throws KidjamoError KEY_FILE_INVALID when it was sealed under another key or in another context, or changed since. */
  open(sealed: Sealed, context?: Buffer): Buffer {
    if (sealed.keyId !== this.#id) {
      throw new KidjamoError(
        'KEY_FILE_INVALID',
        `the payload was encrypted under the key ${sealed.keyId}; the key in force is ${this.#id}`,
      );
    }
    // A tag that is cut off would be accepted with the bytes that are left of it.
    if (sealed.data.length < NONCE + TAG) throw new KidjamoError('KEY_FILE_INVALID', 'the payload is cut off: not even its tag is whole');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.data.subarray(0, NONCE));
    try {
      if (context !== undefined) decipher.setAAD(context);
      decipher.setAuthTag(sealed.data.subarray(NONCE, NONCE + TAG));
      return Buffer.concat([decipher.update(sealed.data.subarray(NONCE + TAG)), decipher.final()]);
    } catch (error) {
      throw new KidjamoError('KEY_FILE_INVALID', 'the payload does not match its tag: it was changed or sealed under another key', {
        cause: error,
      });
    }
  }
}
