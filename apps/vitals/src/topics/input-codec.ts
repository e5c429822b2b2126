/**
 * The input log as messages of `kidjamo-vitals-input`. The record is sealed whole (AES-256-GCM, a key of its own): a topic holds pseudonyms
 * only, and a record holds ids, a date of birth, words of a person, and texts that devices make up. What is sealed comes out byte for byte.
 *
 *   key    pseudonym of the record's key; the partition is that of the record
 *   value  {"schema_version":"input/1","kind":"<kind>","key_id":"<id>","sealed":"<base64: nonce, tag, record>"}
 *
 * Message key and everything before `sealed` are part of what the tag covers, so that nothing can be put under another patient.
 * Ticks are passed as they are: they hold nothing.
 */

import { KidjamoError, TICK_KEY, TICK_VALUE } from '@kidjamo/stream';
import type { NewRecord } from '@kidjamo/stream';

import { Cipher } from '../contracts/cipher.ts';
import type { SecretKey } from '../contracts/cipher.ts';
import type { TopicIdentities } from './identities.ts';
import { HEADERS, SCHEMA_VERSIONS } from './names.ts';
import type { TopicMessage } from './names.ts';

/** A message as it is read, as far as it is looked at. */
export interface InputMessage {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
}

const HEADER = { [HEADERS.schema]: SCHEMA_VERSIONS.input } as const;
const NONE = {} as const;
const SEALED = ',"sealed":"';
const END = '"}';
/** How the value of every record of the input log begins. */
const KIND = /^\{"kind":"([a-z_]{1,32})"/;

export class InputCodec {
  readonly #identities: TopicIdentities;
  readonly #cipher: Cipher;
  readonly #keyId: string;

  constructor(parts: { readonly identities: TopicIdentities; readonly sealed: SecretKey }) {
    this.#identities = parts.identities;
    this.#cipher = new Cipher(parts.sealed);
    this.#keyId = parts.sealed.id;
  }

  /** The message of a record. */
  encode({ key, value }: Pick<NewRecord, 'key' | 'value'>): TopicMessage {
    if (key === TICK_KEY && value === TICK_VALUE) return { key, value, headers: NONE };
    const pseudonym = this.#identities.pseudonym(key);
    const head = `{"schema_version":"${SCHEMA_VERSIONS.input}","kind":"${KIND.exec(value)?.[1] ?? 'other'}","key_id":"${this.#keyId}"`;
    const { data } = this.#cipher.seal(Buffer.from(`${key}\n${value}`), contextOf(pseudonym, head));
    return { key: pseudonym, value: `${head}${SEALED}${data.toString('base64')}${END}`, headers: HEADER };
  }

  /**
   * The record of a message, exactly as it was.
   * @throws KidjamoError INPUT_INVALID for a message that no gateway wrote; KEY_FILE_INVALID when it was changed, or sealed under another key.
   */
  decode(message: InputMessage): Pick<NewRecord, 'key' | 'value'> {
    const key = message.key?.toString() ?? '';
    const text = message.value?.toString() ?? '';
    if (key === TICK_KEY) {
      if (text !== TICK_VALUE) throw foreign('it has the key of a tick and another value');
      return { key: TICK_KEY, value: TICK_VALUE };
    }
    const at = text.indexOf(SEALED);
    if (at === -1 || !text.endsWith(END)) throw foreign('it holds nothing sealed, or is cut off');
    const head = text.slice(0, at);
    if (!head.startsWith(`{"schema_version":"${SCHEMA_VERSIONS.input}",`)) throw foreign('it is of another schema version');
    if (!head.endsWith(`,"key_id":"${this.#keyId}"`)) {
      throw new KidjamoError(
        'KEY_FILE_INVALID',
        `a message of the input topic was sealed under another key than ${this.#keyId}. Remedy: give every process the same KIDJAMO_KEY_SEALED or KIDJAMO_KEY_QUARANTINE`,
      );
    }
    const data = bytesOf(text.slice(at + SEALED.length, -END.length));
    const plain = this.#cipher.open({ keyId: this.#keyId, data }, contextOf(key, head)).toString();
    const split = plain.indexOf('\n');
    if (split === -1) throw foreign('what was sealed is no record');
    return { key: plain.slice(0, split), value: plain.slice(split + 1) };
  }
}

/** What base64 stands for. The decoder passes over characters that are none: less comes out then than has to. A pattern would take far longer. */
function bytesOf(base64: string): Buffer {
  const data = Buffer.from(base64, 'base64');
  if (base64 === '' || base64.length % 4 !== 0 || data.length !== Buffer.byteLength(base64, 'base64'))
    throw foreign('what is sealed is no base64');
  return data;
}

/** What the tag covers beside the record. */
function contextOf(key: string, head: string): Buffer {
  return Buffer.from(`${key}\n${head}`);
}

function foreign(why: string): KidjamoError {
  return new KidjamoError(
    'INPUT_INVALID',
    `a message of the input topic was not written by Kidjamo: ${why}. Remedy: only gateways, relays and workers may write to it`,
  );
}
