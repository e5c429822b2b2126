/** What every {@link NotificationStore} has to keep. */

import type { Lease } from '@kidjamo/stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Severity } from '../channel.ts';
import type { Settlement } from '../notifier/decision.ts';
import type { Claim, NewDelivery } from '../notifier/delivery.ts';
import { fallbackOf, mergeHeld, planCall, timesFrom } from '../notifier/planning.ts';
import type { CallPlan } from '../notifier/planning.ts';
import { POLICY } from '../notifier/policy.ts';
import type { NotificationStore } from '../notifier/store.ts';
import { sampleCall, sampleRecipient } from './samples.ts';

/** A store to be tried, and how to end it. */
export interface StoreSubject {
  readonly store: NotificationStore;
  close(): Promise<void>;
}

const T0 = Date.UTC(2026, 10, 21, 12);
const ALL = new Set(['sms', 'email', 'push'] as const);

/** A plan for one recipient with three channels. */
function plan(id: string, severity: Severity = 'critical', recipient = 'r1'): CallPlan {
  return planCall(
    { call: sampleCall({ id, severity, at: T0 }), recipients: [sampleRecipient(recipient, ['sms', 'email', 'push'])] },
    { now: T0, policy: POLICY, channels: ALL, sent: () => 0 },
  );
}

function held(id: string, until: number): CallPlan {
  const { deliveries, ...rest } = plan(id, 'warn');
  return {
    ...rest,
    deliveries: deliveries.map((each) => ({ ...each, state: 'held' as const, ...timesFrom(until, 'warn', POLICY) })),
  };
}

const accepted: Settlement = { event: 'accept', outcome: 'accepted', reason: '', providerId: 'p1', dueAt: T0, fallback: undefined };
function missed(dueAt: number, more: Partial<Settlement> = {}): Settlement {
  return { event: 'miss', outcome: 'failed', reason: 'away', providerId: '', dueAt, fallback: undefined, ...more };
}

/** Declares the suite. */
export function notificationStoreConformance(name: string, create: () => Promise<StoreSubject>): void {
  describe(`notification store: ${name}`, () => {
    let subject: StoreSubject;
    let store: NotificationStore;
    beforeEach(async () => {
      subject = await create();
      store = subject.store;
    });
    afterEach(() => subject.close());

    const claim = (now: number, channel: 'sms' | 'email' | 'push' = 'sms', max = 10): Promise<readonly Claim[]> =>
      store.claim({ channel, now, until: now + 30_000, max });
    const claimOne = async (now: number, channel: 'sms' | 'email' | 'push' = 'sms'): Promise<Claim> => {
      const [only, ...others] = await claim(now, channel);
      expect(others).toEqual([]);
      if (only === undefined) expect.fail('nothing was due');
      return only;
    };

    test('what was planned is claimed as it was, with its call, and by one only', async () => {
      const planned = plan('c1');
      expect(await store.plan([planned], T0)).toEqual(new Set(['c1']));
      const { state: _state, dueAt: _dueAt, ...first } = planned.deliveries[0] as NewDelivery;
      expect(await claimOne(T0)).toMatchObject({ ...first, attempt: 1, uncertain: 0, calls: [planned.call] });
      expect(await claim(T0)).toEqual([]);
      expect(await claim(T0, 'email')).toEqual([]);
    });

    test('the position moves with the plans, under the fence, or nothing happens', async () => {
      const lease = (generation: number, partition = 0): Lease => ({ log: 'calls', group: 'notifier', partition, generation });
      expect(await store.takeOver(lease(3))).toBe(0);
      expect(await store.takeOver(lease(3, 1))).toBe(0);
      expect(await store.plan([plan('c1')], T0, { lease: lease(3), from: 0, to: 4 })).toEqual(new Set(['c1']));
      const wrong = [
        { lease: lease(3), from: 0, to: 4 },
        { lease: lease(3), from: 5, to: 6 },
        { lease: lease(2), from: 4, to: 6 },
        { lease: lease(4), from: 4, to: 6 },
      ];
      for (const step of wrong) await expect(store.plan([plan('c2')], T0, step)).rejects.toMatchObject({ code: 'FENCED' });
      await expect(store.takeOver(lease(2))).rejects.toMatchObject({ code: 'FENCED' });
      expect(await store.takeOver(lease(4))).toBe(4);
      expect(await store.plan([plan('c1'), plan('c2')], T0, { lease: lease(4), from: 4, to: 5 })).toEqual(new Set(['c2']));
      expect(await store.plan([], T0, { lease: lease(4), from: 5, to: 9 })).toEqual(new Set());
      expect(await store.takeOver(lease(4))).toBe(9);
      expect(await store.takeOver(lease(4, 1))).toBe(0);
      expect(await claim(T0)).toHaveLength(2);
    });

    test('a call about a patient that reaches nobody waits to be handed back, once', async () => {
      const around = { now: T0, policy: POLICY, channels: ALL, sent: () => 0 };
      const system = sampleRecipient('s1', ['sms'], { system: true });
      const alone = (id: string, more = {}): CallPlan =>
        planCall({ call: sampleCall({ id, at: T0, ...more }), recipients: [system] }, around);
      await store.plan([plan('c1'), alone('c2'), alone('c3', { patient: undefined })], T0);
      await store.plan([alone('c2')], T0);
      expect((await store.unreached(10)).map(({ id }) => id)).toEqual(['c2']);
      expect(await claim(T0)).toHaveLength(3);
      await store.plan([alone('c4')], T0 + 1);
      expect((await store.unreached(1)).map(({ id }) => id)).toEqual(['c2']);
      await store.handedBack(['c2'], T0 + 1);
      expect((await store.unreached(10)).map(({ id }) => id)).toEqual(['c4']);
    });

    test('a call that is known changes nothing, whatever its plan says now', async () => {
      await store.plan([plan('c1')], T0);
      expect(await store.plan([plan('c1', 'critical', 'r2'), plan('c2')], T0)).toEqual(new Set(['c2']));
      expect((await claim(T0)).map(({ callId, recipient }) => [callId, recipient]).sort()).toEqual([
        ['c1', 'r1'],
        ['c2', 'r1'],
      ]);
    });

    test('calls planned by several at once are planned once', async () => {
      const news = await Promise.all(Array.from({ length: 8 }, () => store.plan([plan('c1'), plan('c2', 'critical', 'r2')], T0)));
      expect(news.reduce((sum, ids) => sum + ids.size, 0)).toBe(2);
      expect(await claim(T0)).toHaveLength(2);
    });

    test('several who claim at once share what is due', async () => {
      await store.plan(
        Array.from({ length: 20 }, (_, i) => plan(`c${i}`, 'critical', `r${i}`)),
        T0,
      );
      const shares = await Promise.all(Array.from({ length: 10 }, () => claim(T0, 'sms', 2)));
      const keys = shares.flat().map(({ key }) => key);
      for (const more of await claim(T0, 'sms', 20)) keys.push(more.key);
      expect(keys).toHaveLength(20);
      expect(new Set(keys).size).toBe(20);
    });

    test('the gravest comes first', async () => {
      await store.plan([plan('c1', 'warn'), plan('c2', 'critical'), plan('c3', 'alert')], T0);
      expect((await claim(T0, 'sms', 2)).map(({ severity }) => severity)).toEqual(['critical', 'alert']);
    });

    test('a claim that ran out is found again and counted as uncertain, and its owner can record nothing any more', async () => {
      await store.plan([plan('c1')], T0);
      const lost = await claimOne(T0);
      expect(await claim(T0 + 29_999)).toEqual([]);
      const found = await claimOne(T0 + 30_000);
      expect(found).toMatchObject({ key: lost.key, attempt: 2, uncertain: 1 });
      expect(await store.settle(lost, accepted, T0 + 30_001)).toBe(false);
      expect(await store.settle(found, accepted, T0 + 30_001)).toBe(true);
      expect(await claim(T0 + 1e9)).toEqual([]);
    });

    test('a missed one comes back when it is due, and an unknown outcome counts as uncertain', async () => {
      await store.plan([plan('c1')], T0);
      await store.settle(await claimOne(T0), missed(T0 + 5000, { outcome: 'unknown' }), T0);
      expect(await claim(T0 + 4999)).toEqual([]);
      expect(await claimOne(T0 + 5000)).toMatchObject({ attempt: 2, uncertain: 1 });
    });

    test('nothing is settled twice', async () => {
      await store.plan([plan('c1')], T0);
      const own = await claimOne(T0);
      expect(await store.settle(own, accepted, T0)).toBe(true);
      expect(await store.settle(own, missed(T0), T0)).toBe(false);
      expect(await claim(T0 + 1e9)).toEqual([]);
    });

    test('a fall-back takes over with the channels that are left, once', async () => {
      await store.plan([plan('c1')], T0);
      const first = await claimOne(T0);
      const fallback = fallbackOf(first, T0, POLICY);
      await store.settle(first, { ...missed(T0, { fallback }), event: 'give_up', outcome: 'refused' }, T0);
      const second = await claimOne(T0, 'email');
      expect(second).toMatchObject({
        channel: 'email',
        address: 'email-of-r1',
        place: 1,
        group: 'c1',
        rest: [{ channel: 'push', address: 'push-of-r1' }],
      });
      expect(await claim(T0 + 1e9, 'sms')).toEqual([]);
    });

    test('whoever fell back and retries has no channel left to give', async () => {
      await store.plan([plan('c1')], T0);
      const first = await claimOne(T0);
      await store.settle(first, missed(T0 + 1, { fallback: fallbackOf(first, T0, POLICY) }), T0);
      expect(await claimOne(T0 + 1)).toMatchObject({ channel: 'sms', rest: [] });
    });

    test('a channel that delivers ends the others that wait', async () => {
      await store.plan([plan('c1')], T0);
      const sms = await claimOne(T0);
      await store.settle(sms, missed(T0 + 1, { fallback: fallbackOf(sms, T0, POLICY) }), T0);
      await store.settle(await claimOne(T0, 'email'), accepted, T0);
      for (const channel of ['sms', 'email', 'push'] as const) expect(await claim(T0 + 1e9, channel)).toEqual([]);
    });

    test('a channel under way while another delivers records its end, and is not tried again', async () => {
      await store.plan([plan('c1')], T0);
      const sms = await claimOne(T0);
      await store.settle(sms, missed(T0, { fallback: fallbackOf(sms, T0, POLICY) }), T0);
      const [again, mail] = [await claimOne(T0), await claimOne(T0, 'email')];
      expect(await store.settle(mail, accepted, T0)).toBe(true);
      expect(await store.settle(again, missed(T0 + 1, { fallback: fallbackOf(mail, T0, POLICY) }), T0)).toBe(true);
      for (const channel of ['sms', 'email', 'push'] as const) expect(await claim(T0 + 1e9, channel)).toEqual([]);
    });

    test('a channel whose process died while another delivered is not tried again', async () => {
      await store.plan([plan('c1')], T0);
      const sms = await claimOne(T0);
      await store.settle(sms, missed(T0, { fallback: fallbackOf(sms, T0, POLICY) }), T0);
      const lost = await claimOne(T0);
      await store.settle(await claimOne(T0, 'email'), accepted, T0);
      expect(await claim(T0 + 30_000)).toEqual([]);
      expect(await store.settle(lost, accepted, T0 + 30_000)).toBe(false);
    });

    test('what is held is not claimed before it is released', async () => {
      await store.plan([held('c1', T0 + 1000)], T0);
      expect(await claim(T0 + 5000)).toEqual([]);
      expect(await store.heldDue(T0 + 999, 10)).toEqual([]);
      const [[only] = []] = await store.heldDue(T0 + 1000, 10);
      expect(only).toMatchObject({ callId: 'c1', state: 'held' });
      await store.release(only?.key ?? '', timesFrom(T0 + 1000, 'warn', POLICY), T0 + 1000);
      expect(await store.heldDue(T0 + 1e9, 10)).toEqual([]);
      expect(await claimOne(T0 + 1000)).toMatchObject({ callId: 'c1' });
    });

    test('what was held together is merged into one, all of it or nothing', async () => {
      await store.plan([held('c1', T0 + 1000), held('c2', T0 + 1000), held('c3', T0 + 2000)], T0);
      const [group] = await store.heldDue(T0 + 1000, 10);
      if (group === undefined) expect.fail('nothing was held');
      expect(group).toHaveLength(2);
      const keys = group.map(({ key }) => key);
      const [all] = await store.heldDue(T0 + 2000, 10);
      await Promise.all([1, 2, 3].map(() => store.merge(keys, mergeHeld(group, T0 + 1000, POLICY), T0 + 1000)));
      // Somebody who saw more of them comes too late.
      if (all !== undefined)
        await store.merge(
          all.map(({ key }) => key),
          mergeHeld(all, T0 + 2000, POLICY),
          T0 + 2000,
        );
      const merged = await claimOne(T0 + 2000);
      expect(merged.callId).toBeUndefined();
      expect(merged.calls.map(({ id }) => id)).toEqual(['c1', 'c2']);
      expect((await store.heldDue(T0 + 2000, 10)).flat().map(({ callId }) => callId)).toEqual(['c3']);
    });

    test('what was held for other addresses or with other channels left is not put together', async () => {
      const [first, second, third] = [held('c1', T0), held('c2', T0), held('c3', T0)];
      const change = (of: CallPlan, more: Partial<NewDelivery>): CallPlan => ({
        ...of,
        deliveries: of.deliveries.map((each) => ({ ...each, ...more })),
      });
      await store.plan([first, change(second, { rest: [] }), change(third, { address: 'another' })], T0);
      expect((await store.heldDue(T0, 10)).map((group) => group.length)).toEqual([1, 1, 1]);
    });

    test('the fall-back of what was merged tells the same calls', async () => {
      await store.plan([held('c1', T0), held('c2', T0)], T0);
      const [group] = await store.heldDue(T0, 10);
      if (group === undefined) expect.fail('nothing was held');
      await store.merge(
        group.map(({ key }) => key),
        mergeHeld(group, T0, POLICY),
        T0,
      );
      const first = await claimOne(T0);
      await store.settle(first, { ...missed(T0, { fallback: fallbackOf(first, T0, POLICY) }), event: 'give_up' }, T0);
      expect((await claimOne(T0, 'email')).calls.map(({ id }) => id)).toEqual(['c1', 'c2']);
    });

    test('messages to a recipient are counted, but those that are critical, held or a fall-back', async () => {
      await store.plan([plan('c1', 'warn'), plan('c2', 'critical'), held('c3', T0 + 1), plan('c4', 'alert', 'r2')], T0);
      const [first] = await claim(T0);
      if (first !== undefined) await store.settle(first, missed(T0, { fallback: fallbackOf(first, T0, POLICY) }), T0);
      expect(await store.sentSince('r1', T0)).toBe(1);
      expect(await store.sentSince('r1', T0 + 1)).toBe(0);
      expect(await store.sentSince('nobody', T0)).toBe(0);
    });
  });
}
