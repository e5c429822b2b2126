/**
 * A process that sends notifications dies between any two steps, any number of times, while channels fail in every way: nobody is missed, what
 * is critical is not held back, and there are no more copies than deaths and doubts.
 */
import { CHANNELS, isFinal, Notifier, SEVERITIES } from '@kidjamo/connector-notify';
import type { Channel, ChannelName, NotificationStore, NotifyRequest, Outcome } from '@kidjamo/connector-notify';
import { listChannel, MemoryNotificationStore, recordingObserver, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { ManualClock } from '@kidjamo/stream/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { EVENING, HOUR, MINUTE } from './rig.ts';
import type { Received } from './rig.ts';

const NAMES = ['sms', 'email', 'push'] as const;
type Trouble = 'failed' | 'slow down' | 'sent, no answer' | 'not sent, no answer' | 'throws';

const recipient = fc.record({
  id: fc.constantFrom('r1', 'r2', 'r3'),
  channels: fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }),
  quiet: fc.boolean(),
  limited: fc.boolean(),
});
const call = fc.record({
  severity: fc.constantFrom(...SEVERITIES),
  recipients: fc.uniqueArray(recipient, { selector: ({ id }) => id, minLength: 1, maxLength: 3 }),
  /** ms before it is handed over. */
  after: fc.constantFrom(0, 0, 1000, 10 * MINUTE, 5 * HOUR),
});
const world = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 6 }),
  /** What befalls the next attempts by each channel; afterwards it works. */
  troubles: fc.record({
    sms: fc.array(fc.constantFrom<Trouble>('failed', 'slow down', 'sent, no answer', 'not sent, no answer', 'throws'), { maxLength: 12 }),
    email: fc.array(fc.constantFrom<Trouble>('failed', 'sent, no answer', 'not sent, no answer'), { maxLength: 6 }),
    push: fc.array(fc.constantFrom<Trouble>('failed', 'sent, no answer'), { maxLength: 3 }),
  }),
  /** Addresses that are refused for good. */
  refused: fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('r1', 'r2', 'r3')), { maxLength: 4 }),
  /** The steps, counted from the last death, before which the process dies. */
  lives: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 12 }),
  concurrency: fc.constantFrom(1, 8),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

/** A claim has run out by then. */
const ROUND = 31_000;

class Death extends Error {}

/** A process: after its last step nothing of it happens any more. */
class Life {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  get over(): boolean {
    return this.#left <= 0;
  }

  step(): void {
    this.#left -= 1;
    if (this.over) throw new Death('this process has died');
  }

  /** Death may come before the effect, and after it. */
  async around<T>(effect: () => Promise<T>): Promise<T> {
    this.step();
    const result = await effect();
    this.step();
    return result;
  }

  store(inner: NotificationStore): NotificationStore {
    return {
      takeOver: (...all) => this.around(() => inner.takeOver(...all)),
      unreached: (...all) => this.around(() => inner.unreached(...all)),
      handedBack: (...all) => this.around(() => inner.handedBack(...all)),
      refusal: (...all) => this.around(() => inner.refusal(...all)),
      plan: (...all) => this.around(() => inner.plan(...all)),
      sentSince: (...all) => this.around(() => inner.sentSince(...all)),
      claim: (...all) => this.around(() => inner.claim(...all)),
      settle: (...all) => this.around(() => inner.settle(...all)),
      heldDue: (...all) => this.around(() => inner.heldDue(...all)),
      release: (...all) => this.around(() => inner.release(...all)),
      merge: (...all) => this.around(() => inner.merge(...all)),
    };
  }

  channel(inner: Channel): Channel {
    return { ...inner, send: (...all) => this.around(() => inner.send(...all)) };
  }
}

function trouble(kind: Trouble | undefined): Outcome {
  switch (kind) {
    case undefined:
      return { kind: 'accepted', providerId: 'p' };
    case 'failed':
      return { kind: 'failed', reason: 'away' };
    case 'slow down':
      return { kind: 'failed', reason: 'slow down', retryAfter: MINUTE };
    case 'sent, no answer':
    case 'not sent, no answer':
      return { kind: 'unknown', reason: kind };
    case 'throws':
      throw new TypeError('broken');
  }
}

/** Runs a world to its end. */
async function live({ calls, troubles, refused, lives, concurrency }: World) {
  const clock = new ManualClock(EVENING);
  const store = new MemoryNotificationStore();
  const received: Received = [];
  const observer = recordingObserver();
  const left = { sms: [...troubles.sms], email: [...troubles.email], push: [...troubles.push] };
  let doubts = 0;
  const outside = NAMES.map((name): Channel => {
    const channel = listChannel(name, received, ({ address }) => {
      if (refused.some(([by, id]) => address === `${by}-of-${id}`)) return { kind: 'refused', reason: 'no such address' };
      return trouble(left[name].shift());
    });
    return {
      ...channel,
      send: async (message, sending) => {
        const outcome = await channel.send(message, sending);
        if (outcome.kind === 'unknown') {
          if (outcome.reason === 'not sent, no answer')
            received.splice(
              received.findLastIndex(({ key }) => key === sending.key),
              1,
            );
          else doubts += 1;
        }
        return outcome;
      },
    };
  });
  let deaths = 0;
  const remaining = [...lives];
  let life = new Life(remaining.shift() ?? Infinity);
  const born = (): Notifier =>
    new Notifier({
      store: life.store(store),
      channels: outside.map((each) => life.channel(each)),
      clock,
      random: () => 0.5,
      observer,
      concurrency,
    });
  let notifier = born();
  const alive = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      deaths += 1;
      life = new Life(remaining.shift() ?? Infinity);
      notifier = born();
      return undefined;
    }
  };
  /** Nothing but holds is waited for. */
  const settled = (): boolean => [...store.kept.values()].every(({ state }) => isFinal(state) || state === 'held');
  for (const [i, { severity, recipients, after }] of calls.entries()) {
    for (const until = clock.now() + after; clock.now() < until;) {
      clock.advance(settled() ? until - clock.now() : ROUND);
      await alive(() => notifier.round());
    }
    const request: NotifyRequest = {
      call: sampleCall({ id: `c${i}`, severity, at: clock.now() }),
      recipients: recipients.map(({ id, channels, quiet, limited }) =>
        sampleRecipient(id, channels, {
          ...(quiet ? { quietHours: { from: '20:00', to: '07:00' } } : {}),
          ...(limited ? { rateLimit: { max: 1, per: HOUR } } : {}),
        }),
      ),
    };
    // The log hands a call over until it was taken.
    while ((await alive(() => notifier.notify([request]))) === undefined);
    await alive(() => notifier.round());
  }
  for (let left = 1000; left > 0; left -= 1) {
    const open = [...store.kept.values()].filter(({ state }) => !isFinal(state));
    if (open.length === 0) break;
    clock.advance(settled() ? Math.max(1, Math.min(...open.map(({ dueAt }) => dueAt)) - clock.now()) : ROUND);
    await alive(() => notifier.round());
  }
  return { store, received, deaths, doubts };
}

/** Which calls a message tells. */
function toldBy({ message }: Received[number]): string[] {
  return (message.data as { calls: { step: string }[] }).calls.map(({ step }) => step);
}

test('nobody is missed, nothing critical is held back, and copies are bounded by deaths and doubts', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (drawn) => {
      const { store, received, deaths, doubts } = await live(drawn);
      expect([...store.kept.values()].filter(({ state }) => !isFinal(state))).toEqual([]);
      for (const [i, { severity, recipients }] of drawn.calls.entries()) {
        for (const { id, channels } of recipients) {
          const works = channels.filter((name) => !drawn.refused.some(([by, whom]) => by === name && whom === id));
          const got = received.filter((each) => each.address.endsWith(`-of-${id}`) && toldBy(each).includes(`c${i}`));
          if (works.length > 0) expect(got.length, `c${i} to ${id}`).toBeGreaterThan(0);
          else expect(got).toEqual([]);
          // What is critical is told by a message of its own.
          if (severity === 'critical') for (const each of got) expect(toldBy(each)).toEqual([`c${i}`]);
        }
      }
      for (const each of store.kept.values()) if (each.severity === 'critical') expect(each.heldBefore).toBe(false);
      const copies = new Map<string, number>();
      for (const { key } of received) copies.set(key, (copies.get(key) ?? 0) + 1);
      for (const [key, count] of copies) {
        expect(count).toBeLessThanOrEqual(1 + deaths + doubts);
        // Every copy too many was counted.
        expect(count - 1).toBeLessThanOrEqual(store.kept.get(key)?.uncertain ?? 0);
      }
      // One attempt at a time: a death can leave no more than one in doubt.
      if (drawn.concurrency === 1) expect(received.length - copies.size).toBeLessThanOrEqual(deaths + doubts);
    }),
  );
});

test('without deaths and doubts each recipient has each call exactly once', async () => {
  const calm = world.map((drawn): World => ({ ...drawn, lives: [], troubles: { sms: [], email: [], push: [] } }));
  await fc.assert(
    fc.asyncProperty(calm, async (drawn) => {
      const { received } = await live(drawn);
      const told = received.flatMap((each) => toldBy(each).map((step) => `${step} ${each.address.replace(/^.*-of-/, '')}`));
      expect(new Set(told).size).toBe(told.length);
      expect(CHANNELS).toEqual(expect.arrayContaining(received.map(({ channel }): ChannelName => channel)));
    }),
  );
});
