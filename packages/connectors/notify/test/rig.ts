/** A notifier with a store in memory, channels that are lists, and a clock moved by hand. */

import { Notifier } from '@kidjamo/connector-notify';
import type { Channel, ChannelName, NotificationStore, NotifierOptions, Outcome, Sending } from '@kidjamo/connector-notify';
import { listChannel, MemoryNotificationStore, recordingObserver } from '@kidjamo/connector-notify/testing';
import { ManualClock } from '@kidjamo/stream/testing';

/** 21:00 in Douala. */
export const EVENING = Date.UTC(2026, 10, 21, 20);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export type Received = Parameters<typeof listChannel>[1];

export interface Rig {
  readonly clock: ManualClock;
  readonly store: MemoryNotificationStore;
  readonly observer: ReturnType<typeof recordingObserver>;
  readonly received: Received;
  readonly notifier: Notifier;
  /** How a channel answers from now on. */
  readonly answers: Map<ChannelName, (sending: Sending) => Outcome | Promise<Outcome>>;
  /** Moves time in steps, with a round after each, as a running notifier does. */
  pass(ms: number, step?: number): Promise<void>;
  /** What has been received: channel and recipient. */
  got(): string[];
}

export function makeRig(options: Partial<NotifierOptions> & { now?: number } = {}): Rig {
  const clock = new ManualClock(options.now ?? EVENING);
  const store = new MemoryNotificationStore();
  const observer = recordingObserver();
  const received: Received = [];
  const answers: Rig['answers'] = new Map();
  const channels = (['sms', 'email', 'push'] as const).map((name): Channel =>
    listChannel(name, received, (sending) => answers.get(name)?.(sending) ?? { kind: 'delivered' }),
  );
  const notifier = new Notifier({ store, channels, clock, random: () => 0.5, observer, ...options });
  return {
    clock,
    store,
    observer,
    received,
    notifier,
    answers,
    pass: async (ms, step = SECOND) => {
      for (let passed = 0; passed < ms; passed += step) {
        clock.advance(step);
        await notifier.round();
      }
    },
    got: () => received.map(({ address }) => address),
  };
}

/** A store in which some methods are others. */
export function changedStore(inner: NotificationStore, changed: Partial<NotificationStore>): NotificationStore {
  return {
    takeOver: (...all) => inner.takeOver(...all),
    refusal: (...all) => inner.refusal(...all),
    unreached: (...all) => inner.unreached(...all),
    handedBack: (...all) => inner.handedBack(...all),
    plan: (...all) => inner.plan(...all),
    sentSince: (...all) => inner.sentSince(...all),
    claim: (...all) => inner.claim(...all),
    settle: (...all) => inner.settle(...all),
    heldDue: (...all) => inner.heldDue(...all),
    release: (...all) => inner.release(...all),
    merge: (...all) => inner.merge(...all),
    ...changed,
  };
}
