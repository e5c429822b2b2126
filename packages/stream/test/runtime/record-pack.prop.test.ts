import fc from 'fast-check';
import { expect, test } from 'vitest';

import { encoded, RecordPack } from '../../src/runtime/record-pack.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: 1, max: 3 }).map((megabytes) => 'é'.repeat(megabytes << 19)),
);
// A lone surrogate has no UTF-8, so no log can hold one.
const wellFormed = text.filter((value) => value.isWellFormed());

test('gives records back as they were, as often as it is gone through', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ offset: fc.maxSafeNat(), time: fc.double({ noNaN: true }), key: wellFormed, value: wellFormed }), {
        maxLength: 40,
      }),
      (records) => {
        const pack = new RecordPack(3);
        for (const record of records) pack.add({ partition: 3, ...record });
        expect(pack.length).toBe(records.length);
        const expected = records.map((record) => ({ partition: 3, ...record }));
        expect([...pack]).toEqual(expected);
        expect([...pack]).toEqual(expected);
        const values = Array.from(encoded(pack), ({ offset, bytes, start, end }) => [offset, bytes.toString('utf8', start, end)]);
        expect(values).toEqual(expected.map(({ offset, value }) => [offset, value]));
        expect(Array.from(encoded(expected), ({ offset, bytes, start, end }) => [offset, bytes.toString('utf8', start, end)])).toEqual(
          values,
        );
        // The next run gets its pages.
        pack.release();
        expect([pack.length, ...pack]).toEqual([0]);
      },
    ),
    { numRuns: 60 },
  );
});
