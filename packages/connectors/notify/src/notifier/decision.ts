/** Decides what becomes of a delivery after an attempt. Pure. */

import { backoffDelay } from '@kidjamo/stream';

import type { Outcome } from '../channel.ts';
import type { Claim, NewDelivery } from './delivery.ts';
import { fallbackOf } from './planning.ts';
import type { Policy } from './policy.ts';

/** An attempt that was not made: the circuit of the channel is open for so long, ms. */
export interface Blocked {
  readonly kind: 'blocked';
  readonly retryAfter: number;
}

/** What is to be recorded of an attempt, all of it or nothing. */
export interface Settlement {
  readonly event: 'accept' | 'miss' | 'block' | 'give_up';
  readonly outcome: Outcome['kind'] | 'blocked';
  /** Without identity. Empty where it was accepted. */
  readonly reason: string;
  /** Empty where there is none. */
  readonly providerId: string;
  /** When it is tried again, ms; of no meaning where the event ends it. */
  readonly dueAt: number;
  /** The recipient's next channel, which takes over from now on. The delivery itself goes on where there is time, until one of both is delivered. */
  readonly fallback: NewDelivery | undefined;
}

/** What a decision depends on besides. */
export interface DecisionContext {
  /** ms. */
  readonly now: number;
  readonly policy: Policy;
  /** In [0, 1). */
  readonly random: () => number;
}

/** What is to be recorded of an attempt on a delivery. */
export function decide(claim: Claim, outcome: Outcome | Blocked, { now, policy, random }: DecisionContext): Settlement {
  const recorded = { outcome: outcome.kind, reason: '', providerId: '', dueAt: now, fallback: undefined };
  const next = (): NewDelivery | undefined => fallbackOf(claim, now, policy);
  switch (outcome.kind) {
    case 'delivered':
      return { ...recorded, event: 'accept' };
    case 'accepted':
      return { ...recorded, event: 'accept', providerId: outcome.providerId };
    case 'refused':
      return { ...recorded, event: 'give_up', reason: outcome.reason, fallback: next() };
    case 'failed':
    case 'unknown':
    case 'blocked': {
      const reason = outcome.kind === 'blocked' ? 'the channel failed too often in a row and is left alone for a while' : outcome.reason;
      if (now >= claim.expiresAt) return { ...recorded, event: 'give_up', reason: `${reason}; out of time`, fallback: next() };
      const asked = 'retryAfter' in outcome ? Math.min(outcome.retryAfter, policy.longestWait) : 0;
      const dueAt = now + Math.max(asked, backoffDelay(policy.backoff, claim.attempt, random));
      const fallback = dueAt > claim.lateAt ? next() : undefined;
      return { ...recorded, event: outcome.kind === 'blocked' ? 'block' : 'miss', reason, dueAt, fallback };
    }
  }
}
