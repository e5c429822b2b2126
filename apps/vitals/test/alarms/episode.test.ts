import { describe, expect, test } from 'vitest';

import type { Severity } from '../../src/contracts/reading.ts';
import { rankOf } from '../../src/domain/severity.ts';
import type { Episode, Member, Scene } from '../../src/alarms/episode/episode.ts';
import { episodeStateOf, newEpisode, passedDeadline, stepEpisode } from '../../src/alarms/episode/episode.ts';
import { capOf, lowestLevel, nextLevel } from '../../src/alarms/episode/levels.ts';
import type { EpisodeInput, EpisodeState } from '../../src/alarms/episode/table.ts';
import { EPISODE_INPUTS, EPISODE_STATES } from '../../src/alarms/episode/table.ts';
import { noAlarm } from '../../src/alarms/machine/alarm.ts';

/** What has to come of each input, written down apart from the table: state, call (`-`, lowest, next, same), deadline. */
const EXPECTED = `
state   graver                joins                again                 again_within          deadline_next       deadline_uncalled   deadline_last       deadline_spent      lessened           seen          ended
none    calling,lowest,anew   calling,lowest,anew  calling,lowest,anew   calling,lowest,anew   none,-,keep         none,-,keep         none,-,keep         none,-,keep         none,-,keep        calm,-,none   none,-,none
calm    calling,lowest,anew   waiting,-,anew       calling,lowest,anew   calling,lowest,anew   calm,-,keep         calm,-,keep         calm,-,keep         calm,-,keep         calm,-,keep        calm,-,keep   none,-,none
waiting calling,lowest,anew   waiting,-,shorter    calling,lowest,anew   calling,lowest,anew   calling,lowest,anew calling,lowest,anew calling,lowest,anew calling,lowest,anew waiting,-,later    calm,-,none   none,-,none
calling calling,lowest,shorter calling,-,shorter   calling,lowest,shorter calling,-,shorter    calling,next,anew   calling,lowest,anew calling,same,anew   calling,-,none      calling,-,later    calm,-,none   none,-,none
`;
const [head = [], ...rows] = EXPECTED.trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const cells = rows.flatMap(([state = '', ...row]) => row.map((cell, i) => [state, head[i + 1] ?? '', cell] as const));

test('the transcription names every state and every input', () => {
  expect(head.slice(1)).toEqual([...EPISODE_INPUTS]);
  expect(rows.map(([state]) => state)).toEqual([...EPISODE_STATES]);
  expect(cells).toHaveLength(EPISODE_STATES.length * EPISODE_INPUTS.length);
});

const MINUTES = 60_000;
const NOW = 100 * MINUTES;
const WITHIN: Readonly<Record<Severity, number>> = { info: 0, warn: 60, alert: 15, critical: 5 };

function member(severity: Severity, more: Partial<Member> = {}): Member {
  const rank = rankOf(severity);
  return { alarm: noAlarm('RULE'), rank, seen: false, called: true, within: WITHIN[severity] * MINUTES, reach: 'clinicians', ...more };
}

/** An episode that called level 1 two minutes ago and waits for one more minute. */
function episodeIn(state: EpisodeState): Episode {
  const calling = state === 'calling';
  const waits = calling || state === 'waiting';
  return {
    ...newEpisode(3),
    k: 2,
    s: EPISODE_STATES.indexOf(state),
    l: calling ? 1 : -1,
    c: NOW - 2 * MINUTES,
    w: 3 * MINUTES,
    ...(waits ? { d: NOW + MINUTES } : {}),
  };
}

const scene = (...unseen: readonly Member[]): Scene => ({ unseen, audience: 0b1111, logTime: NOW });

describe('each cell', () => {
  const LEVELS: Readonly<Record<string, number>> = { lowest: 0, next: 2, same: 1 };
  const WITHOUT_UNSEEN: readonly string[] = ['seen', 'ended'];

  test.each(cells)('%s x %s -> %s', (state, input, cell) => {
    const [to, call = '', deadline = ''] = cell.split(',');
    const from = state as EpisodeState;
    const episode = episodeIn(from);
    const before = episode.d;
    const unseen = WITHOUT_UNSEEN.includes(input) ? [] : [member('critical')];
    const summons = stepEpisode(episode, input as EpisodeInput, scene(...unseen));
    expect(episodeStateOf(episode)).toBe(to);
    expect(summons?.level).toBe(LEVELS[call]);
    expect(episode.k).toBe(call === '-' ? 2 : 3);
    const due: Readonly<Record<string, number | undefined>> = {
      anew: NOW + 5 * MINUTES,
      shorter: before,
      later: NOW + 3 * MINUTES,
      none: undefined,
      keep: before,
    };
    expect(episode.d).toBe(due[deadline]);
    if (summons !== undefined) expect(summons.deadline).toBe(episode.d);
  });
});

describe('a deadline that has passed', () => {
  const at = (level: number) => ({ ...episodeIn('calling'), l: level });

  test.each([
    ['critical', 0, 'deadline_next'],
    ['critical', 2, 'deadline_next'],
    ['critical', 3, 'deadline_last'],
    ['alert', 0, 'deadline_next'],
    ['alert', 1, 'deadline_spent'],
    ['warn', 0, 'deadline_spent'],
  ] as const)('%s at level %i: %s', (severity, level, input) => {
    expect(passedDeadline(at(level), scene(member(severity)))).toBe(input);
  });

  test('calls for what joined once nothing further is to be called, and not back from the last level', () => {
    const joined = member('warn', { called: false });
    expect(passedDeadline(at(1), scene(member('alert'), joined))).toBe('deadline_uncalled');
    expect(passedDeadline(at(0), scene(member('alert'), joined))).toBe('deadline_next');
    expect(passedDeadline(at(3), scene(member('critical'), joined))).toBe('deadline_last');
    expect(passedDeadline(at(1), scene(member('critical', { reach: 'caregivers' }), joined))).toBe('deadline_uncalled');
  });
});

describe('levels', () => {
  test('go as far as the severity and the reach allow', () => {
    const caps = (reach: 'caregivers' | 'clinicians') =>
      (['warn', 'alert', 'critical'] as const).map((severity) => capOf(rankOf(severity), reach));
    expect(caps('clinicians')).toEqual([0, 1, 3]);
    expect(caps('caregivers')).toEqual([0, 1, 1]);
  });

  test('that are empty are skipped', () => {
    expect([nextLevel(0, 3, 0b1001), nextLevel(0, 1, 0b1001), nextLevel(3, 3, 0b1111)]).toEqual([3, undefined, undefined]);
    expect([lowestLevel('clinicians', 0b1000), lowestLevel('caregivers', 0b1000), lowestLevel('clinicians', 0)]).toEqual([3, 0, 0]);
  });
});

test('what has nothing to follow has no deadline that is waited for, and still says by when to acknowledge', () => {
  const episode = newEpisode(1);
  const summons = stepEpisode(episode, 'graver', scene(member('warn', { called: false })));
  expect([summons?.deadline, episode.d]).toEqual([NOW + 60 * MINUTES, undefined]);
});
