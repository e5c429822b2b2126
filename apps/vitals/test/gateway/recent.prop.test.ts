import fc from 'fast-check';
import { expect, test } from 'vitest';

import { RecentMap } from '../../src/gateway/recent.ts';

test('keeps at least the last keys used, never gives a wrong value, and stays bounded', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 12 }).map(String), set: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const half = 4;
      const map = new RecentMap<number>(half);
      const model = new Map<string, number>();
      let used: string[] = [];
      steps.forEach(({ key, set }, i) => {
        if (set) {
          map.set(key, i);
          model.set(key, i);
        } else {
          const found = map.get(key);
          if (found === undefined) expect(used.slice(0, half - 1).includes(key)).toBe(false);
          else expect(found).toBe(model.get(key));
          if (found === undefined) return;
        }
        used = [key, ...used.filter((other) => other !== key)];
      });
    }),
  );
});

test('a deleted key is gone, old or young', () => {
  const map = new RecentMap<number>(2);
  for (const key of ['a', 'b', 'c']) map.set(key, 1);
  map.delete('a');
  map.delete('c');
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 1, undefined]);
});
