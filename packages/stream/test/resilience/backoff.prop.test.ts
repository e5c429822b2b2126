import { backoffDelay } from '@kidjamo/stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';

const options = fc.record({ initial: fc.integer({ min: 1, max: 10_000 }), max: fc.integer({ min: 1, max: 600_000 }) });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a delay is never longer than the bound, never a hot loop, and the bound doubles', () => {
  fc.assert(
    fc.property(options, fc.integer({ min: 1, max: 10_000 }), random, (bounds, attempt, chance) => {
      const bound = Math.min(bounds.max, bounds.initial * 2 ** (attempt - 1));
      const delay = backoffDelay(bounds, attempt, () => chance);
      expect(delay).toBeLessThanOrEqual(bound);
      expect(delay).toBeGreaterThanOrEqual(bound / 10);
    }),
  );
});
