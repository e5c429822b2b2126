/** From what alarms tell to what their episode is given, and from there to calls: at most one for each class and input, save to inform. */

import { ALL_LEVELS, CLINICIAN_LEVEL, LAST_LEVEL, nextLevel } from '../episode/levels.ts';
import type { Episode, Member, Scene } from '../episode/episode.ts';
import { episodeStateOf, newEpisode, passedDeadline, stepEpisode, withinOf } from '../episode/episode.ts';
import type { EpisodeInput } from '../episode/table.ts';
import type { Alarm } from '../machine/alarm.ts';
import { CRITICAL, severityAt, stateOf } from '../machine/alarm.ts';
import type { AlarmClass, Call, CallReason } from './contract.ts';
import { isMember, isUnseen, memberOf } from './members.ts';
import type { EpisodeEvent, Work } from './work.ts';
import { ruleOf } from './rules.ts';
import { alarmId, classOf, nextSerial } from './work.ts';

/** Where the state keeps the episode of a class. */
const KEPT = { clinical: 'e', technical: 't' } as const satisfies Record<AlarmClass, 'e' | 't'>;

/** How strong an event is: the strongest of an input decides. */
const STRENGTH = ['again_within', 'joins', 'again', 'graver'] as const satisfies readonly EpisodeInput[];

const REASONS: Readonly<Record<EpisodeEvent['kind'], CallReason>> = {
  raises: 'raised',
  rises: 'rise',
  returns: 'returned',
  reminds: 'still_true',
};

/** Lets the episodes follow what the alarms have told since. */
export function page(work: Work): void {
  if (!work.isChanged) return;
  work.isChanged = false;
  const { informs } = work;
  // What was put off calls when that time is over.
  const events = work.events.filter(({ alarm }) => isUnseen(alarm, work.around.logTime));
  work.events = [];
  work.informs = [];
  for (const each of ['clinical', 'technical'] as const) {
    const ofClass = ({ c }: Alarm) => classOf(ruleOf(c, work.around)) === each;
    pageClass(each, work, { events: events.filter(({ alarm }) => ofClass(alarm)), informs: informs.filter(ofClass) });
  }
}

/** Lets the deadline of an episode pass. */
export function passDeadline(each: AlarmClass, work: Work): void {
  const episode = work.state[KEPT[each]];
  if (episode === undefined) return;
  const scene = sceneOf(work, membersOf(each, work));
  call(each, episode, { work, scene, input: passedDeadline(episode, scene) });
}

/** Calls the next level, where `step` was the last call and there is a level that it may still reach. */
export function passUnreached(work: Work, step: string): void {
  for (const each of ['clinical', 'technical'] as const) {
    const episode = work.state[KEPT[each]];
    if (episode === undefined || episodeStateOf(episode) !== 'calling' || stepOf(episode, each, work).step !== step) continue;
    const scene = sceneOf(work, membersOf(each, work));
    const input = passedDeadline(episode, scene);
    // Of the last level everybody was asked already: it is called again when its deadline has passed.
    if (input === 'deadline_next') call(each, episode, { work, scene, input });
  }
}

/** The alarms of an episode. */
export function membersOf(each: AlarmClass, { state, around }: Work): readonly Member[] {
  const members: Member[] = [];
  for (const alarm of state.a) {
    const rule = ruleOf(alarm.c, around);
    if (classOf(rule) === each && isMember(alarm, rule)) members.push(memberOf(alarm, rule, around.logTime));
  }
  return members;
}

interface Told {
  readonly events: readonly EpisodeEvent[];
  readonly informs: readonly Alarm[];
}

function pageClass(each: AlarmClass, work: Work, { events, informs }: Told): void {
  const { state } = work;
  const kept = KEPT[each];
  if (state[kept] === undefined && events.length === 0 && informs.length === 0 && state.a.length === 0) return;
  const members = membersOf(each, work);
  for (const alarm of informs) inform((state[kept] ??= calmEpisode(work)), alarm, work);
  const staying = members.filter(({ alarm }) => !events.some((event) => event.alarm === alarm && !event.wasMember));
  if (staying.length === 0) end(each, work);
  const scene = sceneOf(work, members);
  const strongest = strongestOf(events, staying);
  if (strongest !== undefined) {
    const { input, reason } = strongest;
    call(each, (state[kept] ??= newEpisode(nextSerial(state))), { work, scene, input, reason });
    return;
  }
  const episode = state[kept];
  if (members.length === 0) return;
  if (scene.unseen.length === 0) {
    if (episode === undefined) state[kept] = calmEpisode(work);
    else if (episodeStateOf(episode) !== 'calm') call(each, episode, { work, scene, input: 'seen' });
  } else if (episode !== undefined && withinOf(scene.unseen) > episode.w) call(each, episode, { work, scene, input: 'lessened' });
}

/** Ends an episode, and forgets what was closed in it. */
function end(each: AlarmClass, { state, around }: Work): void {
  if (each === 'clinical') delete state.e;
  else delete state.t;
  state.a = state.a.filter((alarm) => {
    const at = stateOf(alarm);
    return (at !== 'resolved' && at !== 'auto_resolved') || classOf(ruleOf(alarm.c, around)) !== each;
  });
}

/** An episode that a person has seen before anybody was called. */
function calmEpisode({ state, around }: Work): Episode {
  const episode = newEpisode(nextSerial(state));
  stepEpisode(episode, 'seen', { unseen: [], audience: around.audience ?? ALL_LEVELS, logTime: around.logTime });
  return episode;
}

function sceneOf({ around }: Work, members: readonly Member[]): Scene {
  return { unseen: members.filter(({ seen }) => !seen), audience: around.audience ?? ALL_LEVELS, logTime: around.logTime };
}

/** Compares each event with what was open, and with what people were being called for, apart from itself. */
function strongestOf(
  events: readonly EpisodeEvent[],
  staying: readonly Member[],
): { readonly input: EpisodeInput; readonly reason: CallReason } | undefined {
  let open = -1;
  let called = Math.max(-1, ...events.map((event) => event.called));
  for (const { alarm, rank, seen, called: isCalled } of staying) {
    open = Math.max(open, rank);
    if (!seen && isCalled && !events.some((event) => event.alarm === alarm)) called = Math.max(called, rank);
  }
  let strongest: { input: (typeof STRENGTH)[number]; reason: CallReason } | undefined;
  for (const { alarm, kind } of events) {
    const input = kind === 'raises' ? (alarm.p > open ? 'graver' : 'joins') : alarm.p > called ? 'again' : 'again_within';
    if (strongest === undefined || STRENGTH.indexOf(input) > STRENGTH.indexOf(strongest.input))
      strongest = { input, reason: REASONS[kind] };
  }
  return strongest;
}

interface Calling {
  readonly work: Work;
  readonly scene: Scene;
  readonly input: EpisodeInput;
  /** Why, where the table does not say it. */
  readonly reason?: CallReason;
}

function call(each: AlarmClass, episode: Episode, { work, scene, input, reason }: Calling): void {
  const summons = stepEpisode(episode, input, scene);
  if (summons === undefined) return;
  const { unseen } = scene;
  for (const { alarm } of unseen) alarm.u = 1;
  work.calls.push({
    ...stepOf(episode, each, work),
    severity: severityAt(Math.max(...unseen.map(({ rank }) => rank))),
    level: summons.level,
    reach: summons.reach,
    reason: summons.reason ?? reason ?? 'raised',
    alarms: unseen.map(({ alarm }) => alarmId(alarm, work)),
    deadline: summons.deadline,
  });
}

/** Tells the treating clinician that somebody else has seen a critical alarm; in their absence the next level that is not empty. */
function inform(episode: Episode, alarm: Alarm, work: Work): void {
  const level = nextLevel(CLINICIAN_LEVEL - 1, LAST_LEVEL, work.around.audience ?? ALL_LEVELS);
  if (level === undefined) return;
  episode.k += 1;
  work.calls.push({
    ...stepOf(episode, 'clinical', work),
    severity: severityAt(CRITICAL),
    level,
    reach: 'clinicians',
    reason: 'inform_clinician',
    alarms: [alarmId(alarm, work)],
    deadline: null,
  });
}

function stepOf(episode: Episode, each: AlarmClass, { state, around }: Work): Pick<Call, 'step' | 'episode' | 'class' | 'logTime'> {
  const parts = [String(state.b), String(episode.n)];
  return {
    step: around.newId('step', ...parts, String(episode.k)),
    episode: around.newId('episode', ...parts),
    class: each,
    logTime: around.logTime,
  };
}
