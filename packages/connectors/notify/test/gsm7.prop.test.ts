import fc from 'fast-check';
import { expect, test } from 'vitest';

import { cutGsm7, gsm7Length, toGsm7 } from '../src/templates/gsm7.ts';

test('any text becomes one that SMS can carry, and what it can carry stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const written = toGsm7(text);
      expect(gsm7Length(written)).toBeDefined();
      expect(toGsm7(written)).toBe(written);
    }),
  );
});

test('what is cut fits, and what fits is not cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', 'é', '€', '[', ' ', 'Z') }), fc.integer({ min: 0, max: 200 }), (text, places) => {
      const cut = cutGsm7(text, places);
      expect(gsm7Length(cut)).toBeLessThanOrEqual(places);
      if ((gsm7Length(text) ?? 0) <= places) expect(cut).toBe(text);
    }),
  );
});
