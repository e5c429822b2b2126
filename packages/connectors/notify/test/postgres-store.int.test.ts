import { NOTIFY_MIGRATIONS, PostgresNotificationStore, POLICY, STATES } from '@kidjamo/connector-notify';
import { notificationStoreConformance, sampleCall, sampleRecipient } from '@kidjamo/connector-notify/testing';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { planCall } from '../src/notifier/planning.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase([NOTIFY_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url, max: 12 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

notificationStoreConformance('PostgreSQL', async () => {
  await pool.query('TRUNCATE notification_call, notification, notification_attempt, notification_position');
  return { store: new PostgresNotificationStore(pool), close: () => Promise.resolve() };
});

test('the states of the table are those of the code', async () => {
  const { rows } = await pool.query<{ definition: string }>(
    `SELECT pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = 'notification'::regclass AND conname = 'notification_state_check'`,
  );
  const named = Array.from(rows[0]?.definition.matchAll(/'(?<state>\w+)'/g) ?? [], ({ groups }) => groups?.['state']);
  expect(named).toEqual([...STATES]);
});

test('addresses are forgotten when all is done, and history tells every attempt', async () => {
  await pool.query('TRUNCATE notification_call, notification, notification_attempt');
  const store = new PostgresNotificationStore(pool);
  const now = Date.UTC(2026, 10, 21);
  const request = { call: sampleCall(), recipients: [sampleRecipient('r1', ['sms', 'email'])] };
  await store.plan([planCall(request, { now, policy: POLICY, channels: new Set(['sms', 'email']), sent: () => 0 })], now);
  for (const [at, event, outcome] of [
    [now, 'miss', 'failed'],
    [now + 60_000, 'accept', 'accepted'],
  ] as const) {
    const [claim] = await store.claim({ channel: 'sms', now: at, until: at + 30_000, max: 1 });
    if (claim === undefined) expect.fail('nothing was due');
    await store.settle(claim, { event, outcome, reason: '', providerId: '', dueAt: at + 60_000, fallback: undefined }, at + 5);
  }
  const { rows } = await pool.query('SELECT state, address, rest, attempts FROM notification');
  expect(rows).toEqual([{ state: 'delivered', address: null, rest: null, attempts: 2 }]);
  const attempts = await pool.query('SELECT attempt, outcome, ended_at - started_at AS took FROM notification_attempt ORDER BY 1');
  expect(attempts.rows).toMatchObject([
    { attempt: 1, outcome: 'failed' },
    { attempt: 2, outcome: 'accepted' },
  ]);
  const whole = JSON.stringify((await pool.query('SELECT to_jsonb(n) FROM notification n')).rows);
  expect(whole).not.toContain('sms-of-r1');
  expect(whole).not.toContain('email-of-r1');
});

test('what is critical cannot be held back, whoever writes it', async () => {
  const store = new PostgresNotificationStore(pool);
  const plan = planCall(
    { call: sampleCall({ id: 'held-critical' }), recipients: [sampleRecipient('r1', ['sms'])] },
    { now: 0, policy: POLICY, channels: new Set(['sms']), sent: () => 0 },
  );
  const wrong = { ...plan, deliveries: plan.deliveries.map((each) => ({ ...each, state: 'held' as const })) };
  await expect(store.plan([wrong], 0)).rejects.toMatchObject({ code: 'STORE_REJECTED' });
});

test('a plan that the store would refuse is told, and nothing is written by asking', async () => {
  await pool.query('TRUNCATE notification_call, notification, notification_attempt');
  const store = new PostgresNotificationStore(pool);
  const around = { now: 0, policy: POLICY, channels: new Set(['sms'] as const), sent: () => 0 };
  const planned = (id: string, patientName: string) =>
    planCall({ call: sampleCall({ id, patientName }), recipients: [sampleRecipient('r1', ['sms'])] }, around);
  expect(await store.refusal(planned('good', 'Awa'), 0)).toBeUndefined();
  expect(await store.refusal(planned('bad', 'a\u0000b'), 0)).toMatch(/SQLSTATE/);
  expect((await pool.query('SELECT FROM notification_call')).rowCount).toBe(0);
});
