/**
 * The store of deliveries: what has been planned, what was tried, and what became of it. Every method is one step, which happens whole or not at
 * all, and any number of processes may call them at once. `testing/store-conformance.ts` is its executable form.
 */

import type { Lease } from '@kidjamo/stream';

import type { ChannelName } from '../channel.ts';
import type { Call } from './call.ts';
import type { Settlement } from './decision.ts';
import type { Claim, NewDelivery } from './delivery.ts';
import type { CallPlan } from './planning.ts';

/** Which deliveries to claim. */
export interface ClaimRequest {
  readonly channel: ChannelName;
  /** ms. */
  readonly now: number;
  /** When the claim runs out, ms: from then on the process counts as dead, and the delivery is sent again. */
  readonly until: number;
  readonly max: number;
}

/** A step through a partition of the log that calls come from. */
export interface LogStep {
  readonly lease: Lease;
  /** The position before it. */
  readonly from: number;
  /** The position after it. */
  readonly to: number;
}

export interface NotificationStore {
  /**
   * Takes a partition of the log of calls over: raises the fence to the lease's generation and tells the next offset wanted.
   * @throws KidjamoError FENCED when a younger generation holds it.
   */
  takeOver(lease: Lease): Promise<number>;
  /**
   * Writes down the deliveries of calls, and with a step moves the position in the same step. A call that is known already MUST change nothing,
   * whatever its plan says now: people's wishes may have changed since. Returns the ids of those that are new.
   * @throws KidjamoError FENCED, with nothing changed, when the lease of the step is not current or the position is not `from`.
   */
  plan(plans: readonly CallPlan[], now: number, step?: LogStep): Promise<ReadonlySet<string>>;
  /** Calls about a patient that reach nobody and are not handed back yet, the oldest first. */
  unreached(max: number): Promise<readonly Call[]>;
  /** Writes down that calls were handed back. */
  handedBack(ids: readonly string[], now: number): Promise<void>;
  /** Why {@link plan} would refuse this plan for good, or undefined. MUST write nothing. */
  refusal(plan: CallPlan, now: number): Promise<string | undefined>;
  /** How many deliveries that are not critical were planned for a recipient, and not held, since a time (ms). */
  sentSince(recipient: string, since: number): Promise<number>;
  /**
   * Takes deliveries that are due: gravest first, then the one due longest. No two callers MUST get the same one. One that is found as `sending`
   * counts an uncertain attempt more. One that another channel of the recipient has delivered meanwhile is superseded and not given out.
   */
  claim(request: ClaimRequest): Promise<readonly Claim[]>;
  /**
   * Records what became of an attempt, with the fall-back. After an `accept` the recipient's other deliveries of the group that are planned or
   * retrying are superseded; where another one is delivered already, anything but `accept` supersedes this one, without a fall-back. Returns
   * false, with the delivery unchanged, when a newer claim has it.
   */
  settle(claim: Claim, settlement: Settlement, now: number): Promise<boolean>;
  /** Held deliveries whose hold is over, those that can become one together (`groupHeld`). */
  heldDue(now: number, max: number): Promise<readonly (readonly [NewDelivery, ...NewDelivery[]])[]>;
  /** Ends the hold of one. Nothing happens when it is not held any more. */
  release(key: string, times: Pick<NewDelivery, 'dueAt' | 'lateAt' | 'expiresAt'>, now: number): Promise<void>;
  /** Puts one delivery in place of several held ones. Nothing happens unless all of them are still held. */
  merge(keys: readonly string[], into: NewDelivery, now: number): Promise<void>;
}
