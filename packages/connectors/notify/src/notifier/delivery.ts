/** A delivery, as it is planned and as it is claimed. */

import { createHash } from 'node:crypto';

import type { ChannelName, Language, Severity } from '../channel.ts';
import type { Call, ChannelAddress } from './call.ts';

/** A delivery to be written down: held until `dueAt`, or planned. */
export interface NewDelivery {
  /** Names the delivery, and is the idempotency key at the provider. */
  readonly key: string;
  /** The call it tells, or undefined where it tells several that were held back. */
  readonly callId: string | undefined;
  /** What it has in common with the recipient's other channels for the same: the call, or the key of the first delivery of what was merged. */
  readonly group: string;
  readonly recipient: string;
  /** Place of the channel in the recipient's order. */
  readonly place: number;
  readonly channel: ChannelName;
  readonly address: string;
  /** Channels of the recipient that are left, in order. */
  readonly rest: readonly ChannelAddress[];
  readonly language: Language;
  readonly timeZone: string;
  readonly severity: Severity;
  readonly state: 'held' | 'planned';
  /** When it is to be looked at next, ms. */
  readonly dueAt: number;
  /** When the next channel is to take over, ms. */
  readonly lateAt: number;
  /** When it is not tried again, ms. */
  readonly expiresAt: number;
}

/** A delivery that this process has claimed, with the calls it tells, oldest first. */
export interface Claim extends Omit<NewDelivery, 'state'> {
  /** 1, 2, 3, ...: also the fence, since a newer claim has a higher one. */
  readonly attempt: number;
  /** Earlier attempts of which nobody knows whether they sent it. */
  readonly uncertain: number;
  readonly calls: readonly Call[];
}

/** The key of a delivery. The same group, recipient, channel and place have always the same. */
export function deliveryKey(group: string, recipient: string, to: { channel: ChannelName; place: number }): string {
  return digest(['delivery', group, recipient, to.channel, to.place]);
}

/** The key of a message made of these held deliveries. */
export function mergedKey(keys: readonly string[]): string {
  return digest(['merged', ...[...keys].sort()]);
}

function digest(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
