import fc from 'fast-check';
import { expect, test } from 'vitest';

import { partitionOf } from '../../src/contracts/partition.ts';

test('is always one of the partitions', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 1, max: 256 }), (uuid, partitions) => {
      const partition = partitionOf(uuid, partitions);
      expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
    }),
  );
});

test('spreads sequential UUIDs evenly', () => {
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i += 1) {
    const partition = partitionOf(`00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`, 4);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(850);
});

test('never changes, since records lie where it once put them', () => {
  expect(['11111111-1111-4111-8111-111111111111', 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6'].map((uuid) => partitionOf(uuid, 256)))
    .toMatchInlineSnapshot(`
    [
      78,
      5,
    ]
  `);
});
