/** What a notifier tells of its work, for metrics and logs. Nothing in it names an address. */

import type { ChannelName, Severity } from '../channel.ts';
import type { Settlement } from './decision.ts';

export interface NotifierObserver {
  /** A call was planned: so many go now, so many are held. */
  planned(severity: Severity, counts: { readonly now: number; readonly held: number }): void;
  /** So many recipients of a call have no channel that is in use. */
  unreachable(severity: Severity, recipients: number): void;
  /** A call reaches nobody at all. */
  unreached(severity: Severity): void;
  attempted(channel: ChannelName, outcome: Settlement['outcome']): void;
  /** It is sent again although an earlier attempt may have sent it, by a channel that does not drop the second. */
  possibleDuplicate(channel: ChannelName): void;
  /** Another channel takes over. */
  fellBack(from: ChannelName, to: ChannelName): void;
  /** Nothing is left to try. */
  undeliverable(channel: ChannelName, severity: Severity): void;
  /** The address exists no more: whoever keeps it should forget it. `recipient` is an internal id and no label of a metric. */
  gone(recipient: string, channel: ChannelName): void;
  /** Something failed. Where it can be tried again, it is. */
  failed(error: unknown): void;
}
