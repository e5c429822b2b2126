import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { PanesState } from '../src/index.ts';
import { cellCount, cellMax, cellMin, cellSum, Panes } from '../src/index.ts';

const MINUTE = 60_000;
const panes = new Panes({ width: MINUTE, lateness: 10 * MINUTE });
const FIELDS = 3;

interface Entry {
  readonly at: number;
  readonly values: readonly (number | undefined)[];
}

const vital = fc.option(
  fc.oneof(
    fc.integer({ min: 0, max: 2500 }).map((tenths) => tenths / 10),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  {
    nil: undefined,
  },
);
const entry: fc.Arbitrary<Entry> = fc.record({
  at: fc.integer({ min: 0, max: 40 * 60_000 }),
  values: fc.array(vital, { minLength: FIELDS, maxLength: FIELDS }),
});

/** What became of every pane after all records, closed ones included, and how many records were late. */
function run(entries: readonly Entry[], between: (state: PanesState) => PanesState = (state) => state): { late: number; result: unknown } {
  let state: PanesState = { p: [] };
  let late = 0;
  const closed = [];
  for (const { at, values } of entries) {
    if (panes.add(state, at, values) === undefined) late += 1;
    closed.push(...panes.closePassed(state));
    state = between(state);
  }
  const result = [...closed, ...state.p]
    .sort((a, b) => a[0] - b[0])
    .map(([index, count, cells]) => ({
      index,
      count,
      cells: Array.from({ length: FIELDS }, (_, i) => [cellCount(cells[i]), cellSum(cells[i]), cellMin(cells[i]), cellMax(cells[i])]),
    }));
  return { late, result };
}

test('disorder within the watermark gives the same panes, to the last bit', () => {
  fc.assert(
    fc.property(
      fc.array(entry, { maxLength: 40 }),
      fc.array(fc.integer({ min: 0, max: 10 * MINUTE }), { minLength: 40, maxLength: 40 }),
      (entries, delays) => {
        const ordered = [...entries].sort((a, b) => a.at - b.at);
        // Arrival is event time plus up to the allowed lateness, so nothing comes later than that behind the newest.
        const arrived = ordered.map((each, i) => ({ each, arrival: each.at + (delays[i] ?? 0) })).sort((a, b) => a.arrival - b.arrival);
        const disordered = run(arrived.map(({ each }) => each));
        expect(disordered.late).toBe(0);
        expect(disordered).toEqual(run(ordered));
      },
    ),
  );
});

test('records are in a pane or late, and each pane is what its records say', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
      const { late, result } = run(entries);
      const kept: Entry[] = [];
      let newest = Number.NEGATIVE_INFINITY;
      for (const each of entries) {
        newest = Math.max(newest, each.at);
        if (each.at >= newest - 10 * MINUTE) kept.push(each);
      }
      expect(late).toBe(entries.length - kept.length);
      expect(result).toEqual(run([...kept].sort((a, b) => a.at - b.at)).result);
    }),
  );
});

test('state survives JSON between any two records', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), (entries) => {
      expect(run(entries, (state) => JSON.parse(JSON.stringify(state)) as PanesState)).toEqual(run(entries));
    }),
  );
});
