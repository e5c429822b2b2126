import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ActionAnswer, ActionProblem } from '../../src/actions/schemas.ts';
import { ACTION_OPERATIONS } from '../../src/api/actions.ts';
import { ACTIONS } from '../../src/contracts/reading.ts';
import { OPERATOR } from '../../src/read/actor.ts';
import { held } from '../task/rig.ts';
import type { Answer } from './hospital.ts';
import { Hospital } from './hospital.ts';

/** The bound on waiting for the task. */
const WITHIN = { timeout: 30_000 };

let hospital: Hospital;
let stop: () => Promise<void>;
let mother: string;
let uncle: string;
let doctor: string;
let onCall: string;
let stranger: string;
let patient: string;

beforeAll(async () => {
  hospital = await Hospital.open();
  stop = hospital.work();
  const { people } = hospital;
  mother = await hospital.user('Awa');
  uncle = await hospital.user('Issa');
  doctor = await hospital.clinician('Mariama');
  onCall = await hospital.clinician('Oumar');
  stranger = await hospital.clinician('Paul');
  patient = await newPatient();
  const now = Date.now();
  await people.addShift(OPERATOR, {
    clinician_id: onCall,
    starts_at: new Date(now - 3_600_000).toISOString(),
    ends_at: new Date(now + 3_600_000).toISOString(),
  });
  await people.addShift(OPERATOR, {
    clinician_id: stranger,
    starts_at: new Date(now - 7_200_000).toISOString(),
    ends_at: new Date(now - 3_600_000).toISOString(),
  });
});

afterAll(async () => {
  await stop();
  await hospital.close();
});

async function newPatient(): Promise<string> {
  const id = await hospital.patient();
  const { people } = hospital;
  await people.setCaregiver(OPERATOR, id, { user_id: mother, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true });
  await people.setCaregiver(OPERATOR, id, { user_id: uncle, relationship: 'famille', priority_level: 2, can_acknowledge_alerts: false });
  await people.assign(OPERATOR, id, { clinician_id: doctor, role: 'médecin_traitant', is_primary: true });
  return id;
}

/** A critical alert that is open. */
async function newAlert(of = patient): Promise<string> {
  await hospital.breach(of);
  let id: string | undefined;
  await expect
    .poll(async () => {
      const { rows } = await hospital.pool.query<{ alert_id: string }>(
        'SELECT alert_id FROM alerts WHERE patient_id = $1 AND resolved_at IS NULL',
        [of],
      );
      id = rows[0]?.alert_id;
      return id;
    }, WITHIN)
    .toBeDefined();
  return id ?? '';
}

function expectDocumented(action: string, { status, type, body }: Answer): void {
  const operation = ACTION_OPERATIONS.find(({ path }) => path.endsWith(`/${action}`));
  const schema = operation?.answers[status]?.content[type.split(';')[0] ?? ''];
  expect(schema, `${action} answered ${status} ${type}`).toBeDefined();
  const closed = { ...(status < 400 ? ActionAnswer : ActionProblem), additionalProperties: false };
  expect(Compile(closed).Errors(body)).toEqual([]);
}

describe('from a critical reading to its end', () => {
  test('the log of the alert tells the story', async () => {
    const alert = await newAlert(await newPatient());
    const first = await hospital.act(alert, 'acknowledge', { person: mother, key: 'k-1' });
    expect(first).toMatchObject({ status: 200, body: { status: 'applied', alert_id: alert, alert_status: 'acknowledged' } });
    const again = await hospital.act(alert, 'acknowledge', { person: mother, key: 'k-1' });
    expect(again).toEqual(first);
    expect(await hospital.act(alert, 'comment', { person: uncle, body: { note: 'Elle respire\nmieux.' } })).toMatchObject({ status: 200 });
    const resolved = await hospital.act(alert, 'resolve', { person: doctor, body: { note: 'examinée' }, key: 'k-2' });
    expect(resolved).toMatchObject({ status: 200, body: { alert_status: 'resolved' } });
    expect(await hospital.act(alert, 'resolve', { person: doctor, body: { note: 'examinée' }, key: 'k-2' })).toEqual(resolved);
    const late = await hospital.act(alert, 'acknowledge', { person: doctor });
    expect(late).toMatchObject({ status: 409, body: { type: 'urn:kidjamo:problem:wrong-state', alert_status: 'resolved' } });
    for (const [action, answer] of [
      ['acknowledge', first],
      ['resolve', resolved],
      ['acknowledge', late],
    ] as const)
      expectDocumented(action, answer);

    const story = await hospital.story(alert);
    expect(
      story.map(({ status, from_status: from, to_status: to, changed_by_name: who, comment }) => [status, from, to, who, comment]),
    ).toEqual([
      ['created', null, 'active', null, null],
      ['acknowledged', 'active', 'acknowledged', 'Awa Diallo', null],
      ['commented', 'acknowledged', 'acknowledged', 'Issa Diallo', 'Elle respire\nmieux.'],
      ['resolved', 'acknowledged', 'resolved', 'Mariama Diallo', 'examinée'],
      ['refused', 'resolved', 'resolved', 'Mariama Diallo', null],
    ]);
    const listed = (await hospital.get('/api/v1/alerts?limit=1000')).body['items'] as { alert_id: string }[];
    expect(listed.find(({ alert_id: id }) => id === alert)).toMatchObject({
      status: 'resolved',
      acknowledged_by: mother,
      acknowledged_by_name: 'Awa Diallo',
      resolved_by: doctor,
      auto_resolved: false,
    });
  });

  test('what two people send at once is both written down, and the first one stays the one who saw it', async () => {
    const alert = await newAlert(await newPatient());
    const people = [mother, doctor, onCall];
    const answers = await Promise.all(people.map((person) => hospital.act(alert, 'acknowledge', { person })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const story = (await hospital.story(alert)).slice(1);
    expect(story.map(({ changed_by: by }) => by).sort()).toEqual(people.sort());
    expect(story.map(({ from_status: from }) => from)).toEqual(['active', 'acknowledged', 'acknowledged']);
    const { rows } = await hospital.pool.query('SELECT acknowledged_by FROM alerts WHERE alert_id = $1', [alert]);
    expect(rows).toEqual([{ acknowledged_by: story[0]?.changed_by }]);
  });

  test('what one person sends many times at once without a key is done once', async () => {
    const alert = await newAlert(await newPatient());
    const answers = await Promise.all(Array.from({ length: 8 }, () => hospital.act(alert, 'acknowledge', { person: mother })));
    expect(new Set(answers.map(({ body }) => body['alert_status']))).toEqual(new Set(['acknowledged']));
    const taken = new Set(answers.map(({ body }) => body['action_id']));
    const story = (await hospital.story(alert)).slice(1);
    expect(new Set(story.map(({ action_id: id }) => id))).toEqual(taken);
    expect(story.filter(({ from_status: from }) => from === 'active')).toHaveLength(1);
  });
});

describe('other alerts', () => {
  const statusOf = async (alert: string): Promise<unknown> =>
    (await hospital.pool.query<{ status: string }>('SELECT status FROM alerts WHERE alert_id = $1', [alert])).rows[0]?.status;

  test('raised by hand are acted on like any other', async () => {
    const id = await newPatient();
    const alert = randomUUID();
    const now = Date.now();
    const said = { alert_type: 'FALL', severity: 'critical', message: 'est tombée', correlation: 'm', digest: 'd' } as const;
    await hospital.append({ kind: 'manual_alert', id: alert, patient: id, at: now, received: now, ...said });
    await expect.poll(() => statusOf(alert), WITHIN).toBe('active');
    expect(await hospital.act(alert, 'acknowledge', { person: mother })).toMatchObject({ body: { alert_status: 'acknowledged' } });
    expect(await hospital.act(alert, 'snooze', { person: doctor, body: { minutes: 5 } })).toMatchObject({ status: 409 });
    expect(await hospital.act(alert, 'resolve', { person: doctor })).toMatchObject({ body: { alert_status: 'resolved' } });
    expect((await hospital.story(alert)).map(({ status }) => status)).toEqual(['created', 'acknowledged', 'refused', 'resolved']);
  });

  test('about the equipment of nobody known are put off by any clinician, and by no caregiver', async () => {
    const standIn = randomUUID();
    const device = randomUUID();
    const now = Date.now();
    await hospital.append(held({ patient: standIn, device, patient_known: false, reason: 'unknown_patient', at: now, received: now }));
    let alert = '';
    await expect
      .poll(async () => {
        const { rows } = await hospital.pool.query<{ alert_id: string }>('SELECT alert_id FROM alerts WHERE subject_id = $1', [standIn]);
        alert = rows[0]?.alert_id ?? '';
        return alert;
      }, WITHIN)
      .not.toBe('');
    expect(await hospital.act(alert, 'snooze', { person: mother, body: { minutes: 5 } })).toMatchObject({ status: 404 });
    expect(await hospital.act(alert, 'snooze', { person: stranger, body: { minutes: 5 } })).toMatchObject({
      status: 200,
      body: { alert_status: 'active' },
    });
    const { rows } = await hospital.pool.query(
      `SELECT a.snoozed_until > now() AS off, a.patient_id, l.patient_id AS logged
         FROM alerts a JOIN alert_status_logs l USING (alert_id) WHERE a.alert_id = $1 AND l.status = 'snoozed'`,
      [alert],
    );
    expect(rows).toEqual([{ off: true, patient_id: null, logged: null }]);
  });
});

describe('who may', () => {
  const may: readonly (readonly [who: () => string, what: readonly string[]])[] = [
    [() => mother, ['acknowledge', 'comment']],
    [() => uncle, ['comment']],
    [() => doctor, ['acknowledge', 'comment', 'resolve']],
    [() => onCall, ['acknowledge', 'comment', 'resolve']],
  ];
  test.each(may)('case %#', async (...[who, what]) => {
    for (const action of ['acknowledge', 'comment', 'resolve']) {
      const alert = await newAlert(await newPatient());
      const answer = await hospital.act(alert, action, { person: who(), body: action === 'comment' ? { note: 'vu' } : {} });
      expect([action, answer.status]).toEqual([action, what.includes(action) ? 200 : 403]);
      expectDocumented(action, answer);
      if (answer.status === 403) expect(await hospital.story(alert)).toHaveLength(1);
    }
  });

  test('a stranger, a shift that is over, one who is not active any more: as if there were no such alert', async () => {
    const alert = await newAlert();
    const gone = await hospital.clinician('Fatou');
    await hospital.people.assign(OPERATOR, patient, { clinician_id: gone, role: 'consultant' });
    expect(await hospital.act(alert, 'comment', { person: gone, body: { note: 'vu' } })).toMatchObject({ status: 200 });
    await hospital.people.changePerson(OPERATOR, gone, { is_active: false });
    const unknown = await hospital.act(randomUUID(), 'acknowledge', { person: doctor });
    expect(unknown.status).toBe(404);
    for (const person of [gone, stranger, randomUUID()]) {
      const answer = await hospital.act(alert, 'acknowledge', { person });
      expect({ ...answer.body, correlation_id: '' }).toEqual({ ...unknown.body, correlation_id: '' });
    }
  });

  test('nobody acts without being named', async () => {
    const alert = await newAlert();
    expect(await hospital.post(`/api/v1/alerts/${alert}/acknowledge`, {})).toMatchObject({ status: 403 });
    const odd = await hospital.act(alert, 'acknowledge', { person: 'Dr Diallo' });
    expect(odd).toMatchObject({ status: 422, body: { parameter: 'X-Kidjamo-Person' } });
    expect(JSON.stringify(odd.body)).not.toContain('Dr Diallo');
  });
});

describe('a key', () => {
  test('that comes with another body is refused, and what it stood for stays', async () => {
    const alert = await newAlert(await newPatient());
    await hospital.act(alert, 'comment', { person: doctor, body: { note: 'un' }, key: 'same' });
    const other = await hospital.act(alert, 'comment', { person: doctor, body: { note: 'deux' }, key: 'same' });
    expect(other).toMatchObject({ status: 409, body: { type: 'urn:kidjamo:problem:idempotency-conflict' } });
    // Of another person it is another key.
    expect(await hospital.act(alert, 'comment', { person: mother, body: { note: 'deux' }, key: 'same' })).toMatchObject({ status: 200 });
    expect((await hospital.story(alert)).map(({ comment }) => comment)).toEqual([null, 'un', 'deux']);
  });
});

describe('any body', () => {
  const bodies = fc.oneof(
    fc.constantFrom(
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{"note":1}',
      '{"note":""}',
      '{"minutes":0}',
      '{"minutes":1441}',
      '{"minutes":1.5}',
      '{"x":1}',
    ),
    fc.json(),
    fc.record(
      { note: fc.oneof(fc.string(), fc.constant('\u0000'), fc.constant('\ud800')), minutes: fc.oneof(fc.integer(), fc.string()) },
      { requiredKeys: [] },
    ),
  );
  test('is answered as documented, names the member, and leaves one row or none', { timeout: 120_000 }, async () => {
    const alert = await newAlert(await newPatient());
    let rows = (await hospital.story(alert)).length;
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ACTIONS), bodies, async (action, body) => {
        const answer = await hospital.act(alert, action, { person: doctor, body });
        seen.add(answer.status);
        expect([200, 400, 409, 422]).toContain(answer.status);
        expectDocumented(action, answer);
        if (answer.status === 422) expect(answer.body).toHaveProperty('parameter');
        if (typeof body === 'string' && !/^\s*(\{|null)/.test(body)) expect([400, 422]).toContain(answer.status);
        const now = (await hospital.story(alert)).length;
        // Sent again while nothing has happened, it is the same action; else it is a new row.
        expect(now - rows).toBe(answer.status === 200 || (answer.status === 409 && 'alert_status' in answer.body) ? 1 : 0);
        rows = now;
      }),
      {
        // Each answer at least once, whatever is drawn.
        examples: [
          ['comment', '{"note":"vu"}'],
          ['comment', '{'],
          ['comment', '{}'],
          ['snooze', '{"minutes":5}'],
        ],
      },
    );
    expect([...seen].sort()).toEqual([200, 400, 409, 422]);
  });

  test('that is large or of another type is refused', async () => {
    const alert = await newAlert();
    const large = await hospital.act(alert, 'comment', { person: doctor, body: { note: 'x'.repeat(20_000) } });
    expect(large).toMatchObject({ status: 413 });
    expectDocumented('comment', large);
    const xml = await hospital.post(`/api/v1/alerts/${alert}/comment`, '<note/>', {
      'content-type': 'text/xml',
      'x-kidjamo-person': doctor,
    });
    expect(xml).toMatchObject({ status: 415 });
    expectDocumented('comment', xml);
  });
});

test('the log of an alert that does not exist is no log', async () => {
  for (const id of [randomUUID(), 'x', '%00']) expect(await hospital.get(`/api/v1/alerts/${id}/log`)).toMatchObject({ status: 404 });
});

test('the log comes in pages', async () => {
  const alert = await newAlert(await newPatient());
  for (const note of ['1', '2', '3']) await hospital.act(alert, 'comment', { person: doctor, body: { note } });
  const notes: unknown[] = [];
  for (let next: unknown = ''; next !== null;) {
    const page = await hospital.get(`/api/v1/alerts/${alert}/log?limit=2${next === '' ? '' : `&cursor=${String(next)}`}`);
    const items = page.body['items'] as { comment: string | null; status: string }[];
    expect(items.length).toBeLessThanOrEqual(2);
    notes.push(...items.map(({ comment, status }) => comment ?? status));
    next = page.body['next_cursor'];
  }
  expect(notes).toEqual(['created', 'called', '1', '2', '3']);
});

test('without the task an action is kept, answered as accepted, and done once the task is back', async () => {
  const quiet = await Hospital.open({ patience: 0, identification: { token: 'geheim', strict: true } });
  let working = quiet.work();
  try {
    const id = await quiet.patient();
    const who = await quiet.clinician('Mariama');
    await quiet.people.assign(OPERATOR, id, { clinician_id: who, role: 'médecin_traitant' });
    await quiet.breach(id);
    const alerts = () => quiet.pool.query<{ alert_id: string; status: string }>('SELECT alert_id, status FROM alerts');
    await expect.poll(async () => (await alerts()).rows.length, WITHIN).toBe(1);
    await working();
    working = () => Promise.resolve();
    const alert = (await alerts()).rows[0]?.alert_id ?? '';
    const post = (token: string) =>
      quiet.post(`/api/v1/alerts/${alert}/acknowledge`, {}, { 'x-kidjamo-person': who, 'idempotency-key': 'k', authorization: token });
    for (const token of ['', 'Bearer', 'Bearer geheim2', 'bearer geheim'])
      expect(await post(token)).toMatchObject({ status: 401, body: { type: 'urn:kidjamo:problem:unauthenticated' } });
    const first = await post('Bearer geheim');
    expect(first).toMatchObject({ status: 202, body: { status: 'accepted', alert_status: null } });
    expectDocumented('acknowledge', first);
    expect(await post('Bearer geheim')).toEqual(first);
    expect((await alerts()).rows).toEqual([{ alert_id: alert, status: 'active' }]);
    working = quiet.work();
    await expect.poll(async () => (await alerts()).rows[0]?.status, WITHIN).toBe('acknowledged');
    expect((await quiet.story(alert)).map(({ status }) => status)).toEqual(['created', 'acknowledged']);
    expect(await post('Bearer geheim')).toMatchObject({ status: 200, body: { status: 'applied', action_id: first.body['action_id'] } });
  } finally {
    await working();
    await quiet.close();
  }
});

test('in production nobody is believed without a token', async () => {
  const strict = await Hospital.open({ patience: 0, identification: { token: '', strict: true } });
  try {
    expect(await strict.act(randomUUID(), 'acknowledge', { person: randomUUID() })).toMatchObject({ status: 401 });
  } finally {
    await strict.close();
  }
});
