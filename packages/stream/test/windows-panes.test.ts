import { describe, expect, test } from 'vitest';

import type { Pane, PanesState } from '../src/index.ts';
import { cellCount, cellMax, cellMin, cellSum, hasCode, Panes } from '../src/index.ts';

const MINUTE = 60_000;
const panes = new Panes({ width: MINUTE, lateness: 10 * MINUTE });
const T0 = 28_000_000 * MINUTE;

/** Adds values of one field at minutes after T0. */
function added(...records: [minute: number, value: number | undefined][]): PanesState {
  const state: PanesState = { p: [] };
  for (const [minute, value] of records) panes.add(state, T0 + minute * MINUTE, [value]);
  return state;
}

const minutes = (list: readonly Pane[]): number[] => list.map((pane) => (panes.start(pane) - T0) / MINUTE);

describe('panes', () => {
  test('hold count, sum, least and greatest value of each field', () => {
    const state: PanesState = { p: [] };
    panes.add(state, T0 + 1, [97, undefined]);
    panes.add(state, T0 + 2, [undefined, 36.5]);
    panes.add(state, T0 + 59_999.999, [95, 36.6]);
    const [pane] = state.p;
    expect(state.p).toHaveLength(1);
    expect(pane?.[1]).toBe(3);
    const [first, second] = pane?.[2] ?? [];
    expect([cellCount(first), cellSum(first), cellMin(first), cellMax(first)]).toEqual([2, 192, 95, 97]);
    expect([cellCount(second), cellSum(second), cellMin(second), cellMax(second)]).toEqual([2, 73.1, 36.5, 36.6]);
  });

  test('say that a field has no value', () => {
    const [pane] = added([0, undefined]).p;
    expect(pane?.[1]).toBe(1);
    const cell = pane?.[2][0];
    expect([cellCount(cell), cellSum(cell), cellMin(cell), cellMax(cell)]).toEqual([0, 0, undefined, undefined]);
  });

  test('begin and end at full minutes', () => {
    expect(minutes(added([0, 1], [0.999, 1], [1, 1]).p)).toEqual([0, 1]);
  });

  test('take a record at the watermark, and refuse one before it', () => {
    const state = added([20, 1]);
    expect(panes.add(state, T0 + 10 * MINUTE, [1])).toBeDefined();
    expect(panes.isLate(state, T0 + 10 * MINUTE - 0.001)).toBe(true);
    expect(panes.add(state, T0 + 10 * MINUTE - 0.001, [1])).toBeUndefined();
    expect(minutes(state.p)).toEqual([10, 20]);
  });

  test('are corrected by what comes late within the watermark', () => {
    const state = added([0, 1], [5, 3]);
    const corrected = panes.add(state, T0 + 30_000, [2]);
    expect(corrected?.[1]).toBe(2);
    expect(cellSum(corrected?.[2][0])).toBe(3);
    expect(state.n).toBe(T0 + 5 * MINUTE);
  });

  test('close when the watermark passes their end, earliest first, once', () => {
    const state = added([1, 1], [0, 1], [10.999, 1]);
    expect(minutes(panes.closePassed(state))).toEqual([]);
    panes.add(state, T0 + 11 * MINUTE, [1]);
    expect(minutes(panes.closePassed(state))).toEqual([0]);
    panes.add(state, T0 + 30 * MINUTE, [1]);
    expect(minutes(panes.closePassed(state))).toEqual([1, 10, 11]);
    expect(panes.closePassed(state)).toEqual([]);
    expect(minutes(state.p)).toEqual([30]);
  });

  test('that close never change again', () => {
    const state = added([0, 1], [30, 1]);
    const closed = panes.closePassed(state).map(([index]) => index);
    for (let minute = 0; minute <= 40; minute += 0.25) {
      const pane = panes.add(state, T0 + minute * MINUTE, [1]);
      if (pane !== undefined) expect(closed).not.toContain(pane[0]);
    }
  });

  test('of an idle key close together; what still belongs to them is late, what comes after is not', () => {
    const state = added([0, 1], [2.5, 1]);
    expect(minutes(panes.closeAll(state))).toEqual([0, 2]);
    expect(panes.closeAll(state)).toEqual([]);
    expect(panes.add(state, T0 + 2.9 * MINUTE, [1])).toBeUndefined();
    expect(panes.add(state, T0 + 3 * MINUTE, [1])).toBeDefined();
    panes.add(state, T0 + 13 * MINUTE, [1]);
    expect(state).not.toHaveProperty('c');
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuse %s', (value) => {
    expect(() => added([0, value])).toThrow(expect.toSatisfy((error) => hasCode(error, 'INPUT_INVALID')));
  });
});
