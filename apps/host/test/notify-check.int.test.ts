import { NOTIFY_MIGRATIONS } from '@kidjamo/connector-notify';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { readSettings } from '../src/config/settings.ts';
import { notifyCheck } from '../src/stack/notify-check.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase([NOTIFY_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const MAIL = readSettings({ NOTIFY_SMTP_HOST: 'mail.example', NOTIFY_SMTP_FROM: 'alarms@kidjamo.example' });

/** A call of `age` minutes ago with one delivery. */
async function insert(id: string, delivery: { readonly state: string; readonly severity: string; readonly age: number }): Promise<void> {
  const { state, severity, age } = delivery;
  const at = new Date(Date.now() - age * 60_000);
  await pool.query(
    `INSERT INTO notification_call (call_id, severity, reason, called_at, planned_at, unreachable, content) VALUES ($1, $2, 'raised', $3, $3, 0, '{}')`,
    [id, severity, at],
  );
  await pool.query(
    `INSERT INTO notification (notification_id, call_id, group_id, recipient_id, place, channel, address, rest, language, time_zone, severity, state,
       held_before, due_at, late_at, expires_at, planned_at, updated_at)
     VALUES ($1, $1, $1, 'r', 0, 'email', $5, $6, 'fr', 'UTC', $2, $3, false, $4, $4, $4, $4, $4)`,
    [id, severity, state, at, state === 'delivered' ? null : 'a', state === 'delivered' ? null : '[]'],
  );
}

test('it names the ways, and what waits for too long', async () => {
  expect(await notifyCheck(pool, MAIL)).toMatchObject({ ok: true, detail: expect.stringMatching(/e-mail; 0 messages wait/) as string });
  await insert('delivered', { state: 'delivered', severity: 'critical', age: 60 });
  await insert('fresh', { state: 'planned', severity: 'critical', age: 1 });
  await insert('held', { state: 'held', severity: 'warn', age: 60 });
  expect(await notifyCheck(pool, MAIL)).toMatchObject({ ok: true, detail: expect.stringMatching(/2 messages wait, 0 critical/) as string });
  await insert('late', { state: 'retrying', severity: 'critical', age: 6 });
  expect(await notifyCheck(pool, MAIL)).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/3 messages wait, 1 critical/) as string,
  });
});

test('where nobody can be told, it says so', async () => {
  expect(await notifyCheck(pool, readSettings({ KIDJAMO_ENV: 'production' }))).toMatchObject({
    ok: false,
    remedy: expect.any(String) as string,
  });
});
