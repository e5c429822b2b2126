/**
 * What a person's action makes of an alert, as a total table: every state, every action. It is the part of the alarm machine's table
 * (ADR 16) that people move.
 */

import type { ActionName, AlertStatus } from '../contracts/reading.ts';

/** What follows: the state after it, or the reason why it is refused. */
export type Transition = { readonly to: AlertStatus } | { readonly refused: Refused };

/** Why an action is refused. */
export type Refused = 'closed' | 'never_open' | 'cleared' | 'not_technical' | 'unknown';

const refused = (why: Refused): Transition => ({ refused: why });
const to = (status: AlertStatus): Transition => ({ to: status });

/** Closed for good: only words can be added. */
const closed = (status: AlertStatus): Readonly<Record<ActionName, Transition>> => ({
  acknowledge: refused('closed'),
  comment: to(status),
  resolve: refused('closed'),
  snooze: refused('closed'),
});

/** By state and action. An action that leads to the state it began in changes nothing and is written down. */
export const TRANSITIONS: Readonly<Record<AlertStatus, Readonly<Record<ActionName, Transition>>>> = {
  active: { acknowledge: to('acknowledged'), comment: to('active'), resolve: to('resolved'), snooze: to('active') },
  acknowledged: { acknowledge: to('acknowledged'), comment: to('acknowledged'), resolve: to('resolved'), snooze: to('acknowledged') },
  // The condition is over and nobody had seen it: being seen is all that was wanting.
  cleared: { acknowledge: to('auto_resolved'), comment: to('cleared'), resolve: to('resolved'), snooze: refused('cleared') },
  resolved: closed('resolved'),
  auto_resolved: closed('auto_resolved'),
  superseded: closed('superseded'),
  retrospective: {
    acknowledge: refused('never_open'),
    comment: to('retrospective'),
    resolve: refused('never_open'),
    snooze: refused('never_open'),
  },
};

/** States in which an alert is open. */
export function isOpen(status: AlertStatus): status is 'active' | 'acknowledged' | 'cleared' {
  return status === 'active' || status === 'acknowledged' || status === 'cleared';
}

/** Why it was refused, for whoever asked. */
export const REFUSALS: Readonly<Record<Refused, string>> = {
  closed: 'the alert is closed; a comment can still be added',
  never_open: 'the alert is history that was never open; a comment can still be added',
  cleared: 'the condition is over; acknowledge or resolve the alert instead',
  not_technical: 'only technical alerts can be snoozed',
  unknown: 'the alert was closed meanwhile; read it again',
};
