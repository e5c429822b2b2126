import { Notifier } from '@kidjamo/connector-notify';
import type { Call, ChannelName, Outcome, Recipient } from '@kidjamo/connector-notify';
import { MemoryNotificationStore, recordingObserver, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { KidjamoError } from '@kidjamo/stream';
import { ManualClock } from '@kidjamo/stream/testing';
import { describe, expect, test } from 'vitest';

import { changedStore, EVENING, HOUR, makeRig, MINUTE, SECOND } from './rig.ts';
import type { Rig } from './rig.ts';

const failed: Outcome = { kind: 'failed', reason: 'away' };
const NIGHT = { from: '20:00', to: '07:00' };
/** 07:00 in Douala. */
const MORNING = Date.UTC(2026, 10, 22, 6);

/** Hands one call over. */
function tell(rig: Rig, call: Partial<Call>, ...recipients: Recipient[]): Promise<unknown> {
  return rig.notifier.notify([{ call: sampleCall({ at: rig.clock.now(), ...call }), recipients }]);
}
const somebody = (channels: readonly ChannelName[] = ['sms', 'email', 'push'], more: Partial<Recipient> = {}): Recipient =>
  sampleRecipient('r1', channels, more);
const states = ({ store }: Rig): string[] => [...store.kept.values()].map(({ channel, state }) => `${channel} ${state}`);

describe('one call', () => {
  test('goes once to each recipient, by the first of their channels', async () => {
    const rig = makeRig();
    expect(await tell(rig, {}, somebody(), sampleRecipient('r2', ['email']))).toEqual({ deliveries: 2, known: 0, refused: [] });
    expect(await rig.notifier.round()).toBe(2);
    expect(rig.got().sort()).toEqual(['email-of-r2', 'sms-of-r1']);
    await rig.pass(HOUR, MINUTE);
    expect(rig.got()).toHaveLength(2);
    expect([...rig.store.kept.values()].map(({ address }) => address)).toEqual([undefined, undefined]);
  });

  test('handed over again changes nothing, even where people now wish otherwise', async () => {
    const rig = makeRig();
    await tell(rig, {}, somebody());
    expect(await tell(rig, {}, somebody(['email']), sampleRecipient('r2', ['sms']))).toEqual({ deliveries: 0, known: 1, refused: [] });
    await rig.pass(HOUR, MINUTE);
    expect(rig.got()).toEqual(['sms-of-r1']);
  });

  test('twice in one batch, and a recipient named twice, count once', async () => {
    const rig = makeRig();
    const request = { call: sampleCall(), recipients: [somebody(), somebody()] };
    expect(await rig.notifier.notify([request, request])).toEqual({ deliveries: 1, known: 1, refused: [] });
    await rig.notifier.round();
    expect(rig.got()).toEqual(['sms-of-r1']);
  });

  test('is written for its reader', async () => {
    const rig = makeRig();
    await tell(rig, {}, somebody(), sampleRecipient('r2', ['sms'], { language: 'en', timeZone: 'UTC' }));
    await rig.notifier.round();
    const sms = new Map(rig.received.map(({ address, message }) => [address, message.sms]));
    expect(sms.get('sms-of-r1')).toContain('CRITIQUE : Saturation en oxygène très basse 21:00');
    expect(sms.get('sms-of-r2')).toContain('CRITICAL: Oxygen saturation very low 20:00');
  });

  test('from which no message can be written is refused, and those beside it are taken', async () => {
    const rig = makeRig();
    const broken = { ...sampleCall({ id: 'broken' }), alarms: undefined } as unknown as Call;
    const requests = [broken, sampleCall({ id: 'whole' })].map((call) => ({ call, recipients: [somebody()] }));
    const reason = 'no message can be written from the call (TypeError)';
    expect(await rig.notifier.notify(requests)).toEqual({ deliveries: 1, known: 0, refused: [{ id: 'broken', reason }] });
  });

  test('to somebody with an odd language is written in French', async () => {
    const rig = makeRig();
    await tell(rig, {}, somebody(['sms'], { language: 'de' as 'fr' }));
    await rig.notifier.round();
    expect(rig.received[0]?.message.language).toBe('fr');
  });

  test.each([
    ['no recipient', []],
    ['no channel', [somebody([])]],
    ['no channel that is in use', [somebody(['webhook', 'console'])]],
  ])('that reaches nobody is told: %s', async (_name, recipients) => {
    const rig = makeRig();
    expect(await tell(rig, {}, ...recipients)).toEqual({ deliveries: 0, known: 0, refused: [] });
    expect(rig.observer.told).toContainEqual(['unreached', 'critical']);
    const unreachable = rig.observer.told.filter(([name]) => name === 'unreachable');
    expect(unreachable).toEqual(recipients.length === 0 ? [] : [['unreachable', 'critical', recipients.length]]);
  });

  test('a channel that is not in use is passed over', async () => {
    const rig = makeRig();
    await tell(rig, {}, somebody(['webhook', 'email']));
    await rig.notifier.round();
    expect(rig.got()).toEqual(['email-of-r1']);
  });
});

describe('fall-back', () => {
  test('refused for good: the next channel at once, then the next, then it is told that nothing is left', async () => {
    const rig = makeRig();
    const refused: Outcome = { kind: 'refused', reason: 'no such number' };
    for (const name of ['sms', 'email', 'push'] as const) rig.answers.set(name, () => refused);
    await tell(rig, {}, somebody());
    for (let i = 0; i < 3; i += 1) await rig.notifier.round();
    expect(states(rig)).toEqual(['sms failed', 'email failed', 'push failed']);
    expect(rig.observer.told.filter(([name]) => name === 'fellBack' || name === 'undeliverable')).toEqual([
      ['fellBack', 'sms', 'email'],
      ['fellBack', 'email', 'push'],
      ['undeliverable', 'push', 'critical'],
    ]);
  });

  test('a critical one that a channel does not take within 30 s goes by the next as well, and is then left alone', async () => {
    const rig = makeRig({ circuit: { failures: 1000, openFor: 1 } });
    rig.answers.set('sms', () => failed);
    await tell(rig, {}, somebody());
    await rig.pass(32 * SECOND);
    expect(rig.got()).toEqual(['email-of-r1']);
    rig.answers.delete('sms');
    await rig.pass(HOUR, MINUTE);
    expect(rig.got()).toEqual(['email-of-r1']);
    expect(states(rig)).toEqual(['sms superseded', 'email delivered']);
  });

  test('where both channels fail, both go on, until one works', async () => {
    const rig = makeRig({ circuit: { failures: 1000, openFor: 1 } });
    for (const name of ['sms', 'email'] as const) rig.answers.set(name, () => failed);
    await tell(rig, {}, somebody(['sms', 'email']));
    await rig.pass(5 * HOUR, MINUTE);
    expect(states(rig)).toEqual(['sms retrying', 'email retrying']);
    rig.answers.delete('sms');
    await rig.pass(2 * MINUTE, MINUTE);
    expect(states(rig)).toEqual(['sms delivered', 'email superseded']);
    expect(rig.got()).toEqual(['sms-of-r1']);
  });

  test('an open circuit is not waited for: what is critical goes by the next channel', async () => {
    const rig = makeRig({ circuit: { failures: 3, openFor: 10 * MINUTE } });
    rig.answers.set('sms', () => failed);
    for (const id of ['a', 'b', 'c']) await tell(rig, { id }, sampleRecipient(id, ['sms']));
    await rig.notifier.round();
    const before = rig.observer.told.filter(([name]) => name === 'attempted').length;
    await tell(rig, { id: 'd' }, somebody());
    await rig.notifier.round();
    await rig.notifier.round();
    expect(rig.got()).toEqual(['email-of-r1']);
    expect(
      rig.observer.told.filter(([name, channel, outcome]) => name === 'attempted' && channel === 'sms' && outcome !== 'blocked'),
    ).toHaveLength(before);
  });

  test('a provider that asks to wait is waited for, up to a bound', async () => {
    const rig = makeRig();
    rig.answers.set('sms', () => ({ ...failed, retryAfter: 24 * HOUR }));
    await tell(rig, { severity: 'warn' }, somebody(['sms']));
    await rig.notifier.round();
    expect([...rig.store.kept.values()][0]?.dueAt).toBe(EVENING + 15 * MINUTE);
  });

  test('out of time: tried no more', async () => {
    const rig = makeRig({ circuit: { failures: 1000, openFor: 1 } });
    rig.answers.set('sms', () => failed);
    await tell(rig, { severity: 'warn' }, somebody(['sms']));
    await rig.pass(HOUR + 2 * MINUTE, MINUTE);
    expect(states(rig)).toEqual(['sms failed']);
    expect(rig.observer.told).toContainEqual(['undeliverable', 'sms', 'warn']);
  });

  test('after hours without a notifier it is sent once all the same', async () => {
    const rig = makeRig();
    await tell(rig, { severity: 'warn' }, somebody(['sms']));
    rig.clock.advance(24 * HOUR);
    await rig.notifier.round();
    expect(rig.got()).toEqual(['sms-of-r1']);
  });

  test('an address that is gone is told to whoever keeps it', async () => {
    const rig = makeRig();
    rig.answers.set('push', () => ({ kind: 'refused', reason: 'gone', gone: true }));
    await tell(rig, {}, somebody(['push', 'sms']));
    await rig.notifier.round();
    expect(rig.observer.told).toContainEqual(['gone', 'r1', 'push']);
  });
});

describe('in doubt', () => {
  test('what may have been sent is sent again with the same key, and counted', async () => {
    const rig = makeRig();
    let first = true;
    rig.answers.set('sms', () => {
      const outcome: Outcome = first ? { kind: 'unknown', reason: 'no answer' } : { kind: 'delivered' };
      first = false;
      return outcome;
    });
    await tell(rig, {}, somebody());
    await rig.pass(10 * SECOND);
    expect(rig.got()).toEqual(['sms-of-r1', 'sms-of-r1']);
    expect(new Set(rig.received.map(({ key }) => key)).size).toBe(1);
    expect(rig.observer.told.filter(([name]) => name === 'possibleDuplicate')).toEqual([['possibleDuplicate', 'sms']]);
  });

  test('a channel that does not answer is not waited for longer than an attempt may take', async () => {
    const rig = makeRig();
    const aborted = Promise.withResolvers<undefined>();
    rig.answers.set('sms', ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(undefined));
      return new Promise<Outcome>(() => undefined);
    });
    await tell(rig, {}, somebody(['sms']));
    const round = rig.notifier.round();
    await expect.poll(() => rig.clock.sleeping).toBe(1);
    rig.clock.advance(10 * SECOND);
    await aborted.promise;
    await round;
    expect(states(rig)).toEqual(['sms retrying']);
    expect(rig.observer.told).toContainEqual(['attempted', 'sms', 'unknown']);
  });

  test('a channel that breaks its contract is told, and tried again', async () => {
    const rig = makeRig();
    const fault = new TypeError('broken');
    rig.answers.set('sms', () => {
      throw fault;
    });
    await tell(rig, {}, somebody(['sms']));
    await rig.notifier.round();
    expect(rig.observer.told).toContainEqual(['failed', fault]);
    rig.answers.delete('sms');
    await rig.pass(10 * SECOND);
    expect(rig.got()).toEqual(['sms-of-r1']);
  });
});

describe('a process that was stopped', () => {
  test('between claim and send, does not send what another may have taken over', async () => {
    const inner = new MemoryNotificationStore();
    let pause = 0;
    const store = changedStore(inner, {
      claim: async (request) => {
        const claims = await inner.claim(request);
        if (claims.length > 0) rig.clock.advance(pause);
        return claims;
      },
    });
    const rig = makeRig({ store });
    await tell(rig, {}, somebody(['sms']));
    // Ten seconds for an attempt would go beyond the end of the claim.
    pause = 21 * SECOND;
    await rig.notifier.round();
    expect(rig.got()).toEqual([]);
    pause = 0;
    await rig.pass(MINUTE);
    expect(rig.got()).toEqual(['sms-of-r1']);
  });
});

describe('quiet hours', () => {
  test('never hold back what is critical', async () => {
    const rig = makeRig();
    await tell(rig, { severity: 'critical' }, somebody(['sms'], { quietHours: NIGHT, rateLimit: { max: 0, per: HOUR } }));
    await rig.notifier.round();
    expect(rig.got()).toEqual(['sms-of-r1']);
  });

  test.each(['alert', 'warn', 'info'] as const)('hold %s back until they end, by the clock of the recipient', async (severity) => {
    const rig = makeRig();
    await tell(rig, { severity }, somebody(['sms'], { quietHours: NIGHT }));
    rig.clock.advance(MORNING - EVENING - 1);
    expect(await rig.notifier.round()).toBe(0);
    rig.clock.advance(1);
    await rig.notifier.round();
    expect(rig.got()).toEqual(['sms-of-r1']);
    expect(rig.received[0]?.message.title).toContain('Saturation');
  });

  test('what was held back comes as one message for each recipient and channel', async () => {
    const rig = makeRig();
    for (const id of ['a', 'b', 'c']) {
      await tell(
        rig,
        { id, severity: 'warn' },
        somebody(['sms'], { quietHours: NIGHT }),
        sampleRecipient('r2', ['email'], { quietHours: NIGHT }),
      );
      rig.clock.advance(MINUTE);
    }
    rig.clock.advance(MORNING - rig.clock.now());
    await rig.notifier.round();
    expect(rig.got().sort()).toEqual(['email-of-r2', 'sms-of-r1']);
    expect(rig.received[0]?.message.data).toMatchObject({ calls: [{ step: 'a' }, { step: 'b' }, { step: 'c' }] });
    await rig.pass(HOUR, MINUTE);
    expect(rig.received).toHaveLength(2);
  });

  test('what was held back falls back too', async () => {
    const rig = makeRig();
    rig.answers.set('sms', () => ({ kind: 'refused', reason: 'no' }));
    for (const id of ['a', 'b']) await tell(rig, { id, severity: 'warn' }, somebody(['sms', 'email'], { quietHours: NIGHT }));
    rig.clock.advance(MORNING - EVENING);
    await rig.pass(2 * SECOND);
    expect(rig.got()).toEqual(['email-of-r1']);
    expect(rig.received[0]?.message.data).toMatchObject({ calls: [{ step: 'a' }, { step: 'b' }] });
  });
});

describe('rate limits', () => {
  const limited = somebody(['sms'], { rateLimit: { max: 2, per: HOUR } });

  test('what is over the limit waits for the end of the window and comes as one; nothing is dropped', async () => {
    const rig = makeRig();
    for (const id of ['a', 'b', 'c', 'd', 'e']) await tell(rig, { id, severity: 'alert' }, limited);
    await rig.notifier.round();
    expect(rig.got()).toHaveLength(2);
    rig.clock.advance(HOUR);
    await rig.notifier.round();
    expect(rig.got()).toHaveLength(3);
    expect(rig.received[2]?.message.data).toMatchObject({ calls: [{ step: 'c' }, { step: 'd' }, { step: 'e' }] });
  });

  test('count within one batch, and never for what is critical', async () => {
    const rig = makeRig();
    const severities = ['warn', 'warn', 'warn', 'critical', 'critical'] as const;
    await rig.notifier.notify(severities.map((severity, i) => ({ call: sampleCall({ id: `c${i}`, severity }), recipients: [limited] })));
    await rig.notifier.round();
    expect(rig.received.map(({ message }) => message.severity).sort()).toEqual(['critical', 'critical', 'warn', 'warn']);
  });

  test.each([0, -1, NaN, Infinity])('a window of %d ms is no limit', async (per) => {
    const rig = makeRig();
    await tell(rig, { severity: 'warn' }, somebody(['sms'], { rateLimit: { max: 0, per } }));
    await rig.notifier.round();
    expect(rig.got()).toEqual(['sms-of-r1']);
  });

  test('a window that ends in quiet hours is waited out, and so are they', async () => {
    const rig = makeRig({ now: Date.UTC(2026, 10, 21, 18, 30) });
    const both = somebody(['sms'], { rateLimit: { max: 0, per: HOUR }, quietHours: NIGHT });
    await tell(rig, { severity: 'warn' }, both);
    expect([...rig.store.kept.values()][0]?.dueAt).toBe(MORNING);
  });
});

describe('settings', () => {
  const base = { store: new MemoryNotificationStore(), clock: new ManualClock(), random: () => 0, observer: recordingObserver() };
  test('a claim shorter than three attempts, and two channels of one name, are refused', () => {
    expect(() => new Notifier({ ...base, channels: [], sendWithin: 10, claimFor: 29 })).toThrow(KidjamoError);
    const channel = { name: 'sms' as const, idempotent: true, send: async (): Promise<Outcome> => ({ kind: 'delivered' }) };
    expect(() => new Notifier({ ...base, channels: [channel, channel] })).toThrow(KidjamoError);
  });
});
