/**
 * Who is called, as a table: every state of an episode by every input (ADR 16). An episode gathers what is open of one patient and one
 * class, so that people are called once and not by each rule. It runs on log time alone.
 */

/**
 * States.
 *
 * - `none`: nothing is open for which anybody would be called.
 * - `calm`: a person has seen all of it.
 * - `waiting`: something joined without a call and nobody has seen it. Its deadline runs.
 * - `calling`: people were called, and have not answered for all of it.
 */
export const EPISODE_STATES = ['none', 'calm', 'waiting', 'calling'] as const;
export type EpisodeState = (typeof EPISODE_STATES)[number];

/**
 * Inputs. What an alarm brings is compared with what was open before it.
 *
 * - `graver`: a new alarm, above the severity of the episode; `joins`: one that is not.
 * - `again`: an alarm that people know of rises, returns or is still true, above what they are being called for; `again_within`: not above.
 * - `deadline_next`: the deadline passed, and there is a further level that the severity allows and that is not empty.
 * - `deadline_last`: the same without a further level, and something is critical.
 * - `deadline_uncalled`: the same, and nobody was called yet for something that joined; before `deadline_last` where the critical may not
 *   reach everybody.
 * - `deadline_spent`: the same, and none of this.
 * - `lessened`: what nobody has seen is less grave than before.
 * - `seen`: nothing is left that nobody has seen; `ended`: nothing is left.
 */
export const EPISODE_INPUTS = [
  'graver',
  'joins',
  'again',
  'again_within',
  'deadline_next',
  'deadline_uncalled',
  'deadline_last',
  'deadline_spent',
  'lessened',
  'seen',
  'ended',
] as const;
export type EpisodeInput = (typeof EPISODE_INPUTS)[number];

/**
 * What comes of an input in a state.
 *
 * - `call`: the lowest level that is not empty, the next one, or the same once more.
 * - `deadline`: anew from now; from now unless the present one is earlier; later, as what is left allows; none; or as it is.
 */
export interface EpisodeCell {
  readonly to: EpisodeState;
  readonly call: 'no' | 'lowest' | 'next' | 'same';
  /** Why, where the input does not say it. */
  readonly reason?: 'raised' | 'rise' | 'escalated' | 'repeat';
  readonly deadline: 'anew' | 'shorter' | 'later' | 'none' | 'keep';
}

type Row = Readonly<Record<EpisodeInput, EpisodeCell>>;

const CALLS = { to: 'calling', call: 'lowest', deadline: 'anew' } as const;
const ENDS = { to: 'none', call: 'no', deadline: 'none' } as const;
const CALMS = { to: 'calm', call: 'no', deadline: 'none' } as const;

function stays(to: EpisodeState): EpisodeCell {
  return { to, call: 'no', deadline: 'keep' };
}

/** A deadline that is not set cannot pass. */
function noDeadline(state: EpisodeState) {
  const cell = stays(state);
  return { deadline_next: cell, deadline_uncalled: cell, deadline_last: cell, deadline_spent: cell } as const;
}

/** The episode. */
export const EPISODE: Readonly<Record<EpisodeState, Row>> = {
  none: {
    ...noDeadline('none'),
    graver: { ...CALLS, reason: 'raised' },
    // With nothing open, nothing is at least as grave: what comes is called for.
    joins: { ...CALLS, reason: 'raised' },
    again: { ...CALLS },
    again_within: { ...CALLS },
    lessened: stays('none'),
    // Acknowledged before anybody was called for it.
    seen: CALMS,
    ended: ENDS,
  },
  calm: {
    ...noDeadline('calm'),
    graver: { ...CALLS, reason: 'rise' },
    joins: { to: 'waiting', call: 'no', deadline: 'anew' },
    again: { ...CALLS },
    again_within: { ...CALLS },
    lessened: stays('calm'),
    seen: stays('calm'),
    ended: ENDS,
  },
  waiting: {
    graver: { ...CALLS, reason: 'rise' },
    joins: { to: 'waiting', call: 'no', deadline: 'shorter' },
    again: { ...CALLS },
    again_within: { ...CALLS },
    deadline_next: { ...CALLS, reason: 'raised' },
    deadline_uncalled: { ...CALLS, reason: 'raised' },
    deadline_last: { ...CALLS, reason: 'raised' },
    deadline_spent: { ...CALLS, reason: 'raised' },
    lessened: { to: 'waiting', call: 'no', deadline: 'later' },
    seen: CALMS,
    ended: ENDS,
  },
  calling: {
    graver: { to: 'calling', call: 'lowest', deadline: 'shorter', reason: 'rise' },
    joins: { to: 'calling', call: 'no', deadline: 'shorter' },
    again: { to: 'calling', call: 'lowest', deadline: 'shorter' },
    again_within: { to: 'calling', call: 'no', deadline: 'shorter' },
    deadline_next: { to: 'calling', call: 'next', deadline: 'anew', reason: 'escalated' },
    deadline_uncalled: { ...CALLS, reason: 'raised' },
    deadline_last: { to: 'calling', call: 'same', deadline: 'anew', reason: 'repeat' },
    deadline_spent: { to: 'calling', call: 'no', deadline: 'none' },
    lessened: { to: 'calling', call: 'no', deadline: 'later' },
    seen: CALMS,
    ended: ENDS,
  },
};
