/** Several notifiers on one database, with channels that fail in their turns: they share the work without getting in each other's way. */
import { NOTIFY_MIGRATIONS, Notifier, PostgresNotificationStore, SEVERITIES } from '@kidjamo/connector-notify';
import type { Channel, ChannelName, Outcome } from '@kidjamo/connector-notify';
import { listChannel, recordingObserver, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import { systemClock } from '@kidjamo/stream';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Received } from './rig.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase([NOTIFY_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url, max: 24 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const CALLS = 60;
const PEOPLE = 5;
const soon = { critical: 20, alert: 20, warn: 20, info: 20 };
const hour = { critical: 3_600_000, alert: 3_600_000, warn: 3_600_000, info: 3_600_000 };
const QUIET = { quietHours: { from: '00:00', to: '23:59' } };

test('four notifiers deliver every call to everybody, and the database refuses none of their steps', async () => {
  const received: Received = [];
  const tries = new Map<string, number>();
  /** Each key has its turns: every third message by SMS is refused, others fail at first. */
  const answer = (name: ChannelName, key: string): Outcome => {
    const attempt = (tries.get(key) ?? 0) + 1;
    tries.set(key, attempt);
    const turn = Buffer.from(key, 'base64url').readUInt8(0) % 3;
    if (name === 'sms' && turn === 0) return { kind: 'refused', reason: 'no such number' };
    return attempt <= turn ? { kind: 'failed', reason: 'away' } : { kind: 'delivered' };
  };
  const channels = (['sms', 'email', 'push'] as const).map((name): Channel => listChannel(name, received, ({ key }) => answer(name, key)));
  const observers = Array.from({ length: 4 }, recordingObserver);
  const notifiers = observers.map(
    (observer) =>
      new Notifier({
        store: new PostgresNotificationStore(pool),
        channels,
        clock: systemClock,
        random: Math.random,
        observer,
        pollEvery: 20,
        circuit: { failures: 1_000_000, openFor: 1 },
        policy: { patience: soon, lifetime: hour, longestWait: 10, backoff: { initial: 1, max: 30 } },
      }),
  );
  const stop = new AbortController();
  const running = notifiers.map((notifier) => notifier.run(stop.signal));
  const recipients = Array.from({ length: PEOPLE }, (_, i) => sampleRecipient(`r${i}`, ['sms', 'email', 'push']));
  const requests = Array.from({ length: CALLS }, (_, i) => ({
    call: sampleCall({ id: `step-${i}`, severity: SEVERITIES[i % SEVERITIES.length] ?? 'critical' }),
    recipients,
  }));
  // All of them are handed every call.
  await Promise.all(notifiers.map((notifier) => notifier.notify(requests)));
  const open = async (): Promise<number> =>
    (await pool.query<{ n: number }>('SELECT count(*)::integer AS n FROM notification WHERE address IS NOT NULL')).rows[0]?.n ?? -1;
  await expect.poll(open).toBe(0);
  stop.abort();
  await Promise.all(running);
  expect(observers.flatMap(({ told }) => told.filter(([name]) => name === 'failed'))).toEqual([]);
  const told = received.map(({ address, message }) => {
    const [{ step } = { step: '' }] = (message.data as { calls: { step: string }[] }).calls;
    return `${step} ${address.replace(/^.*-of-/, '')}`;
  });
  expect(new Set(told).size).toBe(CALLS * PEOPLE);
  // Nobody died: each key was received once. A slow channel may have got company, so that some were told by two channels.
  expect(new Set(received.map(({ key }) => key)).size).toBe(received.length);
});

test('what was held is merged once, whoever ends the hold', async () => {
  const now = Date.UTC(2026, 10, 21, 12);
  const received: Received = [];
  const make = (at: number): Notifier =>
    new Notifier({
      store: new PostgresNotificationStore(pool),
      channels: [listChannel('sms', received)],
      clock: { ...systemClock, now: () => at },
      random: Math.random,
      observer: recordingObserver(),
    });
  const steps = Array.from({ length: 20 }, (_, i) => `held-${i}`);
  await make(now).notify(
    steps.map((id, i) => ({
      call: sampleCall({ id, severity: 'warn', at: now + i }),
      recipients: [sampleRecipient('r1', ['sms'], { timeZone: 'UTC', ...QUIET })],
    })),
  );
  await make(now).round();
  expect(received).toEqual([]);
  const later = now + 12 * 3_600_000;
  await Promise.all(Array.from({ length: 6 }, () => make(later).round()));
  await make(later).round();
  expect(received).toHaveLength(1);
  expect((received[0]?.message.data as { calls: { step: string }[] }).calls.map(({ step }) => step)).toEqual(steps);
});
