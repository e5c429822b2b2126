/** What stands on topics for identities and ids of the medical store. */

import { createSecretKey } from 'node:crypto';

import { Lru, pseudonymOf } from '@kidjamo/stream';
import type { PseudonymKey } from '@kidjamo/stream';

import { deterministicId } from '../domain/ids.ts';

/** Pseudonyms kept in memory: some 200 bytes each. */
const REMEMBERED = 100_000;

export class TopicIdentities {
  readonly #key: PseudonymKey;
  readonly #pseudonyms: Lru<string, string>;

  /** `key` is that of topics alone, so that topics cannot be joined to the lake by what stands in them. */
  constructor({ id, key }: PseudonymKey, remembered = REMEMBERED) {
    this.#key = { id, key: Buffer.isBuffer(key) ? createSecretKey(key) : key };
    this.#pseudonyms = new Lru(remembered);
  }

  /** The pseudonym of a patient or a device, by its internal UUID. */
  pseudonym(uuid: string): string {
    const known = this.#pseudonyms.get(uuid);
    if (known !== undefined) return known;
    const made = pseudonymOf(this.#key, uuid);
    this.#pseudonyms.set(uuid, made);
    return made;
  }

  /**
   * The id on topics of something that has an id inside: a UUID, always the same. Ids inside are not carried: that of a reading is a plain
   * digest of device and time, so whoever has a list of device ids could try them all and learn whose message it is. Correlation ids are
   * what senders make them, a name maybe. Without the key, this one tells nothing.
   */
  id(kind: 'message' | 'correlation', inside: string): string {
    return deterministicId(kind, pseudonymOf(this.#key, `${kind}\u001f${inside}`));
  }
}
