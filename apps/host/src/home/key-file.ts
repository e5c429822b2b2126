/**
 * `keys.json`: the secrets of a home, made at first use. Whoever loses this file loses the link between pseudonyms and patients and can
 * open neither quarantined payloads nor the embedded database; whoever reads it can do all three.
 */

import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { KidjamoError } from '@kidjamo/stream';

import type { Settings } from '../config/settings.ts';
import { createFile } from './atomic-file.ts';

/** A secret of 32 bytes as base64, with the id that is stored beside what it made. */
export interface SecretKey {
  readonly id: string;
  readonly key: string;
}

/** The secrets of a home. */
export interface Keys {
  /** HMAC keys that turn identities into pseudonyms: one for topics, one for the lake, so that neither can be joined to the other. */
  readonly pseudonym: { readonly topics: SecretKey; readonly lake: SecretKey };
  /** AES-256-GCM key of quarantined payloads. */
  readonly quarantine: SecretKey;
  /** AES-256-GCM key of records on the input topic. Never in the file: given, or derived from the key of quarantined payloads. */
  readonly sealed: SecretKey;
  /** Passwords of the embedded database. */
  readonly database: { readonly superuser: string; readonly application: string };
}

/** Settings that give a key (base64 of 32 bytes) instead of the file. */
const KEY_VARIABLES = {
  topics: 'KIDJAMO_KEY_TOPICS',
  lake: 'KIDJAMO_KEY_LAKE',
  quarantine: 'KIDJAMO_KEY_QUARANTINE',
  sealed: 'KIDJAMO_KEY_SEALED',
} as const satisfies Record<string, keyof Settings>;

type KeyName = keyof typeof KEY_VARIABLES;
type Environment = Readonly<Record<string, string | undefined>>;

/** What the file holds. A key that the environment gave when the file was made is not in it. */
interface KeyFile {
  readonly version: 1;
  readonly pseudonym: { readonly topics?: SecretKey; readonly lake?: SecretKey };
  readonly quarantine?: SecretKey;
  readonly database: { readonly superuser: string; readonly application: string };
}

const KEY_BYTES = 32;
const BASE64_32 = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Reads the keys of a home, making the file where there is none. Keys in the environment come first.
 * @throws KidjamoError KEY_FILE_INVALID for a file that is open to others, damaged or incomplete; CONFIG_INVALID for a malformed variable.
 */
export async function openKeys(home: string, env: Environment): Promise<Keys> {
  const given = keysOf(env);
  const path = join(home, 'keys.json');
  if (!(await exists(path))) await createFile(path, `${JSON.stringify(generate(given), undefined, 2)}\n`);
  await refuseOpenFile(path);
  const file = parse(await readFile(path, 'utf8'));
  const key = (name: KeyName, stored: unknown, member: string): SecretKey => {
    const chosen = given[name] ?? stored;
    if (chosen === undefined) throw invalid(`${member} is missing; restore the file, or set ${KEY_VARIABLES[name]}`);
    if (!isSecretKey(chosen)) throw invalid(`${member} is no key of ${KEY_BYTES} bytes with an id; restore the file`);
    return chosen;
  };
  const quarantine = key('quarantine', file.quarantine, 'quarantine');
  return {
    pseudonym: {
      topics: key('topics', file.pseudonym?.topics, 'pseudonym.topics'),
      lake: key('lake', file.pseudonym?.lake, 'pseudonym.lake'),
    },
    quarantine,
    sealed: given.sealed ?? derive(quarantine, 'kidjamo sealed records'),
    database: {
      superuser: password(file.database?.superuser, 'database.superuser'),
      application: password(file.database?.application, 'database.application'),
    },
  };
}

function keysOf(env: Environment): Partial<Record<KeyName, SecretKey>> {
  const keys: Partial<Record<KeyName, SecretKey>> = {};
  for (const name of Object.keys(KEY_VARIABLES) as KeyName[]) {
    const text = env[KEY_VARIABLES[name]];
    if (text === undefined || text === '') continue;
    if (!BASE64_32.test(text)) {
      throw new KidjamoError(
        'CONFIG_INVALID',
        `${KEY_VARIABLES[name]} must be base64 of ${KEY_BYTES} bytes. Remedy: openssl rand -base64 32`,
      );
    }
    keys[name] = withId(text);
  }
  return keys;
}

function generate(given: Partial<Record<KeyName, SecretKey>>): KeyFile {
  const missing = (name: KeyName): Partial<Record<KeyName, SecretKey>> => (given[name] === undefined ? { [name]: newKey() } : {});
  return {
    version: 1,
    pseudonym: { ...missing('topics'), ...missing('lake') },
    ...missing('quarantine'),
    database: { superuser: randomBytes(24).toString('base64url'), application: randomBytes(24).toString('base64url') },
  };
}

function newKey(): SecretKey {
  return withId(randomBytes(KEY_BYTES).toString('base64'));
}

/**
 * A key of a purpose of its own out of another (RFC 5869): whoever shares the one shares the other, and homes that are older than the
 * purpose need no new file.
 */
function derive(from: SecretKey, purpose: string): SecretKey {
  return withId(Buffer.from(hkdfSync('sha256', Buffer.from(from.key, 'base64'), '', purpose, KEY_BYTES)).toString('base64'));
}

/** The id is derived from the key, so that the same key has the same id wherever it comes from, and another key another one. */
function withId(key: string): SecretKey {
  return { id: createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex').slice(0, 12), key };
}

async function refuseOpenFile(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new KidjamoError(
      'KEY_FILE_INVALID',
      `${path} can be read by other users. Remedy: chmod 600 ${path}, and consider its keys known to them`,
    );
  }
}

/** Unchecked: every member may be missing or of another type. */
interface UncheckedKeyFile {
  readonly version?: unknown;
  readonly pseudonym?: { readonly topics?: unknown; readonly lake?: unknown };
  readonly quarantine?: unknown;
  readonly database?: { readonly superuser?: unknown; readonly application?: unknown };
}

function parse(text: string): UncheckedKeyFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which is secret.
    throw invalid('it is truncated or no JSON; restore it from a copy');
  }
  if (typeof file !== 'object' || file === null || !('version' in file) || file.version !== 1) {
    throw invalid('it is not of version 1; restore it, or start the version of Kidjamo that wrote it');
  }
  return file;
}

function isSecretKey(value: unknown): value is SecretKey {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('key' in value)) return false;
  return typeof value.id === 'string' && value.id !== '' && typeof value.key === 'string' && BASE64_32.test(value.key);
}

function password(value: unknown, member: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${member} is missing; restore the file`);
  return value;
}

function invalid(problem: string): KidjamoError {
  return new KidjamoError('KEY_FILE_INVALID', `the key file keys.json of this home cannot be used: ${problem}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    },
  );
}
