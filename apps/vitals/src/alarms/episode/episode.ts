/** An episode as it is remembered, and what an input makes of it. Which state follows and who is called, says the table alone. */

import type { Reach } from '../catalogue/rule-data.ts';
import type { Alarm } from '../machine/alarm.ts';
import { CRITICAL } from '../machine/alarm.ts';
import { capOf, LAST_LEVEL, lowestLevel, nextLevel } from './levels.ts';
import type { EpisodeCell, EpisodeInput, EpisodeState } from './table.ts';
import { EPISODE, EPISODE_STATES } from './table.ts';

/** What is remembered of an episode, as JSON. Times are ms of log time. */
export interface Episode {
  /** Number of the episode among those of the patient; its id follows from it. */
  n: number;
  /** Calls so far. */
  k: number;
  /** State, by its place in EPISODE_STATES. */
  s: number;
  /** Level called last; -1 when nobody is being called. */
  l: number;
  /** Time of the last call, or of what joined without one. */
  c: number;
  /** Within how many ms what nobody has seen has to be acknowledged. */
  w: number;
  /** Deadline; absent when nothing follows from it. */
  d?: number;
}

/** An alarm in an episode. */
export interface Member {
  readonly alarm: Alarm;
  /** The gravest severity that nobody has seen; of what was seen, its severity now. By its place on the scale. */
  readonly rank: number;
  readonly seen: boolean;
  /** People were called for it. */
  readonly called: boolean;
  /** ms. */
  readonly within: number;
  readonly reach: Reach;
}

/** What surrounds an input. */
export interface Scene {
  /** What nobody has seen. */
  readonly unseen: readonly Member[];
  readonly audience: number;
  readonly logTime: number;
}

/** A call to be made. */
export interface Summons {
  readonly level: number;
  readonly reach: 'caregivers' | 'clinicians';
  readonly reason: EpisodeCell['reason'];
  readonly deadline: number;
}

/** An episode in which nothing happened yet. */
export function newEpisode(serial: number): Episode {
  return { n: serial, k: 0, s: 0, l: -1, c: 0, w: 0 };
}

/** The state of an episode. */
export function episodeStateOf({ s }: Episode): EpisodeState {
  return EPISODE_STATES[s] ?? 'none';
}

/** The input that a deadline is when it has passed. */
export function passedDeadline(episode: Episode, { unseen, audience }: Scene): EpisodeInput {
  const cap = gravestCap(unseen);
  if (nextLevel(episode.l, cap, audience) !== undefined) return 'deadline_next';
  // What joined is in the call to everybody; going back to the first level for it would delay the critical.
  if (cap === LAST_LEVEL) return 'deadline_last';
  if (unseen.some(({ called }) => !called)) return 'deadline_uncalled';
  return isCritical(unseen) ? 'deadline_last' : 'deadline_spent';
}

/** ms within which the most urgent has to be acknowledged. */
export function withinOf(members: readonly Member[]): number {
  return Math.min(...members.map(({ within }) => within));
}

/** Gives `input` to an episode, which is changed in place; returns the call that follows. */
export function stepEpisode(episode: Episode, input: EpisodeInput, scene: Scene): Summons | undefined {
  const cell = EPISODE[episodeStateOf(episode)][input];
  const { unseen, audience, logTime } = scene;
  const lowest = lowestLevel(unseen.some(({ reach }) => reach === 'clinicians') ? 'clinicians' : 'caregivers', audience);
  episode.s = EPISODE_STATES.indexOf(cell.to);
  let summons: Summons | undefined;
  if (cell.call === 'no') {
    if (cell.to !== 'calling') episode.l = -1;
    if (cell.deadline === 'anew') episode.c = logTime;
    setDeadline(episode, cell, { ...scene, allCalled: false });
  } else {
    if (cell.call === 'lowest') episode.l = lowest;
    else if (cell.call === 'next') episode.l = nextLevel(episode.l, gravestCap(unseen), audience) ?? lowest;
    episode.k += 1;
    episode.c = logTime;
    const deadline = setDeadline(episode, cell, { ...scene, allCalled: true });
    summons = { level: episode.l, reach: reachAt(episode.l, unseen), reason: cell.reason, deadline };
  }
  if (unseen.length > 0) episode.w = withinOf(unseen);
  return summons;
}

function gravestCap(members: readonly Member[]): number {
  return Math.max(0, ...members.map(({ rank, reach }) => capOf(rank, reach)));
}

function isCritical(members: readonly Member[]): boolean {
  return members.some(({ rank }) => rank >= CRITICAL);
}

/** Of those that may reach this level; of all, where a level was skipped because it is empty. */
function reachAt(level: number, unseen: readonly Member[]): Summons['reach'] {
  const reaching = unseen.filter(({ rank, reach }) => capOf(rank, reach) >= level);
  return (reaching.length > 0 ? reaching : unseen).some(({ reach }) => reach === 'clinicians') ? 'clinicians' : 'caregivers';
}

/** Sets the deadline, and returns by when somebody has to acknowledge. */
function setDeadline(episode: Episode, { deadline }: EpisodeCell, scene: Scene & { readonly allCalled: boolean }): number {
  const { unseen, audience, logTime, allCalled } = scene;
  const before = episode.d;
  if (deadline === 'keep') return before ?? logTime;
  delete episode.d;
  if (deadline === 'none') return logTime;
  const within = withinOf(unseen);
  let due = logTime + within;
  if (deadline === 'shorter') due = Math.min(due, before ?? due);
  else if (deadline === 'later') due = Math.max(before ?? 0, episode.c + within);
  const isFollowed =
    nextLevel(episode.l, gravestCap(unseen), audience) !== undefined ||
    isCritical(unseen) ||
    (!allCalled && unseen.some(({ called }) => !called));
  if (isFollowed) episode.d = due;
  return due;
}
