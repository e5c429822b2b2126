import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

import { DEFAULT_RATES } from '../../src/simulator/medical/rates.ts';
import type { TruthRecord } from '../../src/simulator/medical/truth.ts';
import { ratesWith } from '../../src/simulator/medical/rates.ts';
import { run } from './collect.ts';

const guide = await readFile(new URL('../../../../docs/guides/simulating.md', import.meta.url), 'utf8');

test('the guide has every rate', () => {
  const rows = Array.from(guide.matchAll(/^\| `(?<kind>[a-z_]+)` \| (?<rate>[\d.]+) \|/gm), ({ groups }) => [
    groups?.['kind'],
    Number(groups?.['rate']),
  ]);
  expect(Object.fromEntries(rows)).toEqual(DEFAULT_RATES);
});

test('the guide has every member of the ground truth', () => {
  const { truth } = run({
    days: 3,
    seed: 81,
    patients: 6,
    intervalS: 120,
    rates: ratesWith({ crisis: 0.5, infection: 0.5, clock_skew: 1 }),
  });
  const rows = new Map(
    Array.from(guide.matchAll(/^\| `(?!type`)(?<type>[a-z]+)` \| (?<members>[^\d].*) \|$/gm), ({ groups }) => [
      groups?.['type'],
      groups?.['members'] ?? '',
    ]),
  );
  const types = new Set<TruthRecord['type']>();
  for (const record of truth) {
    types.add(record.type);
    for (const name of Object.keys(record))
      if (name !== 'type') expect(rows.get(record.type), `${record.type}.${name}`).toContain(`\`${name}\``);
  }
  expect([...rows.keys()].sort()).toEqual([...types].sort());
});
