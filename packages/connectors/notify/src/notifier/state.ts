/**
 * The life of a delivery: one notification of one call to one recipient by one channel. The table is total; an event that has no next state
 * there cannot happen, and a store refuses it.
 *
 * | state      | means                                                                                     |
 * |------------|-------------------------------------------------------------------------------------------|
 * | held       | waits for the end of quiet hours or of a full window; never critical                      |
 * | planned    | to be sent now                                                                            |
 * | sending    | somebody has claimed it and may be sending it; found with its claim run out: that process died, and it may have been sent |
 * | retrying   | failed, or may have been sent; to be tried again                                          |
 * | delivered  | the recipient or a provider has it                                                        |
 * | failed     | refused, or out of time; the recipient's next channel takes over                          |
 * | superseded | not sent (again), since another channel of the recipient has delivered the same call      |
 * | merged     | became part of one message with others that were held                                     |
 */

import { KidjamoError } from '@kidjamo/stream';

export const STATES = ['held', 'planned', 'sending', 'retrying', 'delivered', 'failed', 'superseded', 'merged'] as const;
export type State = (typeof STATES)[number];

export const EVENTS = [
  /** The hold is over, and nothing else was held with it. */
  'release',
  /** The hold is over, and others were held with it. */
  'merge',
  /** A process takes it, or takes it over from one that died. */
  'claim',
  /** Delivered, or accepted by the provider. */
  'accept',
  /** Failed, or nobody knows; there is time to try again. */
  'miss',
  /** The circuit of the channel is open: nothing was sent. */
  'block',
  /** Refused for good, or out of time. */
  'give_up',
  /** Another channel of the recipient has delivered the call. */
  'supersede',
] as const;
export type Event = (typeof EVENTS)[number];

type Row = Readonly<Record<Event, State | undefined>>;

const NOTHING: Row = {
  release: undefined,
  merge: undefined,
  claim: undefined,
  accept: undefined,
  miss: undefined,
  block: undefined,
  give_up: undefined,
  supersede: undefined,
};

/** From each state, by each event, to which. */
export const TABLE: Readonly<Record<State, Row>> = {
  // What was held is superseded by nothing: no other channel has the message before it.
  held: { ...NOTHING, release: 'planned', merge: 'merged' },
  planned: { ...NOTHING, claim: 'sending', supersede: 'superseded' },
  sending: {
    ...NOTHING,
    claim: 'sending',
    accept: 'delivered',
    miss: 'retrying',
    block: 'retrying',
    give_up: 'failed',
    supersede: 'superseded',
  },
  retrying: { ...NOTHING, claim: 'sending', supersede: 'superseded' },
  delivered: NOTHING,
  failed: NOTHING,
  superseded: NOTHING,
  merged: NOTHING,
};

/** The state after an event. @throws KidjamoError CONFORMANCE when the table has none: the caller is wrong. */
export function next(state: State, event: Event): State {
  const to = TABLE[state][event];
  if (to === undefined) throw new KidjamoError('CONFORMANCE', `a delivery that is ${state} has no ${event}`);
  return to;
}

/** The states from which an event leads somewhere. */
export function statesWith(event: Event): readonly State[] {
  return STATES.filter((state) => TABLE[state][event] !== undefined);
}

/** Whether nothing can happen any more. Such a delivery has forgotten its address. */
export function isFinal(state: State): boolean {
  return EVENTS.every((event) => TABLE[state][event] === undefined);
}
