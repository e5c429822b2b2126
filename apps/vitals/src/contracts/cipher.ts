/** Encryption of payloads that wait in quarantine: AES-256-GCM under a key that is not in the database. */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

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
  readonly #key: SecretKey;

  constructor(key: SecretKey) {
    this.#key = key;
  }

  seal(plain: Buffer): Sealed {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key.key, nonce);
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return { keyId: this.#key.id, data: Buffer.concat([nonce, cipher.getAuthTag(), body]) };
  }

  /** @throws KidjamoError KEY_FILE_INVALID when it was sealed under another key or changed since. */
  open(sealed: Sealed): Buffer {
    if (sealed.keyId !== this.#key.id) {
      throw new KidjamoError(
        'KEY_FILE_INVALID',
        `the payload was encrypted under the key ${sealed.keyId}; the key in force is ${this.#key.id}`,
      );
    }
    const decipher = createDecipheriv('aes-256-gcm', this.#key.key, sealed.data.subarray(0, NONCE));
    decipher.setAuthTag(sealed.data.subarray(NONCE, NONCE + TAG));
    try {
      return Buffer.concat([decipher.update(sealed.data.subarray(NONCE + TAG)), decipher.final()]);
    } catch (error) {
      throw new KidjamoError('KEY_FILE_INVALID', 'the payload does not match its tag: it was changed or sealed under another key', {
        cause: error,
      });
    }
  }
}
