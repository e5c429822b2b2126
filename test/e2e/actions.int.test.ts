import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home, kill } from './kidjamo.ts';

// What people do about an alert, from the reading that raised it to its end, while the process that takes and applies it is killed.

const WITHIN = { timeout: 150_000 };
const TOKEN = 'token of the operator';

let home: Home;

beforeAll(async () => {
  home = await Home.make({ KIDJAMO_OPERATOR_TOKEN: TOKEN });
});

afterAll(() => home.remove());

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const answer = await fetch(`${home.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}`, ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

/** Sends until there is an answer, as a program does whose connection broke. */
async function insist(send: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await send().catch(() => undefined);
    if (answer !== undefined && answer.status !== 503) return answer;
    await delay(100);
  }
}

async function items(path: string): Promise<Readonly<Record<string, unknown>>[]> {
  return ((await (await fetch(`${home.url}${path}`)).json()) as { items: Readonly<Record<string, unknown>>[] }).items;
}

async function person(first: string, role: string): Promise<string> {
  return String((await post('/api/v1/people', { role, first_name: first, last_name: 'Diallo' })).body['user_id']);
}

test('each action is done once, however often it is sent and whoever dies, and the log tells the story', async () => {
  let process = await home.up();
  const reading = { patient_id: 'awa', device_id: 'bracelet', timestamp: new Date().toISOString(), spo2_pct: 80 };
  expect(await post('/ingest', reading)).toMatchObject({ status: 200, body: { alerts_detected: 1 } });
  await expect.poll(() => items('/api/v1/alerts?patient=awa'), WITHIN).toMatchObject([{ status: 'active', acknowledged_at: null }]);
  const alert = String((await items('/api/v1/alerts?patient=awa'))[0]?.['alert_id']);

  const mother = await person('Fatou', 'parent');
  const doctor = await person('Mariama', 'medecin');
  const link = { user_id: mother, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true };
  expect(await post('/api/v1/patients/awa/caregivers', link)).toMatchObject({ status: 200 });
  expect(await post(`/api/v1/people/${doctor}/clinician`, { license_number: 'FR-1' })).toMatchObject({ status: 200 });
  expect(await post('/api/v1/patients/awa/clinicians', { clinician_id: doctor, role: 'médecin_traitant' })).toMatchObject({ status: 200 });
  const act = (action: string, who: string, body: object = {}): Promise<Answer> =>
    post(`/api/v1/alerts/${alert}/${action}`, body, { 'x-kidjamo-person': who, 'idempotency-key': `${action} of the test` });

  // Killed while the first request is on its way or just taken: its answer may never come.
  const first = insist(() => act('acknowledge', mother));
  await kill(process);
  process = await home.up();
  const acknowledged = await first;
  expect([200, 202]).toContain(acknowledged.status);
  await expect.poll(() => act('acknowledge', mother), WITHIN).toMatchObject({ status: 200, body: { alert_status: 'acknowledged' } });
  expect((await act('acknowledge', mother)).body['action_id']).toBe(acknowledged.body['action_id']);

  expect(await act('resolve', mother)).toMatchObject({ status: 403, body: { type: 'urn:kidjamo:problem:forbidden' } });
  await insist(() => act('comment', mother, { note: 'elle a mal au dos' }));
  await kill(process);
  process = await home.up();
  await expect
    .poll(() => act('resolve', doctor, { note: 'vue au lit' }), WITHIN)
    .toMatchObject({ status: 200, body: { alert_status: 'resolved' } });
  await kill(process);
  await home.up();
  expect(await act('resolve', doctor, { note: 'vue au lit' })).toMatchObject({ status: 200 });

  await home.processed();
  // Whom the alarm called is another story, and depends on how long all this takes.
  const done = (await items(`/api/v1/alerts/${alert}/log`)).filter(({ status }) => status !== 'called' && status !== 'escalated');
  const story = done.map((entry) => [entry['status'], entry['to_status'], entry['changed_by_name'], entry['comment']]);
  expect(story).toEqual([
    ['created', 'active', null, null],
    ['acknowledged', 'acknowledged', 'Fatou Diallo', null],
    ['commented', 'acknowledged', 'Fatou Diallo', 'elle a mal au dos'],
    ['resolved', 'resolved', 'Mariama Diallo', 'vue au lit'],
  ]);
  expect(await home.sql(`SELECT sum(value)::int AS n FROM stream.counter WHERE name = 'action_applied'`)).toEqual([{ n: 3 }]);
  expect((await items('/api/v1/alerts?patient=awa')).filter(({ alert_id: id }) => id === alert)).toMatchObject([
    { status: 'resolved', acknowledged_by: mother, acknowledged_by_name: 'Fatou Diallo', resolved_by: doctor, breach_count: 1 },
  ]);
});
