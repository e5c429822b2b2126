import { KidjamoError, TICK_KEY, TICK_VALUE } from '@kidjamo/stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { GENOTYPES, SEVERITIES, SOURCES, VITALS } from '../../src/contracts/reading.ts';
import type { InputRecord } from '../../src/contracts/reading.ts';
import { TopicIdentities } from '../../src/topics/identities.ts';
import { InputCodec } from '../../src/topics/input-codec.ts';

const identities = new TopicIdentities({ id: 'k1', key: Buffer.alloc(32, 3) }, 50);
const codec = new InputCodec({ identities, sealed: { id: 's1', key: Buffer.alloc(32, 5) } });

const uuid = fc.uuid();
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const extra = fc.option(fc.dictionary(text, fc.jsonValue()), { nil: undefined });
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const vitals = fc.record(Object.fromEntries(VITALS.map((vital) => [vital, number])), { requiredKeys: [] });
const envelope = { patient: uuid, received: fc.nat(), correlation: text };
const reading = {
  ...envelope,
  id: uuid,
  device: uuid,
  at: number,
  digest: text,
  source: fc.constantFrom(...SOURCES),
  vitals,
  firmware: text,
  extra,
};
const record: fc.Arbitrary<unknown> = fc.oneof(
  fc.record({ kind: fc.constant('reading'), ...reading }),
  fc.record({ kind: fc.constant('held'), ...reading, quarantine: uuid, reason: text, patient_known: fc.boolean() }),
  fc.record({
    kind: fc.constant('manual_alert'),
    ...envelope,
    id: uuid,
    digest: text,
    at: number,
    alert_type: text,
    severity: fc.constantFrom(...SEVERITIES),
    message: text,
    extra,
  }),
  fc.record({ kind: fc.constant('device_status'), ...envelope, id: uuid, digest: text, device: uuid, at: number, status: text, extra }),
  fc.record({
    kind: fc.constant('override'),
    op: fc.constant('revoke'),
    ...envelope,
    id: uuid,
    digest: text,
    override: uuid,
    by: uuid,
    reason: text,
  }),
  fc.record({ kind: fc.constant('patient'), ...envelope, genotype: fc.constantFrom(...GENOTYPES, null), birth_date: text }),
);
const written = record.map((value) => {
  const input = value as InputRecord;
  return { key: input.patient, value: JSON.stringify(input) };
});

test('what is encoded is decoded to the same key and the same text, and shows none of its ids', () => {
  fc.assert(
    fc.property(written, (one) => {
      const message = codec.encode(one);
      expect(codec.decode(message)).toEqual(one);
      expect(codec.decode({ key: Buffer.from(message.key), value: Buffer.from(message.value) })).toEqual(one);
      expect(JSON.stringify(message)).not.toContain(one.key);
      expect(message.key).toBe(identities.pseudonym(one.key));
      expect(Object.keys(JSON.parse(message.value) as object)).toEqual(['schema_version', 'kind', 'key_id', 'sealed']);
    }),
  );
});

test('a tick passes as it is', () => {
  const tick = { key: TICK_KEY, value: TICK_VALUE };
  expect(codec.encode(tick)).toEqual({ ...tick, headers: {} });
  expect(codec.decode(tick)).toEqual(tick);
});

function failure(message: Parameters<InputCodec['decode']>[0], by: InputCodec = codec): KidjamoError {
  try {
    by.decode(message);
  } catch (error) {
    if (error instanceof KidjamoError) return error;
    throw error;
  }
  throw new TypeError('a message was decoded that must not be');
}

const ONE = { key: '5f0c9d1e-6a57-4b0e-9a55-0d6f0e2b7c11', value: '{"kind":"patient","patient":"5f0c9d1e-6a57-4b0e-9a55-0d6f0e2b7c11"}' };
const MESSAGE = codec.encode(ONE);

test('a message changed in any place, or cut off anywhere, is refused', () => {
  const { key, value } = MESSAGE;
  for (let at = 0; at < value.length; at += 1) {
    const changed = value.slice(0, at) + (value[at] === 'A' ? 'B' : 'A') + value.slice(at + 1);
    expect(['INPUT_INVALID', 'KEY_FILE_INVALID']).toContain(failure({ key, value: changed }).code);
    expect(['INPUT_INVALID', 'KEY_FILE_INVALID']).toContain(failure({ key, value: value.slice(0, at) }).code);
  }
});

test('a message under the key of another patient is refused, and so is one without a key', () => {
  expect(failure({ ...MESSAGE, key: identities.pseudonym('another') }).code).toBe('KEY_FILE_INVALID');
  expect(failure({ ...MESSAGE, key: null }).code).toBe('KEY_FILE_INVALID');
  expect(failure({ ...MESSAGE, key: TICK_KEY }).code).toBe('INPUT_INVALID');
  expect(failure({ key: null, value: null }).code).toBe('INPUT_INVALID');
});

test('another key is told by its id, and under the same id by the tag', () => {
  const named = new InputCodec({ identities, sealed: { id: 's2', key: Buffer.alloc(32, 6) } });
  expect(failure(MESSAGE, named)).toMatchObject({
    code: 'KEY_FILE_INVALID',
    message: expect.stringContaining('KIDJAMO_KEY_SEALED') as string,
  });
  const same = new InputCodec({ identities, sealed: { id: 's1', key: Buffer.alloc(32, 6) } });
  expect(failure(MESSAGE, same).code).toBe('KEY_FILE_INVALID');
});

test('nothing that others write makes it fail otherwise', () => {
  const head = '{"schema_version":"input/1","kind":"reading","key_id":"s1","sealed":"';
  const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
  const sealed = fc
    .oneof(
      bytes.map((each) => each.toString('base64')),
      fc.base64String(),
      fc.string(),
    )
    .map((each) => `${head}${each}"}`);
  const value = fc.oneof(bytes, fc.string(), fc.json(), sealed, fc.constant(null));
  fc.assert(
    fc.property(fc.oneof(bytes, fc.string(), fc.constant(null)), value, (key, each) => {
      expect(['INPUT_INVALID', 'KEY_FILE_INVALID']).toContain(failure({ key, value: each }).code);
    }),
    { numRuns: 2000 },
  );
});
