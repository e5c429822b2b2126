/** Plans the deliveries of a call. Pure. */

import type { ChannelName } from '../channel.ts';
import { deliveryKey, mergedKey } from './delivery.ts';
import type { NewDelivery } from './delivery.ts';
import type { Call, ChannelAddress, NotifyRequest, RateLimit, Recipient } from './call.ts';
import type { Policy } from './policy.ts';
import { quietUntil } from './quiet-hours.ts';

/** What is to be written down for a call, all of it or nothing. */
export interface CallPlan {
  readonly call: Call;
  readonly deliveries: readonly NewDelivery[];
  /** Recipients that none of the channels in use reaches. */
  readonly unreachable: readonly string[];
  /** People whom it reaches, now or when their hours of quiet are over. */
  readonly people: number;
}

/** What planning needs to know. */
export interface PlanningContext {
  /** ms. */
  readonly now: number;
  readonly policy: Policy;
  /** The channels in use. */
  readonly channels: ReadonlySet<ChannelName>;
  /** How many messages that are not critical a recipient has been sent in the window of their limit. */
  readonly sent: (recipient: string) => number;
}

/** One delivery for each recipient, by the first of their channels; the others take over when it fails. */
export function planCall({ call, recipients }: NotifyRequest, context: PlanningContext): CallPlan {
  const deliveries: NewDelivery[] = [];
  const unreachable: string[] = [];
  let people = 0;
  for (const recipient of new Map(recipients.map((each) => [each.id, each])).values()) {
    const [first, ...rest] = usable(recipient.channels, context.channels);
    if (first === undefined) {
      unreachable.push(recipient.id);
      continue;
    }
    if (recipient.system !== true) people += 1;
    const heldUntil = holdUntil(call, recipient, context);
    deliveries.push({
      key: deliveryKey(call.id, recipient.id, { channel: first.channel, place: 0 }),
      callId: call.id,
      group: call.id,
      recipient: recipient.id,
      place: 0,
      ...first,
      rest,
      // Wishes come from people's records: an odd one is not to keep the others of the call from being told.
      language: recipient.language === 'en' ? 'en' : 'fr',
      timeZone: recipient.timeZone,
      severity: call.severity,
      state: heldUntil === undefined ? 'planned' : 'held',
      ...timesFrom(heldUntil ?? context.now, call.severity, context.policy),
    });
  }
  return { call, deliveries, unreachable, people };
}

/** When it is due, late and expired, for a delivery that may be sent from `start` (ms) on. */
export function timesFrom(start: number, severity: Call['severity'], policy: Policy): Pick<NewDelivery, 'dueAt' | 'lateAt' | 'expiresAt'> {
  return { dueAt: start, lateAt: start + policy.patience[severity], expiresAt: start + policy.lifetime[severity] };
}

/** The same delivery by the recipient's next channel; undefined where there is none. */
export function fallbackOf(delivery: Omit<NewDelivery, 'state'>, now: number, policy: Policy): NewDelivery | undefined {
  const { callId, group, recipient, language, timeZone, severity } = delivery;
  const [first, ...rest] = delivery.rest;
  if (first === undefined) return undefined;
  const place = delivery.place + 1;
  return {
    key: deliveryKey(group, recipient, { channel: first.channel, place }),
    callId,
    group,
    recipient,
    place,
    ...first,
    rest,
    language,
    timeZone,
    severity,
    state: 'planned',
    ...timesFrom(now, severity, policy),
  };
}

/**
 * Held deliveries that can become one: alike in the recipient, the channel, the channels that are left, and all else that the one takes from them.
 * Their wishes may have changed between two calls.
 */
export function groupHeld(held: readonly NewDelivery[]): readonly (readonly [NewDelivery, ...NewDelivery[]])[] {
  const groups = new Map<string, [NewDelivery, ...NewDelivery[]]>();
  for (const each of held) {
    const { recipient, channel, place, address, rest, language, timeZone } = each;
    const name = JSON.stringify([recipient, channel, place, address, rest, language, timeZone]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

/** One delivery in place of several that were held for the same recipient and channel. */
export function mergeHeld(held: readonly [NewDelivery, ...NewDelivery[]], now: number, policy: Policy): NewDelivery {
  const gravest = held.reduce((worst, each) => (policy.patience[each.severity] < policy.patience[worst.severity] ? each : worst));
  const key = mergedKey(held.map((each) => each.key));
  return {
    ...held[0],
    key,
    callId: undefined,
    group: key,
    severity: gravest.severity,
    state: 'planned',
    ...timesFrom(now, gravest.severity, policy),
  };
}

/** Until when a message waits; undefined when it goes now. What is critical never waits. */
function holdUntil(call: Call, recipient: Recipient, context: PlanningContext): number | undefined {
  if (call.severity === 'critical') return undefined;
  const rateLimit = limitOf(recipient);
  const full = rateLimit === undefined ? undefined : windowFullUntil(rateLimit, recipient.id, context);
  const quietAt = (at: number): number | undefined =>
    recipient.quietHours === undefined ? undefined : quietUntil(at, recipient.quietHours, recipient.timeZone);
  return quietAt(full ?? context.now) ?? full;
}

/** The limit that a recipient wishes; none where its window has no length. */
export function limitOf({ rateLimit }: Recipient): RateLimit | undefined {
  return rateLimit !== undefined && rateLimit.per > 0 && Number.isFinite(rateLimit.per) ? rateLimit : undefined;
}

/** When the window in which `at` (ms) lies began. */
export function windowStart({ per }: RateLimit, at: number): number {
  return Math.floor(at / per) * per;
}

/** Windows begin at multiples of their length, so that all that is over the limit waits for the same moment and comes as one. */
function windowFullUntil(limit: RateLimit, recipient: string, { now, sent }: PlanningContext): number | undefined {
  return sent(recipient) < limit.max ? undefined : windowStart(limit, now) + limit.per;
}

function usable(wanted: readonly ChannelAddress[], channels: ReadonlySet<ChannelName>): ChannelAddress[] {
  const seen = new Set<string>();
  return wanted.filter(({ channel, address }) => {
    const name = `${channel} ${address}`;
    if (!channels.has(channel) || seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
