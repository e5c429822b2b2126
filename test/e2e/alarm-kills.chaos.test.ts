import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '@kidjamo/vitals';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReceiver, type HttpReceiver } from '../../packages/connectors/notify/test/http-receiver.ts';
import { Home, kill } from './kidjamo.ts';
import { killPostmaster } from './kills.ts';

// 500 children fall ill at once, while the processes that raise the alarms, those that tell the mothers, and the database die again and again.

const EPISODES = 500;
const KILLS = 9;
/** KIDJAMO_SEED=<seed> kills the same processes in the same order again. */
const seed = Number(process.env['KIDJAMO_SEED'] ?? 20_261_122);
/** Posts under way at once. */
const LANES = 8;

let home: Home;
let sms: HttpReceiver;

beforeAll(async () => {
  sms = await startReceiver();
  home = await Home.make({
    NOTIFY_PUBLIC_URL: 'https://k.example/',
    NOTIFY_SEND_WITHIN_MS: '1000',
    NOTIFY_SMS_URL: `${sms.url}/messages`,
    NOTIFY_SMS_TEMPLATE: '{"to": "{{to}}", "text": "{{text}}", "key": "{{key}}"}',
  });
});

afterAll(async () => {
  await home.remove();
  await sms.close();
});

/** One mother for each child, whose number tells which. */
async function enrol(): Promise<void> {
  const ids = Array.from({ length: EPISODES }, (_, n) => n);
  const id = (kind: string): string => `('00000000-0000-4000-8000-${kind}' || lpad(n::text, 11, '0'))::uuid`;
  await home.sql(`INSERT INTO patients (patient_id, external_id) SELECT ${id('a')}, 'child-' || n FROM unnest($1::int[]) n`, [ids]);
  await home.sql(
    `INSERT INTO users (user_id, role, first_name, last_name, phone, created_at, updated_at)
     SELECT ${id('b')}, 'parent', 'Awa', 'Diallo', '+237' || (690000000 + n), now(), now() FROM unnest($1::int[]) n`,
    [ids],
  );
  await home.sql(
    `INSERT INTO caregivers (user_id, patient_id, relationship, priority_level, can_acknowledge_alerts, created_at, updated_at)
     SELECT ${id('b')}, ${id('a')}, 'parent', 1, true, now(), now() FROM unnest($1::int[]) n`,
    [ids],
  );
}

/** Posts until it is acknowledged, however often that takes. */
async function insist(child: number): Promise<void> {
  const body = JSON.stringify({
    ...{ patient_id: `child-${String(child)}`, device_id: `bracelet-${String(child)}` },
    ...{ timestamp: new Date().toISOString(), spo2_pct: 80, freq_card: 90 },
  });
  for (;;) {
    const status = await fetch(`${home.url}/ingest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      .then((answer) => answer.status)
      .catch(() => 0);
    if (status === 200) return;
    await delay(100);
  }
}

interface Sms {
  readonly to: string;
  readonly key: string;
}

test(`${String(EPISODES)} alarms under ${String(KILLS)} kills: every mother is told, copies are no more than were in doubt`, async () => {
  let owner: ChildProcess = await home.up();
  let joined: ChildProcess = await home.up({ join: true });
  await enrol();
  const random = seededRandom(seed);
  const told: string[] = [];
  const state = { next: 0 };
  const lanes = Array.from({ length: LANES }, async () => {
    while (state.next < EPISODES) {
      const child = state.next;
      state.next += 1;
      await insist(child);
      // So that it lasts as long as the kills do.
      await delay(random.between(100, 400));
    }
  });
  for (let n = 0; n < KILLS; n += 1) {
    await delay(random.between(200, 1500));
    const victim = random.weighted([
      ['owner', 1],
      ['joined', 1],
      ['postmaster', 1],
    ] as const);
    told.push(victim);
    if (victim === 'postmaster') await killPostmaster(home);
    else if (victim === 'joined') {
      await kill(joined);
      joined = await home.up({ join: true });
    } else {
      await kill(owner);
      owner = await home.up();
    }
  }
  await Promise.all(lanes);
  await home.processed();
  const open = (): Promise<object[]> =>
    home.sql(
      `SELECT p.external_id FROM patients p
        WHERE NOT EXISTS (SELECT FROM notification_call c JOIN notification n USING (call_id) WHERE c.patient_id = p.patient_id::text AND n.state = 'delivered')
           OR EXISTS (SELECT FROM notification_call c JOIN notification n USING (call_id)
                       WHERE c.patient_id = p.patient_id::text AND n.state NOT IN ('delivered', 'failed', 'superseded'))`,
    );
  await expect.poll(open, { timeout: 300_000, message: `seed ${String(seed)}, killed ${told.join(', ')}` }).toEqual([]);

  // One alarm of the floor and one first call of each child, whoever died when.
  expect(
    await home.sql(`SELECT count(*)::int AS n, count(DISTINCT patient_id)::int AS children FROM alerts WHERE alert_type = 'CRITICAL_SPO2'`),
  ).toEqual([{ n: EPISODES, children: EPISODES }]);
  expect(
    await home.sql(`SELECT count(*)::int AS n FROM alert_status_logs WHERE status = 'called' AND metadata ->> 'reason' = 'raised'`),
  ).toEqual([{ n: EPISODES }]);
  const messages = sms.received.map(({ body }) => JSON.parse(body.toString()) as Sms);
  expect(new Set(messages.map(({ to }) => to)).size).toBe(EPISODES);
  const [{ doubts } = { doubts: 0 }] = await home.sql<{ doubts: number }>(
    `SELECT coalesce(sum(uncertain_attempts), 0)::int AS doubts FROM notification WHERE channel = 'sms'`,
  );
  expect(messages.length - new Set(messages.map(({ key }) => key)).size).toBeLessThanOrEqual(doubts);
}, 600_000);
