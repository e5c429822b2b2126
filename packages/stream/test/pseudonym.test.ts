import { createHmac } from 'node:crypto';

import { pseudonymOf } from '@kidjamo/stream';
import { expect, test } from 'vitest';

const key = { id: 'k7', key: Buffer.from('0123456789abcdef0123456789abcdef') };
const identity = '0f8fad5b-d9cb-469f-a165-70867728950e';

test('a pseudonym is the HMAC-SHA-256 of the identity, behind the id of its key', () => {
  const hex = createHmac('sha256', key.key).update(identity, 'utf8').digest('hex');
  const [id, rest = ''] = pseudonymOf(key, identity).split('.');
  expect(id).toBe('k7');
  expect(Buffer.from(rest, 'base64url').toString('hex')).toBe(hex);
});

test('it depends on the identity and on the key, and on nothing else', () => {
  expect(pseudonymOf(key, identity)).toBe(pseudonymOf({ ...key }, identity));
  expect(pseudonymOf(key, `${identity} `)).not.toBe(pseudonymOf(key, identity));
  expect(pseudonymOf({ ...key, key: Buffer.from('another') }, identity)).not.toBe(pseudonymOf(key, identity));
});
