import { expect, test } from 'vitest';

import { StateCache } from '../../src/runtime/state-cache.ts';

test('lets nothing go before the batch is over, then whatever was not used since', () => {
  const cache = new StateCache(2);
  for (const key of ['a', 'b', 'c', 'd']) cache.add(key).value = key;
  expect(cache.size).toBe(4);
  cache.trim();
  // All of them were used: the oldest go.
  expect([cache.size, cache.get('a'), cache.get('b')]).toEqual([2, undefined, undefined]);
  expect(cache.get('c')?.value).toBe('c');
  cache.add('e').value = 'e';
  cache.trim();
  expect(cache.get('d')).toBeUndefined();
  expect([cache.get('c')?.value, cache.get('e')?.value]).toEqual(['c', 'e']);
});

test('the cell of a key stays the same, and keeps what was put into it', () => {
  const cache = new StateCache(10);
  const cell = cache.add('a');
  expect(cell.value).toBeUndefined();
  cell.value = { n: 1 };
  cache.trim();
  expect(cache.get('a')).toBe(cell);
  cache.clear();
  expect(cache.get('a')).toBeUndefined();
});
