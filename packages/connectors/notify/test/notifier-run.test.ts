import { Notifier } from '@kidjamo/connector-notify';
import type { NotificationStore, Outcome } from '@kidjamo/connector-notify';
import { listChannel, MemoryNotificationStore, recordingObserver, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { KidjamoError, systemClock } from '@kidjamo/stream';
import { expect, test } from 'vitest';

import { changedStore } from './rig.ts';
import type { Received } from './rig.ts';

/** A running notifier on the real clock. */
function running(store: NotificationStore, answer: () => Outcome | Promise<Outcome> = () => ({ kind: 'delivered' })) {
  const received: Received = [];
  const observer = recordingObserver();
  const stop = new AbortController();
  const notifier = new Notifier({
    store,
    channels: [listChannel('sms', received, answer), listChannel('email', received)],
    clock: systemClock,
    random: Math.random,
    observer,
    pollEvery: 60_000,
    policy: {
      patience: { critical: 60_000, alert: 60_000, warn: 60_000, info: 60_000 },
      lifetime: { critical: 60_000, alert: 60_000, warn: 60_000, info: 60_000 },
      longestWait: 10,
      backoff: { initial: 1, max: 5 },
    },
  });
  return { received, observer, notifier, stop, ended: notifier.run(stop.signal) };
}

const request = (id: string, channel: 'sms' | 'email' = 'sms') => ({
  call: sampleCall({ id }),
  recipients: [sampleRecipient(id, [channel])],
});

test('what is handed over is sent at once, not at the next look; and many are', async () => {
  const rig = running(new MemoryNotificationStore());
  await rig.notifier.notify(Array.from({ length: 50 }, (_, i) => request(`c${i}`)));
  await expect.poll(() => rig.received.length).toBe(50);
  rig.stop.abort();
  await rig.ended;
});

test('a channel that hangs does not hold up another, and is waited for at the end', async () => {
  const store = new MemoryNotificationStore();
  const answered = Promise.withResolvers<Outcome>();
  const rig = running(store, () => answered.promise);
  await rig.notifier.notify([request('c1'), request('c2', 'email')]);
  await expect.poll(() => rig.received.map(({ address }) => address)).toEqual(['email-of-c2']);
  rig.stop.abort();
  answered.resolve({ kind: 'delivered' });
  await rig.ended;
  expect([...store.kept.values()].map(({ state }) => state)).toEqual(['delivered', 'delivered']);
});

test('a store that is away for a while delays, and what was sent is recorded when it is back: nothing is sent twice', async () => {
  const inner = new MemoryNotificationStore();
  let failures = 3;
  const away = (): void => {
    if (failures-- > 0) throw new KidjamoError('STORE_UNAVAILABLE', 'away');
  };
  const store = changedStore(inner, {
    settle: async (...all) => {
      away();
      return inner.settle(...all);
    },
  });
  const rig = running(store);
  await rig.notifier.notify([request('c1')]);
  await expect.poll(() => [...inner.kept.values()].map(({ state }) => state)).toEqual(['delivered']);
  expect(rig.received).toHaveLength(1);
  expect(rig.observer.told.filter(([name]) => name === 'failed')).toHaveLength(3);
  rig.stop.abort();
  await rig.ended;
});

test('a store that refuses for good ends the notifier with its reason', async () => {
  const refusal = new KidjamoError('STORE_REJECTED', 'no such table');
  const rig = running(changedStore(new MemoryNotificationStore(), { claim: () => Promise.reject(refusal) }));
  await expect(rig.ended).rejects.toBe(refusal);
});
