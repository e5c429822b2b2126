/** Takes calls over: plans them, and writes the plans down. */

import { hasCode } from '@kidjamo/stream';

import type { ChannelName } from '../channel.ts';
import { renderMessage } from '../templates/render.ts';
import type { NotifyRequest } from './call.ts';
import type { NotifierObserver } from './observer.ts';
import { limitOf, planCall, windowStart } from './planning.ts';
import type { CallPlan } from './planning.ts';
import type { Policy } from './policy.ts';
import type { LogStep, NotificationStore } from './store.ts';

/** What became of calls that were handed over. */
export interface Planned {
  /** Deliveries written down, held ones included. */
  readonly deliveries: number;
  /** Calls that were known already. */
  readonly known: number;
  /** Calls that can never be taken, with reasons that hold no identity. Whoever handed them over has to keep them for a person to see. */
  readonly refused: readonly RefusedCall[];
}

/** A call that cannot be taken. */
export interface RefusedCall {
  readonly id: string;
  readonly reason: string;
}

/** What taking over needs. */
export interface IntakeContext {
  readonly store: NotificationStore;
  readonly observer: NotifierObserver;
  /** The channels in use. */
  readonly channels: ReadonlySet<ChannelName>;
  readonly policy: Policy;
  /** ms. */
  readonly now: number;
}

/** Plans calls and writes the plans down, those that can be. @throws KidjamoError STORE_UNAVAILABLE */
export async function takeCalls(requests: readonly NotifyRequest[], context: IntakeContext): Promise<Planned> {
  const { store, now } = context;
  const planned = await planAll(distinctOf(requests), context);
  const unwritable = planned.flatMap(whyUnwritable);
  const plans = planned.filter(({ call }) => !unwritable.some(({ id }) => id === call.id));
  const { fresh, refused } = await writePlans(store, plans, now);
  return told(requests, { plans, fresh, refused: [...unwritable, ...refused] }, context);
}

/**
 * The same for a step of a log: all of it is taken and the position moves, or calls are refused and nothing is written.
 * @throws KidjamoError FENCED, with nothing written; STORE_UNAVAILABLE.
 */
export async function takeStep(requests: readonly NotifyRequest[], step: LogStep, context: IntakeContext): Promise<Planned> {
  const { store, now } = context;
  const nothing = { deliveries: 0, known: 0 };
  const plans = await planAll(distinctOf(requests), context);
  const unwritable = plans.flatMap(whyUnwritable);
  if (unwritable.length > 0) return { ...nothing, refused: unwritable };
  try {
    return told(requests, { plans, fresh: await store.plan(plans, now, step), refused: [] }, context);
  } catch (error) {
    if (!hasCode(error, 'STORE_REJECTED')) throw error;
    const refused = await refusals(store, plans, now);
    if (refused.length === 0) throw error;
    return { ...nothing, refused };
  }
}

function distinctOf(requests: readonly NotifyRequest[]): readonly NotifyRequest[] {
  return [...new Map(requests.map((request) => [request.call.id, request])).values()];
}

async function refusals(store: NotificationStore, plans: readonly CallPlan[], now: number): Promise<RefusedCall[]> {
  const refused: RefusedCall[] = [];
  for (const plan of plans) {
    const reason = await store.refusal(plan, now);
    if (reason !== undefined) refused.push({ id: plan.call.id, reason });
  }
  return refused;
}

/** What came of plans that were handed to the store. */
interface Written {
  readonly plans: readonly CallPlan[];
  readonly fresh: ReadonlySet<string>;
  readonly refused: readonly RefusedCall[];
}

/** Tells the observer, and sums it up. */
function told(requests: readonly NotifyRequest[], { plans, fresh, refused }: Written, { observer }: IntakeContext): Planned {
  const taken = plans.filter(({ call }) => fresh.has(call.id));
  for (const { call, deliveries, unreachable, people } of taken) {
    const held = deliveries.filter(({ state }) => state === 'held').length;
    observer.planned(call.severity, { now: deliveries.length - held, held });
    if (unreachable.length > 0) observer.unreachable(call.severity, unreachable.length);
    if (people === 0) observer.unreached(call.severity);
  }
  return {
    deliveries: taken.reduce((sum, { deliveries }) => sum + deliveries.length, 0),
    known: requests.length - taken.length - refused.length,
    refused,
  };
}

async function planAll(requests: readonly NotifyRequest[], { store, channels, policy, now }: IntakeContext): Promise<CallPlan[]> {
  const counts = new Map<string, number>();
  for (const { recipients } of requests) {
    for (const recipient of recipients) {
      const limit = limitOf(recipient);
      if (limit === undefined || counts.has(recipient.id)) continue;
      counts.set(recipient.id, await store.sentSince(recipient.id, windowStart(limit, now)));
    }
  }
  return requests.map((request) => {
    const plan = planCall(request, { now, policy, channels, sent: (recipient) => counts.get(recipient) ?? 0 });
    // Within one batch, too, the limit counts.
    for (const { state, severity, recipient } of plan.deliveries) {
      if (state === 'planned' && severity !== 'critical') counts.set(recipient, (counts.get(recipient) ?? 0) + 1);
    }
    return plan;
  });
}

/** Writes plans down, all at once where the store takes all, else one by one: a call that it refuses is not to hold up another. */
async function writePlans(
  store: NotificationStore,
  plans: readonly CallPlan[],
  now: number,
): Promise<{ fresh: ReadonlySet<string>; refused: readonly RefusedCall[] }> {
  const [first, ...others] = plans;
  if (first === undefined) return { fresh: new Set(), refused: [] };
  try {
    return { fresh: await store.plan(plans, now), refused: [] };
  } catch (error) {
    if (!hasCode(error, 'STORE_REJECTED')) throw error;
    if (others.length === 0) return { fresh: new Set(), refused: [{ id: first.call.id, reason: error.message }] };
  }
  const fresh = new Set<string>();
  const refused: RefusedCall[] = [];
  for (const plan of plans) {
    const alone = await writePlans(store, [plan], now);
    for (const id of alone.fresh) fresh.add(id);
    refused.push(...alone.refused);
  }
  return { fresh, refused };
}

/** A call that no message can be written from would be tried for ever, and nobody told: so it is written before it is taken. */
function whyUnwritable({ call, deliveries }: CallPlan): RefusedCall[] {
  if (deliveries.length === 0) return [];
  try {
    for (const language of ['fr', 'en'] as const) renderMessage([call], { language, timeZone: 'UTC' });
    return [];
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return [{ id: call.id, reason: `no message can be written from the call (${error.name})` }];
  }
}
