import { NOTIFY_MIGRATIONS, Notifier, PostgresNotificationStore } from '@kidjamo/connector-notify';
import type { Channel, NotifyRequest } from '@kidjamo/connector-notify';
import { listChannel, recordingObserver, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import { systemClock } from '@kidjamo/stream';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { answerWith, startReceiver } from './http-receiver.ts';
import type { HttpReceiver, ReceivedRequest } from './http-receiver.ts';
import { NotifierProcess } from './killed-notifier.ts';

let database: TestDatabase;
let pool: pg.Pool;
let receiver: HttpReceiver;
let running: NotifierProcess[] = [];
beforeEach(async () => {
  database = await createTestDatabase([NOTIFY_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url });
  receiver = await startReceiver();
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.kill()));
  running = [];
  await receiver.close();
  await pool.end();
  await database.drop();
});

function start(sendWithin: number): NotifierProcess {
  const child = new NotifierProcess(database.url, receiver.url, sendWithin);
  running.push(child);
  return child;
}

/** Takes calls over, as the process of the log does: it sends nothing itself. */
function notify(requests: readonly NotifyRequest[]): Promise<unknown> {
  const channels = (['sms', 'webhook'] as const).map((name): Channel => listChannel(name, []));
  const store = new PostgresNotificationStore(pool);
  return new Notifier({ store, channels, clock: systemClock, random: Math.random, observer: recordingObserver() }).notify(requests);
}

const bySms = (id: string, number: string) => sampleRecipient(id, [], { channels: [{ channel: 'sms', address: number }] });
const byWebhook = (id: string) => sampleRecipient(id, [], { channels: [{ channel: 'webhook', address: `${receiver.url}/${id}` }] });

/** What tells the copies of one message from another: the key, or for SMS, which have none, the number and the text. */
function nameOf({ headers, body }: ReceivedRequest): string {
  return headers['idempotency-key'] === undefined ? body.toString() : String(headers['idempotency-key']);
}

interface DeliveryState {
  readonly channel: string;
  readonly state: string;
  readonly attempts: number;
  readonly uncertain_attempts: number;
}

async function deliveries(): Promise<DeliveryState[]> {
  return (await pool.query<DeliveryState>('SELECT channel, state, attempts, uncertain_attempts FROM notification ORDER BY notification_id'))
    .rows;
}

test.each(['sms', 'webhook'] as const)(
  'killed between send and record, a %s is sent again by the next process, and counted',
  async (channel) => {
    await notify([{ call: sampleCall(), recipients: [channel === 'sms' ? bySms('r1', '+237690000001') : byWebhook('r1')] }]);
    const arrived = Promise.withResolvers<undefined>();
    // Nobody is answered before the process is dead.
    receiver.answer = () => arrived.resolve(undefined);
    const first = start(2000);
    await arrived.promise;
    await first.kill();
    expect(await deliveries()).toMatchObject([{ state: 'sending', attempts: 1, uncertain_attempts: 0 }]);
    receiver.answer = answerWith(201, { sid: 'SM1' });
    start(2000);
    await expect.poll(deliveries).toMatchObject([{ channel, state: 'delivered', attempts: 2, uncertain_attempts: 1 }]);
    expect(receiver.received).toHaveLength(2);
    expect(new Set(receiver.received.map(nameOf)).size).toBe(1);
    const { rows } = await pool.query('SELECT outcome, reason FROM notification_attempt ORDER BY attempt');
    expect(rows).toMatchObject([
      { outcome: 'unknown', reason: 'the process ended before it was recorded' },
      { outcome: channel === 'sms' ? 'accepted' : 'delivered' },
    ]);
  },
);

test('killed again and again, it misses nobody, and there are no more copies than kills leave in doubt', async () => {
  const calls = 20;
  await notify(
    Array.from({ length: calls }, (_, i) => ({
      call: sampleCall({ id: `step-${i}`, link: `https://kidjamo.example/e/${i}` }),
      recipients: [bySms('r1', '+237690000001'), byWebhook('r2')],
    })),
  );
  let kills = 0;
  let child = start(1000);
  for (const at of [3, 9, 14, 25]) {
    const reached = Promise.withResolvers<undefined>();
    receiver.answer = (response, request) => {
      answerWith(201, { sid: 'SM1' })(response, request);
      if (receiver.received.length >= at) reached.resolve(undefined);
    };
    await reached.promise;
    await child.kill();
    kills += 1;
    child = start(1000);
  }
  await expect.poll(async () => (await deliveries()).filter(({ state }) => state !== 'delivered')).toEqual([]);
  await child.stop();
  const copies = Map.groupBy(receiver.received, nameOf);
  expect(copies.size).toBe(2 * calls);
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::integer AS n FROM notification_attempt WHERE outcome = 'unknown' AND reason <> 'the process ended before it was recorded'`,
  );
  // Two channels, each with one attempt at a time: a kill leaves two in doubt at most. Any other doubt was recorded as such.
  expect(receiver.received.length - copies.size).toBeLessThanOrEqual(2 * kills + (rows[0]?.n ?? 0));
  for (const some of copies.values()) expect(some.length).toBeLessThanOrEqual(1 + kills + (rows[0]?.n ?? 0));
  const uncertain = (await deliveries()).reduce((sum, each) => sum + each.uncertain_attempts, 0);
  expect(receiver.received.length - copies.size).toBeLessThanOrEqual(uncertain);
});

test('a call that the store cannot keep is refused by name, and those beside it are taken', async () => {
  const bad = sampleCall({ id: 'bad', patientName: 'a\u0000b' });
  const requests = [bad, sampleCall({ id: 'good' })].map((call) => ({ call, recipients: [byWebhook('r1')] }));
  expect(await notify(requests)).toMatchObject({ deliveries: 1, known: 0, refused: [{ id: 'bad' }] });
  expect(await deliveries()).toHaveLength(1);
});

test('two processes at once send each message once', async () => {
  await notify(Array.from({ length: 40 }, (_, i) => ({ call: sampleCall({ id: `step-${i}` }), recipients: [byWebhook(`r${i}`)] })));
  const both = [start(10_000), start(10_000)];
  await expect.poll(async () => (await deliveries()).filter(({ state }) => state !== 'delivered')).toEqual([]);
  await Promise.all(both.map((each) => each.stop()));
  expect(receiver.received).toHaveLength(40);
  expect(new Set(receiver.received.map(nameOf)).size).toBe(40);
});
