import { expect, test } from 'vitest';

import type { TrueEvent } from '../../../src/alarms/bench/events.ts';
import { Account, TOLERANCE } from '../../../src/alarms/bench/matching.ts';
import type { Evidence, Sign } from '../../../src/alarms/bench/port.ts';

const MINUTE = 60_000;
const NEVER = Number.POSITIVE_INFINITY;

function event(onset: number, end: number): TrueEvent {
  return { onset: onset * MINUTE, end: end * MINUTE, rules: new Set(['CRITICAL_SPO2']) };
}

function call(episode: string, more: Partial<Extract<Sign, { kind: 'called' }>> = {}): Sign {
  return {
    kind: 'called',
    at: 0,
    episode,
    severity: 'critical',
    about: 'clinical',
    rule: 'CRITICAL_SPO2',
    reason: 'raised',
    on: 'good',
    ...more,
  };
}

/** An account of signs at minutes. */
function accountOf(signs: readonly (readonly [minute: number, sign: Sign])[]): Account {
  const account = new Account();
  for (const [minute, sign] of signs) account.note(sign, { at: minute * MINUTE, artefact: 'none' });
  return account;
}

const raised: Sign = { kind: 'raised', at: 0 };
const live: Sign = { kind: 'live', at: 0, live: true };
const over: Sign = { kind: 'live', at: 0, live: false };

function found(signs: readonly (readonly [minute: number, sign: Sign])[], one: TrueEvent) {
  const account = accountOf(signs);
  account.compare([one], 0);
  return account.take(one);
}

test.each([
  ['at its onset', 10, 0],
  ['in it', 13, 3 * MINUTE],
  ['at its end', 20, 10 * MINUTE],
  ['before it', 9.99, undefined],
  ['after it', 20.01, undefined],
])('an alarm raised %s', (_, minute, after) => {
  expect(found([[minute, raised]], event(10, 20))).toEqual({ after, stood: false });
});

test('of several alarms raised in an event the first counts', () => {
  expect(
    found(
      [
        [5, raised],
        [16, raised],
        [12, raised],
        [19, raised],
      ],
      event(10, 20),
    ).after,
  ).toBe(2 * MINUTE);
});

test('an alarm that stands when an event begins has found it, without a delay', () => {
  expect(found([[5, live]], event(10, 20))).toEqual({ after: undefined, stood: true });
  expect(
    found(
      [
        [5, live],
        [10, over],
      ],
      event(10, 20),
    ),
  ).toEqual({ after: undefined, stood: true });
  expect(
    found(
      [
        [5, live],
        [9, over],
      ],
      event(10, 20),
    ),
  ).toEqual({ after: undefined, stood: false });
  // It was raised in the event.
  expect(
    found(
      [
        [12, raised],
        [12, live],
      ],
      event(10, 20),
    ),
  ).toEqual({ after: 2 * MINUTE, stood: false });
});

test('what was heard is remembered for events that last longer than what was heard', () => {
  const account = accountOf([[12, raised]]);
  const one = event(10, 15);
  account.compare([one], 14 * MINUTE);
  one.end = 600 * MINUTE;
  account.note(raised, { at: 400 * MINUTE, artefact: 'none' });
  account.compare([one], NEVER);
  expect(account.take(one).after).toBe(2 * MINUTE);
});

test.each([
  [15, 16, true],
  [5, 25, true],
  [50, 55, true],
  [50.01, 55, false],
  [-25, -20, true],
  [-25, -20.01, false],
])('an episode from minute %d to %d, of an event from 10 to 20: called for is %s', (start, end, calledFor) => {
  const account = accountOf([
    [start, call('a')],
    [end, { kind: 'ended', at: 0, episode: 'a' }],
  ]);
  account.compare([event(10, 20)], NEVER);
  expect(account.takeEpisodes(NEVER)).toMatchObject([{ calledFor, calls: 1 }]);
});

test('an episode is judged only when no event can come near it any more', () => {
  const account = accountOf([
    [0, call('a')],
    [10, { kind: 'ended', at: 0, episode: 'a' }],
  ]);
  expect(account.takeEpisodes(10 * MINUTE + TOLERANCE)).toEqual([]);
  expect(account.takeEpisodes(10 * MINUTE + TOLERANCE + 1)).toHaveLength(1);
  expect(account.takeEpisodes(NEVER)).toEqual([]);
});

test('one that is still open takes what comes near it, and ends with the simulation', () => {
  const account = accountOf([[0, call('a', { severity: 'warn' })]]);
  account.compare([event(200, 210)], 300 * MINUTE);
  account.note(call('a', { severity: 'alert' }), { at: 400 * MINUTE, artefact: 'motion' });
  expect(account.takeEpisodes(NEVER)).toEqual([]);
  account.finish(500 * MINUTE);
  expect(account.takeEpisodes(NEVER)).toEqual([
    {
      start: 0,
      end: 500 * MINUTE,
      severity: 'alert',
      about: 'clinical',
      rule: 'CRITICAL_SPO2',
      artefact: 'none',
      on: 'good',
      calls: 1,
      reasons: new Map([['raised', 1]]),
      lowCalls: 1,
      notices: 0,
      calledFor: true,
    },
  ]);
});

test('an episode rests on the best that one of its calls rests on', () => {
  const bestOf = (...calls: readonly Evidence[]): string | undefined => {
    const account = accountOf(calls.map((on, i) => [i, call('a', { on })] as const));
    account.finish(10 * MINUTE);
    return account.takeEpisodes(NEVER)[0]?.on;
  };
  expect(bestOf('low_floor', 'low_floor')).toBe('low_floor');
  expect(bestOf('low_floor', 'low_other')).toBe('low_other');
  expect(bestOf('good', 'low_floor')).toBe('good');
});
