import { EVENTS, isFinal, next, STATES, statesWith, TABLE } from '@kidjamo/connector-notify';
import type { Event, State } from '@kidjamo/connector-notify';
import { describe, expect, test } from 'vitest';

/** The table of docs/adr/0017-notifications.md, copied by hand: nothing is derived from the code. Everything else cannot happen. */
const MOVES: readonly (readonly [State, Event, State])[] = [
  ['held', 'release', 'planned'],
  ['held', 'merge', 'merged'],
  ['planned', 'claim', 'sending'],
  ['planned', 'supersede', 'superseded'],
  ['sending', 'claim', 'sending'],
  ['sending', 'accept', 'delivered'],
  ['sending', 'miss', 'retrying'],
  ['sending', 'block', 'retrying'],
  ['sending', 'give_up', 'failed'],
  ['sending', 'supersede', 'superseded'],
  ['retrying', 'claim', 'sending'],
  ['retrying', 'supersede', 'superseded'],
];

describe.each(STATES)('a delivery that is %s', (state) => {
  test.each(EVENTS)('on %s', (event) => {
    const [, , to] = MOVES.find(([from, by]) => from === state && by === event) ?? [];
    expect(TABLE[state][event]).toBe(to);
    if (to === undefined) expect(() => next(state, event)).toThrow(expect.objectContaining({ code: 'CONFORMANCE' }));
    else expect(next(state, event)).toBe(to);
  });
});

test('four states are final, and from every other an end can be reached', () => {
  expect(STATES.filter(isFinal)).toEqual(['delivered', 'failed', 'superseded', 'merged']);
  const ends = (state: State, seen: readonly State[] = []): boolean =>
    isFinal(state) ||
    EVENTS.some((event) => {
      const to = TABLE[state][event];
      return to !== undefined && !seen.includes(to) && ends(to, [...seen, state]);
    });
  expect(STATES.filter((state) => !ends(state))).toEqual([]);
});

test('whatever may be sent is claimed first, and a claim can be taken over', () => {
  expect(statesWith('claim')).toEqual(['planned', 'sending', 'retrying']);
  expect(statesWith('accept')).toEqual(['sending']);
});
