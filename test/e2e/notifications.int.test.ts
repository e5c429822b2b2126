import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresLog, Wakeups } from '@kidjamo/connector-postgres';
import { LOGS } from '@kidjamo/vitals';
import type { CallOut, InputRecord } from '@kidjamo/vitals';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startReceiver, type HttpReceiver, type ReceivedRequest } from '../../packages/connectors/notify/test/http-receiver.ts';
import { startMailServer, type MailServer } from '../../packages/connectors/notify/test/mail-server.ts';
import { Home, kill } from './kidjamo.ts';

// From the log of calls to the telephones and mailboxes of people, through the processes that run, while they are killed.

/** On a busy machine. */
const WITHIN = { timeout: 90_000 };

let home: Home;
let sms: HttpReceiver;
let hospital: HttpReceiver;
let mail: MailServer;
let process: ChildProcess;

beforeAll(async () => {
  [sms, hospital, mail] = await Promise.all([startReceiver(), startReceiver(), startMailServer()]);
  home = await Home.make({
    NOTIFY_PUBLIC_URL: 'https://k.example/',
    // What was under way when the process was killed is sent again after three times as long.
    NOTIFY_SEND_WITHIN_MS: '3000',
    NOTIFY_SMTP_HOST: '127.0.0.1',
    NOTIFY_SMTP_PORT: String(mail.port),
    NOTIFY_SMTP_TLS: 'none',
    NOTIFY_SMTP_FROM: 'alarmes@kidjamo.example',
    NOTIFY_SMS_URL: `${sms.url}/messages`,
    NOTIFY_SMS_TEMPLATE: '{"to": "{{to}}", "text": "{{text}}", "key": "{{key}}"}',
    NOTIFY_WEBHOOK_URL: `${hospital.url}/calls`,
    NOTIFY_WEBHOOK_SECRET: randomBytes(32).toString('base64'),
  });
  process = await home.up();
});

afterAll(async () => {
  await home.remove();
  await Promise.all([sms.close(), hospital.close(), mail.close()]);
});

async function post(path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${home.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${String(answer.status)}: ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

async function person(more: object): Promise<string> {
  return String((await post('/api/v1/people', { last_name: 'Diallo', timezone: 'Africa/Douala', ...more }))['user_id']);
}

async function patient(name: string): Promise<string> {
  const id = randomUUID();
  await home.sql('INSERT INTO patients (patient_id, external_id) VALUES ($1, $2)', [id, name]);
  return id;
}

async function caregiver(name: string, phone: string): Promise<string> {
  const id = await person({ role: 'parent', first_name: 'Fatou', phone });
  const link = { user_id: id, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true };
  await post(`/api/v1/patients/${name}/caregivers`, link);
  return id;
}

/** Works on a log of the running instance, as the task does. */
async function withLog<T>(name: string, work: (log: PostgresLog) => Promise<T>): Promise<T> {
  const { database_url: url } = JSON.parse(await readFile(join(home.path, 'instance.json'), 'utf8')) as { database_url: string };
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const wakeups = new Wakeups(randomUUID());
  try {
    return await work(await PostgresLog.open({ name, pool, wakeups }, 4));
  } finally {
    wakeups.close();
    await pool.end();
  }
}

function append(...values: readonly (CallOut | string)[]): Promise<unknown> {
  const text = (value: CallOut | string): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return withLog(LOGS.calls, (log) => log.append(values.map((value) => ({ partition: 0, key: 'patient', value: text(value) }))));
}

function callOut(patientId: string, more: Partial<CallOut> = {}): CallOut {
  const now = Date.now();
  return {
    step: randomUUID(),
    episode: 'episode',
    patient_id: patientId,
    class: 'clinical',
    severity: 'critical',
    level: 0,
    reach: 'clinicians',
    reason: 'raised',
    alarms: [
      {
        alert_id: randomUUID(),
        alert_type: 'CRITICAL_SPO2',
        rule_version: '1.0.0',
        severity: 'critical',
        measurements: { spo2: 84.5 },
        limit: 'SpO2 < 88 %',
        since: now - 60_000,
      },
    ],
    deadline: now + 300_000,
    called_at: now,
    correlation: 'test',
    ...more,
  };
}

interface Sms {
  readonly to: string;
  readonly text: string;
  readonly key: string;
}

const read = ({ body }: ReceivedRequest): Sms => JSON.parse(body.toString()) as Sms;

/** Resolves when every message of these steps has come to its end. */
async function told(steps: readonly string[]): Promise<void> {
  const open = (): Promise<object[]> =>
    home.sql(
      `SELECT c.step FROM unnest($1::text[]) AS c(step)
        WHERE NOT EXISTS (SELECT FROM notification_call k WHERE k.call_id = c.step)
           OR EXISTS (SELECT FROM notification n WHERE n.call_id = c.step AND n.state NOT IN ('delivered', 'failed', 'superseded'))`,
      [steps],
    );
  await expect.poll(open, WITHIN).toEqual([]);
}

test('the people of each level are told once, in their language, by their channel, and only mails name the patient', async () => {
  const awa = await patient('patient-awa');
  await caregiver('patient-awa', '+237 690 00 00 01');
  const doctor = await person({
    ...{ role: 'medecin', first_name: 'Mariama', language: 'en', phone: '+237690000002', email: 'doctor@clinic.example' },
    preferences: { channels: ['email', 'sms'] },
  });
  await post(`/api/v1/people/${doctor}/clinician`, { license_number: 'FR-1' });
  await post('/api/v1/patients/patient-awa/clinicians', { clinician_id: doctor, role: 'médecin_traitant' });

  const raised = callOut(awa);
  const escalated = callOut(awa, { level: 1, reason: 'escalated' });
  const surroundings = callOut(awa, { level: 1, reach: 'caregivers', severity: 'alert' });
  const informed = callOut(awa, { level: 1, reason: 'inform_clinician', deadline: null });
  // The first comes twice, as after a crash of the task that never happens.
  await append(raised, 'no call', raised, escalated, surroundings, informed);
  await told([raised, escalated, surroundings, informed].map(({ step }) => step));

  expect(sms.received.map(read)).toEqual([
    {
      to: '+237690000001',
      text: expect.stringMatching(/^Kidjamo CRITIQUE : Saturation en oxygène critique \d\d:\d\d https:\/\/k\.example\/\?alert=/) as string,
      key: expect.any(String) as string,
    },
  ]);
  const alert = raised.alarms[0]?.alert_id ?? '';
  expect(sms.received.map(read)[0]?.text).toContain(alert);
  expect(sms.received.map(({ body }) => body.toString()).join()).not.toMatch(new RegExp(`patient-awa|${awa}|Fatou|Diallo`));

  expect(mail.mails).toHaveLength(2);
  for (const whole of mail.mails) {
    expect(whole).toMatch(/^To: doctor@clinic\.example\r?$/im);
    expect(whole).toMatch(/^Content-Language: en\r?$/im);
    const [head = '', ...body] = whole.split('\r\n\r\n');
    expect(head).not.toContain('awa');
    expect(body.join()).toContain('Patient: patient-awa');
  }
  expect(mail.mails.join()).toMatch(/nobody has answered \(escalation 1\)/);
  expect(mail.mails.join()).toMatch(/for information/);

  expect(hospital.received).toHaveLength(4);
  expect(new Set(hospital.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(4);
  expect(hospital.received.map(({ body }) => body.toString()).join()).not.toMatch(new RegExp(`patient-awa|${awa}`));
});

test('a reading beyond a floor reaches the telephone of who looks after the patient', async () => {
  await patient('patient-sick');
  await caregiver('patient-sick', '+237690000005');
  const before = sms.received.length;
  await post('/ingest', { patient_id: 'patient-sick', device_id: 'bracelet', timestamp: new Date().toISOString(), spo2_pct: 80 });
  const texts = (): unknown[] => sms.received.slice(before).map(read);
  await expect.poll(texts).toMatchObject([{ to: '+237690000005', text: expect.stringMatching(/^Kidjamo CRITIQUE : /) as string }]);
  const [{ id } = { id: '' }] = await home.sql<{ id: string }>(`SELECT alert_id::text AS id FROM alerts WHERE severity = 'critical'`);
  expect(JSON.stringify(texts())).toContain(`https://k.example/?alert=${id}`);
});

test('a level with nobody is handed back to the alarm engine, and what is no call is kept with the reason', async () => {
  const alone = await patient('patient-alone');
  const call = callOut(alone, { level: 2 });
  await append(call);
  const handedBack = (): Promise<InputRecord[]> =>
    withLog(LOGS.input, async (log) => {
      const all = await Promise.all(Array.from({ length: log.partitions }, (_, partition) => log.read(partition, 0, 1000)));
      return all.flat().map(({ value }) => JSON.parse(value) as InputRecord);
    });
  await expect.poll(handedBack).toContainEqual(expect.objectContaining({ kind: 'unreached', patient: alone, step: call.step }));
  await home.processed();
  expect(await home.sql(`SELECT sum(value)::int AS n FROM stream.counter WHERE name = 'unreached'`)).not.toEqual([{ n: null }]);
  expect(await home.sql(`SELECT value, reason FROM stream.dead_letter WHERE consumer_group = 'notifier'`)).toEqual([
    { value: 'no call', reason: 'the record is no JSON' },
  ]);
  const metrics = async (): Promise<string> => (await fetch(`${home.url}/metrics/prometheus`)).text();
  await expect.poll(metrics).toMatch(/^kidjamo_notify_unreached_calls_total\{severity="critical"\} \d+$/m);
});

test('a person can be sent a test', async () => {
  const before = sms.received.length;
  await patient('patient-tested');
  const mother = await caregiver('patient-tested', '+237690000003');
  expect(await home.json(['notify', 'test', '--to', mother])).toEqual({
    ok: true,
    deliveries: [{ channel: 'sms', state: 'delivered', reason: '' }],
  });
  expect(sms.received.slice(before).map(read)).toMatchObject([{ to: '+237690000003', text: expect.stringMatching(/essai/) as string }]);
});

test('killed between sending and recording: nobody is missed, and copies are no more than the kill leaves in doubt', async () => {
  const before = sms.received.length;
  const binta = await patient('patient-binta');
  await caregiver('patient-binta', '+237690000004');
  const calls = Array.from({ length: 12 }, () => callOut(binta));
  const inDoubt = Promise.withResolvers<undefined>();
  const held = 5;
  // From the third on nobody is answered until the process is dead.
  sms.answer = (response) => {
    const arrived = sms.received.length - before;
    if (arrived < 3) response.end();
    if (arrived === 3 + held - 1) inDoubt.resolve(undefined);
  };
  await append(...calls);
  await inDoubt.promise;
  await kill(process);
  sms.answer = (response) => response.end();
  process = await home.up();
  await told(calls.map(({ step }) => step));

  const copies = Map.groupBy(sms.received.slice(before).map(read), ({ key }) => key);
  expect(copies.size).toBe(calls.length);
  for (const some of copies.values()) expect(some.length).toBeLessThanOrEqual(2);
  const [{ doubts } = { doubts: 0 }] = await home.sql<{ doubts: number }>(
    `SELECT sum(n.uncertain_attempts)::int AS doubts FROM notification n JOIN notification_call c USING (call_id)
      WHERE n.channel = 'sms' AND c.patient_id = $1`,
    [binta],
  );
  expect(sms.received.length - before - copies.size).toBeLessThanOrEqual(doubts);
  expect(doubts).toBeGreaterThan(0);
});
