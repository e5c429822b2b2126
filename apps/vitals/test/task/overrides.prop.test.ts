import fc from 'fast-check';
import { expect, test } from 'vitest';

import { MAX_OVERRIDES } from '../../src/pipeline/overrides.ts';
import { changesOf, keptOf, limit, overridesOf, revoke, set } from './change.ts';
import { HOUR, Rig, T0 } from './rig.ts';

const steps = fc.array(
  fc.record({
    /** Hours since the step before. */
    after: fc.nat(3),
    what: fc.oneof(
      { weight: 3, arbitrary: fc.record({ begins: fc.integer({ min: -5, max: 10 }), lasts: fc.integer({ min: 1, max: 100 }) }) },
      { weight: 1, arbitrary: fc.record({ ends: fc.nat(80) }) },
    ),
  }),
  { maxLength: 80 },
);

test('what is remembered is what the rows say is in force or to come, within the bound, and every change leaves one line', () => {
  fc.assert(
    fc.property(steps, (life) => {
      const rig = new Rig();
      let at = T0;
      for (const [n, { after, what }] of life.entries()) {
        at += after * HOUR;
        if ('ends' in what) rig.feed(revoke({ n, at }, what.ends));
        else rig.feed(set({ n, at }, limit({ from: at + what.begins * HOUR, expires: at + (what.begins + what.lasts) * HOUR })));
        const rows = overridesOf(rig);
        const kept = keptOf(rig) ?? [];
        expect(kept.length).toBeLessThanOrEqual(MAX_OVERRIDES);
        const open = rows.filter(({ expires_at: expires, revoked_at: revoked }) => revoked === null && expires > at);
        expect(kept.filter(({ expires }) => expires > at).map(({ id }) => id)).toEqual(open.map(({ override_id: id }) => id));
        // Nothing that was taken back is judged by again.
        const revoked = new Set(rows.filter((row) => row.revoked_at !== null).map(({ override_id: id }) => id));
        expect(kept.filter(({ id }) => revoked.has(id))).toEqual([]);
        expect(changesOf(rig)).toHaveLength(n + 1);
      }
      const applied = changesOf(rig).filter(({ op, outcome }) => op === 'set' && outcome === 'applied');
      expect(applied.map(({ override_id: id }) => id)).toEqual(overridesOf(rig).map(({ override_id: id }) => id));
    }),
  );
});
