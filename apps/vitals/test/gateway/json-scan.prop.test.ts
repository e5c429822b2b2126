import fc from 'fast-check';
import { expect, test } from 'vitest';

import { countMembers, elementSlices, measureJson, repeatedMember } from '../../src/gateway/json-scan.ts';

const spaced = fc.tuple(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t'));

test('counts the members of any JSON as the parsed value has them', () => {
  fc.assert(
    fc.property(spaced, ([value, space]) => {
      const bytes = Buffer.from(JSON.stringify(value, null, space));
      expect(measureJson(bytes).members).toBe(countMembers(JSON.parse(bytes.toString())));
      expect(repeatedMember(bytes)).toBeUndefined();
    }),
  );
});

test('cuts any array into its elements', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.constantFrom(undefined, 2), (values, space) => {
      const slices = elementSlices(Buffer.from(JSON.stringify(values, null, space)));
      expect(slices.map((slice) => JSON.parse(slice.toString()) as unknown)).toEqual(JSON.parse(JSON.stringify(values)));
    }),
  );
});

test('finds a member given twice, wherever it is', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), fc.nat(), (object, n) => {
      const names = Object.keys(object);
      const name = names[n % names.length] ?? '';
      const text = `{"outer":[0,${JSON.stringify(object).slice(0, -1)},${JSON.stringify(name)}:null}]}`;
      const bytes = Buffer.from(text);
      expect(measureJson(bytes).members).toBeGreaterThan(countMembers(JSON.parse(text)));
      expect(repeatedMember(bytes)).toBe(`/outer/1/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }),
  );
});

test('a name written with escapes is the same name', () => {
  expect(repeatedMember(Buffer.from('{"spo2":1,"sp\\u006f2":2}'))).toBe('/spo2');
});

test('measures depth', () => {
  expect(measureJson(Buffer.from('{"a":[[{"b":"}]["}]]}')).depth).toBe(4);
});
