import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { openKeys } from '../src/home/key-file.ts';

let home: string;
let file: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kidjamo-keys-'));
  file = join(home, 'keys.json');
  return () => rm(home, { recursive: true });
});

const newKey = (): string => randomBytes(32).toString('base64');

describe('the key file', () => {
  test('is made once, for its owner only, with keys of 32 random bytes', async () => {
    const keys = await openKeys(home, {});
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(home)).toEqual(['keys.json']);
    const all = [keys.pseudonym.topics, keys.pseudonym.lake, keys.quarantine];
    for (const { key, id } of all) {
      expect(Buffer.from(key, 'base64')).toHaveLength(32);
      expect(id).toMatch(/^[0-9a-f]{12}$/);
    }
    expect(new Set(all.map(({ key }) => key)).size).toBe(3);
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(keys.database.superuser).not.toBe(keys.database.application);
    expect(keys.database.application.length).toBeGreaterThanOrEqual(32);
    expect(await openKeys(home, {})).toEqual(keys);
  });

  test('is made once when several ask at once', async () => {
    const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => openKeys(home, {})));
    for (const other of others) expect(other).toEqual(first);
    expect(await readdir(home)).toEqual(['keys.json']);
  });

  test.each([0o644, 0o640, 0o604, 0o620, 0o610])('with mode %o is refused with a remedy', async (mode) => {
    await openKeys(home, {});
    await chmod(file, mode);
    await expect(openKeys(home, {})).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      message: expect.stringContaining('chmod 600') as string,
    });
    await chmod(file, 0o600);
    await openKeys(home, {});
  });

  test('cut off anywhere is refused, never replaced, and never quoted', async () => {
    const keys = await openKeys(home, {});
    const text = (await readFile(file, 'utf8')).trimEnd();
    for (let length = 0; length < text.length; length += 7) {
      await writeFile(file, text.slice(0, length));
      const error: unknown = await openKeys(home, {}).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'KEY_FILE_INVALID' });
      expect(String(error)).not.toContain(keys.pseudonym.topics.key.slice(0, 8));
      expect(await readFile(file, 'utf8')).toBe(text.slice(0, length));
    }
  });

  test.each([
    ['pseudonym.topics', (keys: Stored) => ({ ...keys, pseudonym: { lake: keys.pseudonym.lake } })],
    ['pseudonym.lake', (keys: Stored) => ({ ...keys, pseudonym: { ...keys.pseudonym, lake: { id: 'x', key: 'short' } } })],
    ['pseudonym.topics', ({ version, quarantine, database }: Stored) => ({ version, quarantine, database })],
    ['quarantine', (keys: Stored) => ({ ...keys, quarantine: { key: keys.quarantine.key } })],
    ['database.superuser', (keys: Stored) => ({ ...keys, database: { application: 'x' } })],
    ['database.application', (keys: Stored) => ({ ...keys, database: { superuser: 'x', application: 7 } })],
    ['version', (keys: Stored) => ({ ...keys, version: 2 })],
    ['version', () => []],
  ])('without a proper %s is refused', async (member, change) => {
    await openKeys(home, {});
    const stored = JSON.parse(await readFile(file, 'utf8')) as Stored;
    await writeFile(file, JSON.stringify(change(stored)));
    await expect(openKeys(home, {})).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      message: expect.stringContaining(member) as string,
    });
  });
});

interface Stored {
  version: number;
  pseudonym: { topics: unknown; lake: unknown };
  quarantine: { key: string };
  database: unknown;
}

describe('keys in the environment', () => {
  test('come before those of the file', async () => {
    const made = await openKeys(home, {});
    const key = newKey();
    const keys = await openKeys(home, { KIDJAMO_KEY_QUARANTINE: key });
    expect(keys.quarantine.key).toBe(key);
    expect(keys.quarantine.id).not.toBe(made.quarantine.id);
    expect(keys.pseudonym).toEqual(made.pseudonym);
  });

  test('the key of sealed records is derived from that of the quarantine, unless it is given', async () => {
    const made = await openKeys(home, {});
    expect(Buffer.from(made.sealed.key, 'base64')).toHaveLength(32);
    expect(made.sealed).not.toEqual(made.quarantine);
    expect(await readFile(file, 'utf8')).not.toContain(made.sealed.key);
    const others = await openKeys(home, { KIDJAMO_KEY_QUARANTINE: newKey() });
    expect(others.sealed.key).not.toBe(made.sealed.key);
    const key = newKey();
    const given = await openKeys(home, { KIDJAMO_KEY_SEALED: key });
    expect(given.sealed.key).toBe(key);
    expect(given.sealed.id).not.toBe(made.sealed.id);
    expect(given.quarantine).toEqual(made.quarantine);
  });

  test('have the same id wherever they come from', async () => {
    const made = await openKeys(home, {});
    const given = await openKeys(home, { KIDJAMO_KEY_LAKE: made.pseudonym.lake.key });
    expect(given.pseudonym.lake).toEqual(made.pseudonym.lake);
  });

  test('are not written into a new file, and are missed when they are no longer given', async () => {
    const env = { KIDJAMO_KEY_TOPICS: newKey(), KIDJAMO_KEY_LAKE: newKey(), KIDJAMO_KEY_QUARANTINE: newKey() };
    const keys = await openKeys(home, env);
    const text = await readFile(file, 'utf8');
    for (const key of Object.values(env)) expect(text).not.toContain(key);
    expect(keys.pseudonym.topics.key).toBe(env.KIDJAMO_KEY_TOPICS);
    await expect(openKeys(home, { ...env, KIDJAMO_KEY_LAKE: undefined })).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      message: expect.stringContaining('KIDJAMO_KEY_LAKE') as string,
    });
  });

  test.each(['short', newKey().slice(0, -1), `${newKey()} `, randomBytes(31).toString('base64'), randomBytes(32).toString('hex')])(
    'that are no base64 of 32 bytes are refused by name, not by value (%#)',
    async (key) => {
      const error: unknown = await openKeys(home, { KIDJAMO_KEY_TOPICS: key }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('KIDJAMO_KEY_TOPICS') as string });
      expect(String(error)).not.toContain(key);
    },
  );
});
