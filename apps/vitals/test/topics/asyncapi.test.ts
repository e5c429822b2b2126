import schema from '@asyncapi/specs/schemas/3.0.0.json' with { type: 'json' };
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';

import { compileFormat } from '../../src/gateway/validation.ts';
import { asyncApiDocument } from '../../src/topics/asyncapi.ts';
import { OUTPUT_TOPICS } from '../../src/topics/encoders.ts';

const document = asyncApiDocument();

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (name === '$ref' && typeof member === 'string' ? [member] : references(member)));
}

test('it is an AsyncAPI 3.0.0 document', () => {
  // The schema brings its own copy of draft 7, which `meta` would make ambiguous.
  const valid = new Ajv({ strict: false, meta: false, validateSchema: false, validateFormats: false }).compile(schema);
  valid(JSON.parse(JSON.stringify(document)));
  expect(valid.errors ?? []).toEqual([]);
  expect(valid({ ...document, channels: { topic: { messages: 'none' } } })).toBe(false);
});

test('every reference of the document leads somewhere', () => {
  const found = references(document);
  expect(found.length).toBeGreaterThan(10);
  for (const reference of found) {
    let at: unknown = document;
    for (const step of reference.slice(2).split('/')) at = (at as Record<string, unknown>)[step];
    expect(at, reference).toBeTypeOf('object');
  }
});

test('every channel has its messages, and every example satisfies the schema of its message', () => {
  expect(Object.keys(document.channels).sort()).toEqual(OUTPUT_TOPICS.map(({ topic }) => topic).sort());
  for (const [name, message] of Object.entries(document.components.messages)) {
    const schema = document.components.schemas[name];
    if (schema === undefined) throw new TypeError(`${name} has no schema`);
    const examples = message['examples'] as readonly { readonly payload: unknown }[];
    expect(examples.length).toBeGreaterThan(0);
    for (const { payload } of examples) expect(compileFormat(schema).faults(payload)).toEqual([]);
  }
});
