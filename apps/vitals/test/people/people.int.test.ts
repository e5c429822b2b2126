import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ActionProblem } from '../../src/actions/schemas.ts';
import { PEOPLE_OPERATIONS } from '../../src/api/people.ts';
import { MAX_OVERRIDES } from '../../src/pipeline/overrides.ts';
import type { Acting } from '../../src/read/actor.ts';
import { OPERATOR } from '../../src/read/actor.ts';
import type { Answer } from '../actions/hospital.ts';
import { Hospital } from '../actions/hospital.ts';
import { reading } from '../task/rig.ts';

/** The bound on waiting for the task. */
const WITHIN = { timeout: 30_000 };

let hospital: Hospital;
let stop: () => Promise<void>;
let patient: string;
let doctor: string;
let mother: string;

beforeAll(async () => {
  hospital = await Hospital.open();
  stop = hospital.work();
  patient = await hospital.patient();
  doctor = await hospital.clinician('Mariama');
  mother = await hospital.user('Awa');
  const { people } = hospital;
  await people.assign(OPERATOR, patient, { clinician_id: doctor, role: 'médecin_traitant', is_primary: true });
  await people.setCaregiver(OPERATOR, patient, {
    user_id: mother,
    relationship: 'parent',
    priority_level: 1,
    can_acknowledge_alerts: true,
  });
});

afterAll(async () => {
  await stop();
  await hospital.close();
});

function expectDocumented(id: string, { status, type, body }: Answer): void {
  const schema = PEOPLE_OPERATIONS.find((operation) => operation.id === id)?.answers[status]?.content[type.split(';')[0] ?? ''];
  expect(schema, `${id} answered ${status} ${type}`).toBeDefined();
  expect(Compile(status < 400 ? { ...schema, additionalProperties: false } : ActionProblem).Errors(body)).toEqual([]);
}

const as = (user: string): Acting => ({ kind: 'person', user });
const DAY = 86_400_000;
const names = (people: readonly { readonly first_name: string }[]): string[] => people.map(({ first_name: name }) => name);

describe('the team of a patient', () => {
  test('is called level by level, without those who are not active', async () => {
    const { people } = hospital;
    const id = await hospital.patient();
    for (const [name, priority] of [
      ['Un', 1],
      ['Deux', 2],
      ['Trois', 3],
    ] as const) {
      await people.setCaregiver(OPERATOR, id, {
        user_id: await hospital.user(name),
        relationship: 'famille',
        priority_level: priority,
        can_acknowledge_alerts: false,
      });
    }
    const left = await hospital.user('Parti');
    await people.setCaregiver(OPERATOR, id, { user_id: left, relationship: 'famille', priority_level: 1, can_acknowledge_alerts: true });
    await people.changePerson(OPERATOR, left, { is_active: false });
    await people.assign(OPERATOR, id, { clinician_id: doctor, role: 'médecin_traitant' });
    await people.assign(OPERATOR, id, { clinician_id: await hospital.clinician('Consultant'), role: 'consultant' });
    const called = async (level: number): Promise<string[]> => names(await people.recipients(OPERATOR, id, level)).sort();
    expect(await called(0)).toEqual(['Un']);
    expect(await called(1)).toEqual(['Deux', 'Mariama', 'Trois']);
    const everyone = ['Consultant', 'Deux', 'Mariama', 'Trois', 'Un'];
    expect(await called(2)).toEqual(everyone);
    expect(await called(3)).toEqual(everyone);
    const night = await hospital.clinician('Nuit');
    const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
    const shift = await people.addShift(OPERATOR, { clinician_id: night, starts_at: at(-1), ends_at: at(1) });
    await people.addShift(OPERATOR, { clinician_id: await hospital.clinician('Demain'), starts_at: at(2), ends_at: at(3) });
    expect(await called(2)).toEqual(['Nuit']);
    await people.removeShift(OPERATOR, shift);
    expect(await called(2)).toEqual(everyone);
  });

  test('has one primary treating clinician: the one named last', async () => {
    const { people } = hospital;
    const id = await hospital.patient();
    const [first, second] = [await hospital.clinician('Première'), await hospital.clinician('Seconde')];
    await people.assign(OPERATOR, id, { clinician_id: first, role: 'médecin_traitant', is_primary: true });
    await people.assign(OPERATOR, id, { clinician_id: second, role: 'médecin_traitant', is_primary: true });
    const { clinicians } = await people.team(OPERATOR, id);
    expect(clinicians.map(({ first_name: name, is_primary: primary }) => [name, primary])).toEqual([
      ['Seconde', true],
      ['Première', false],
    ]);
    await people.unassign(OPERATOR, id, second);
    await expect(people.unassign(OPERATOR, id, second)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(names((await people.team(OPERATOR, id)).clinicians)).toEqual(['Première']);
  });

  test('is seen by those who belong to it, and by nobody else', async () => {
    const { people } = hospital;
    for (const who of [OPERATOR, as(doctor), as(mother)]) expect(names((await people.team(who, patient)).caregivers)).toEqual(['Awa']);
    const stranger = as(await hospital.clinician('Étranger'));
    await expect(people.team(stranger, patient)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(people.overrides(stranger, patient)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(people.person(as(doctor), mother)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await people.person(as(mother), mother)).toMatchObject({ first_name: 'Awa', language: 'fr', timezone: 'Europe/Paris' });
  });

  test('is administered by the operator alone, who does not act on alarms', async () => {
    const { people } = hospital;
    const link = { user_id: mother, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true } as const;
    const shift = { clinician_id: doctor, starts_at: '2026-01-01', ends_at: '2026-01-02' };
    for (const refused of [
      people.addPerson(as(doctor), { role: 'admin', first_name: 'A', last_name: 'B' }),
      people.changePerson(as(doctor), doctor, { first_name: 'X' }),
      people.setClinician(as(mother), { user_id: mother, license_number: '1' }),
      people.setCaregiver(as(doctor), patient, link),
      people.removeCaregiver(as(doctor), patient, mother),
      people.assign(as(doctor), patient, { clinician_id: doctor, role: 'consultant' }),
      people.unassign(as(doctor), patient, doctor),
      people.addShift(as(doctor), shift),
      people.removeShift(as(doctor), randomUUID()),
      people.authorise(OPERATOR, patient, 'acknowledge'),
    ])
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('is made of people who are known, each with an address and a licence of their own', async () => {
    const { people } = hospital;
    const link = { user_id: randomUUID(), relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true } as const;
    await expect(people.setCaregiver(OPERATOR, patient, link)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(people.assign(OPERATOR, patient, { clinician_id: mother, role: 'consultant' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const person = { role: 'parent', first_name: 'A', last_name: 'B', email: 'a@example.org' } as const;
    await people.addPerson(OPERATOR, person);
    await expect(people.addPerson(OPERATOR, person)).rejects.toThrow(/^email:/);
    await expect(people.changePerson(OPERATOR, mother, { email: 'a@example.org' })).rejects.toThrow(/^email:/);
    await people.changePerson(OPERATOR, mother, {
      email: 'awa@example.org',
      preferences: { channels: ['sms'], quiet: { from: '22:00', to: '07:00' } },
    });
    expect(await people.person(OPERATOR, mother)).toMatchObject({ email: 'awa@example.org', preferences: { channels: ['sms'] } });
    await people.setClinician(OPERATOR, { user_id: await hospital.user('Un'), license_number: 'L-1' });
    const other = { user_id: await hospital.user('Deux'), license_number: 'L-1' };
    await expect(people.setClinician(OPERATOR, other)).rejects.toThrow(/^license_number:/);
    await expect(people.changePerson(OPERATOR, mother, { timezone: 'Europe/Nowhere' })).rejects.toThrow(/^timezone:/);
    await expect(people.changePerson(OPERATOR, randomUUID(), { first_name: 'X' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('an override', () => {
  const limit = (more: object = {}) => ({
    ...{ kind: 'limit', rule: 'CRITICAL_SPO2', severity: 'critical', limit: 'spo2', value: 84 },
    ...{ reason: 'saturation habituelle de 86 à 88 %', from: Date.now(), expires: Date.now() + 20 * DAY },
    ...more,
  });
  const ask = (path: string, body: object, { by, key }: { readonly by: string; readonly key?: string }): Promise<Answer> =>
    hospital.post(`/api/v1/patients/${path}`, body, { 'x-kidjamo-person': by, ...(key === undefined ? {} : { 'idempotency-key': key }) });
  const list = async (id: string): Promise<unknown[]> => [...(await hospital.people.overrides(OPERATOR, id))];
  const newPatient = async (): Promise<string> => {
    const id = await hospital.patient();
    await hospital.people.assign(OPERATOR, id, { clinician_id: doctor, role: 'consultant' });
    return id;
  };
  /** What the task remembers of the patient. */
  const remembered = async (id: string): Promise<unknown> => {
    const { rows } = await hospital.pool.query<{ id: string }>(
      `SELECT v ->> 'id' AS id FROM stream.task_state, jsonb_array_elements(state::jsonb -> 'v') v WHERE key = $1`,
      [`p/${id}`],
    );
    return rows.map((row) => row.id);
  };

  test('is set and ended by a clinician, once each, and both stay written down', async () => {
    const id = await newPatient();
    const body = limit();
    const set = await ask(`${id}/overrides`, body, { by: doctor, key: 'set' });
    expect(set).toMatchObject({
      status: 200,
      body: { status: 'applied', override: { kind: 'limit', rule: 'CRITICAL_SPO2', value: 84, set_by: doctor, revoked_at: null } },
    });
    const { override_id: override } = set.body;
    expect(await remembered(id)).toEqual([override]);
    expect(await ask(`${id}/overrides`, body, { by: doctor, key: 'set' })).toEqual(set);
    expect(await ask(`${id}/overrides`, { ...body, value: 83 }, { by: doctor, key: 'set' })).toMatchObject({
      status: 409,
      body: { type: 'urn:kidjamo:problem:idempotency-conflict' },
    });
    const path = `${id}/overrides/${String(override)}/revoke`;
    const ended = await ask(path, { reason: 'crise passée' }, { by: doctor, key: 'end' });
    expect(ended).toMatchObject({ status: 200, body: { override: { revoked_by: doctor, revoke_reason: 'crise passée' } } });
    expect(await ask(path, { reason: 'crise passée' }, { by: doctor, key: 'end' })).toEqual(ended);
    expect(await ask(path, { reason: 'encore une fois' }, { by: doctor })).toMatchObject({
      status: 409,
      body: { type: 'urn:kidjamo:problem:change-refused', detail: expect.stringContaining('over already') as string },
    });
    expect(await list(id)).toEqual([ended.body['override']]);
    expect(await remembered(id)).toEqual([]);
    const { rows } = await hospital.pool.query(
      'SELECT op, outcome, refused, changed_by FROM patient_rule_override_logs WHERE patient_id = $1 ORDER BY seq',
      [id],
    );
    expect(rows).toEqual([
      { op: 'set', outcome: 'applied', refused: null, changed_by: doctor },
      { op: 'revoke', outcome: 'applied', refused: null, changed_by: doctor },
      { op: 'revoke', outcome: 'refused', refused: 'over', changed_by: doctor },
    ]);
  });

  test('of a floor is what readings are judged by, from its commit to its end', async () => {
    const id = await newPatient();
    const set = await ask(`${id}/overrides`, limit(), { by: doctor });
    const count = async (table: 'measurements' | 'alerts'): Promise<unknown> =>
      (await hospital.pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE patient_id = $1`, [id])).rows[0]?.n;
    const read = async (device: string): Promise<void> => {
      const now = Date.now();
      await hospital.append(reading({ patient: id, device, at: now, received: now, vitals: { spo2: 86 } }));
    };
    await read(randomUUID());
    await expect.poll(() => count('measurements'), WITHIN).toBe(1);
    expect(await count('alerts')).toBe(0);
    await ask(`${id}/overrides/${String(set.body['override_id'])}/revoke`, { reason: 'crise passée' }, { by: doctor });
    await read(randomUUID());
    await expect.poll(() => count('alerts'), WITHIN).toBe(1);
  });

  test('that is sent many times without a key is one as long as it stands, and a new one after it was ended', async () => {
    const id = await newPatient();
    const body = limit();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(`${id}/overrides`, body, { by: doctor })));
    answers.push(await ask(`${id}/overrides`, body, { by: doctor }));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map((answer) => answer.body['override_id'])).size).toBe(1);
    expect(await list(id)).toHaveLength(1);
    const first = String(answers[0]?.body['override_id']);
    await ask(`${id}/overrides/${first}/revoke`, { reason: 'erreur' }, { by: doctor });
    const again = await ask(`${id}/overrides`, body, { by: doctor });
    expect(again.body['override_id']).not.toBe(first);
    expect(await list(id)).toHaveLength(2);
  });

  test('is refused to everybody else, and where the rules or the patient do not allow it', async () => {
    const id = await newPatient();
    const refused = async (body: object, by: string, of = id): Promise<unknown> => {
      const answer = await ask(`${of}/overrides`, body, { by });
      return [answer.status, answer.body['parameter']];
    };
    expect(await hospital.post(`/api/v1/patients/${id}/overrides`, limit())).toMatchObject({ status: 403 });
    expect(await refused(limit(), mother, patient)).toEqual([403, undefined]);
    expect(await refused(limit(), mother)).toEqual([404, undefined]);
    expect(await refused(limit(), doctor, await hospital.patient())).toEqual([404, undefined]);
    expect(await refused(limit({ rule: 'NONE' }), doctor)).toEqual([422, 'rule']);
    expect(await refused(limit({ expires: Date.now() + 40 * DAY }), doctor)).toEqual([422, 'expires']);
    // Nobody signs for somebody else.
    expect(await refused(limit({ by: mother }), doctor)).toEqual([422, 'by']);
    const elsewhere = await ask(`${patient}/overrides`, limit(), { by: doctor });
    for (const override of [randomUUID(), String(elsewhere.body['override_id'])])
      expect(await ask(`${id}/overrides/${override}/revoke`, { reason: 'erreur' }, { by: doctor })).toMatchObject({ status: 404 });
    expect(await list(patient)).toMatchObject([{ revoked_at: null }]);
  });

  test('too many of one patient are refused, and which is the most is said', async () => {
    const id = await newPatient();
    const one = (n: number): Promise<Answer> => ask(`${id}/overrides`, limit({ value: 80 + n / 10 }), { by: doctor });
    const taken = await Promise.all(Array.from({ length: MAX_OVERRIDES }, (_, n) => one(n)));
    expect(new Set(taken.map(({ status }) => status))).toEqual(new Set([200]));
    const refusal = await one(MAX_OVERRIDES);
    expect(refusal).toMatchObject({ status: 409, body: { detail: expect.stringContaining(`${MAX_OVERRIDES} overrides`) as string } });
    await ask(`${id}/overrides/${String(taken[0]?.body['override_id'])}/revoke`, { reason: 'erreur' }, { by: doctor });
    expect(await one(MAX_OVERRIDES)).toMatchObject({ status: 200 });
  });

  test('that was set before changes went through the task is ended by the migration, with the reason', async () => {
    const id = await newPatient();
    const migration = await readFile(new URL('../../src/migrations/0007_overrides.sql', import.meta.url), 'utf8');
    const client = await hospital.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('DROP TABLE patient_rule_override_logs');
      await client.query(
        `INSERT INTO patient_rule_overrides (override_id, patient_id, kind, rule, set_by, reason, starts_at, expires_at, created_at)
         SELECT gen_random_uuid(), $1, 'disable', 'HEART_RATE_HIGH', $2, 'tachycardie connue', now() - interval '2 h', now() + hours * interval '1 h', now()
           FROM unnest(ARRAY[-1, 1]) AS hours`,
        [id, doctor],
      );
      await client.query(migration);
      const { rows } = await client.query(
        `SELECT expires_at > now() AS open, revoked_by, revoke_reason FROM patient_rule_overrides WHERE patient_id = $1 ORDER BY expires_at`,
        [id],
      );
      expect(rows).toEqual([
        { open: false, revoked_by: null, revoke_reason: null },
        { open: true, revoked_by: doctor, revoke_reason: expect.stringContaining('never in force') as string },
      ]);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  test('is kept without the task, answered as accepted, and set once the task is back', async () => {
    const quiet = await Hospital.open({ patience: 0 });
    let working = (): Promise<void> => Promise.resolve();
    try {
      const id = await quiet.patient();
      const who = await quiet.clinician('Mariama');
      await quiet.people.assign(OPERATOR, id, { clinician_id: who, role: 'médecin_traitant' });
      const body = limit();
      const post = (): Promise<Answer> => quiet.post(`/api/v1/patients/${id}/overrides`, body, { 'x-kidjamo-person': who });
      const first = await post();
      expectDocumented('addOverride', first);
      expect(first).toMatchObject({ status: 202, body: { status: 'accepted', override: null } });
      expect(await post()).toEqual(first);
      expect(await quiet.people.overrides(OPERATOR, id)).toEqual([]);
      working = quiet.work();
      await expect.poll(() => quiet.people.overrides(OPERATOR, id), WITHIN).toMatchObject([{ override_id: first.body['override_id'] }]);
      expect(await post()).toMatchObject({ status: 200, body: { change_id: first.body['change_id'] } });
      expect(await quiet.people.overrides(OPERATOR, id)).toHaveLength(1);
    } finally {
      await working();
      await quiet.close();
    }
  });
});

describe('over HTTP', () => {
  test('a team is made, read and unmade', async () => {
    const id = await hospital.patient();
    const added = await hospital.post('/api/v1/people', {
      role: 'medecin',
      first_name: 'Éva',
      last_name: 'Ba',
      language: 'en',
      phone: '+33 1 23 45',
    });
    expectDocumented('addPerson', added);
    const user = String(added.body['user_id']);
    const licence = await hospital.post(`/api/v1/people/${user}/clinician`, { license_number: 'HTTP-1', can_prescribe: true });
    expectDocumented('setClinician', licence);
    const assigned = await hospital.post(`/api/v1/patients/${id}/clinicians`, { clinician_id: user, role: 'spécialiste' });
    expectDocumented('assignClinician', assigned);
    const link = { user_id: mother, relationship: 'parent', priority_level: 1, can_acknowledge_alerts: true };
    expectDocumented('setCaregiver', await hospital.post(`/api/v1/patients/${id}/caregivers`, link));
    const shift = await hospital.post('/api/v1/on-call', {
      clinician_id: user,
      starts_at: '2026-01-01T00:00Z',
      ends_at: '2026-01-02T00:00Z',
    });
    expectDocumented('addShift', shift);
    const team = await hospital.get(`/api/v1/patients/${id}/team`);
    expectDocumented('getTeam', team);
    expect(team.body).toMatchObject({
      caregivers: [{ user_id: mother }],
      clinicians: [{ user_id: user, assigned_as: 'spécialiste' }],
      on_call: [],
    });
    const body = { kind: 'baseline', value: 88, reason: 'mesuré au repos', from: Date.now(), expires: Date.now() + DAY };
    const override = await hospital.post(`/api/v1/patients/${id}/overrides`, body, { 'x-kidjamo-person': user });
    expectDocumented('addOverride', override);
    const path = `/api/v1/patients/${id}/overrides/${String(override.body['override_id'])}/revoke`;
    expectDocumented('revokeOverride', await hospital.post(path, { reason: 'erreur' }, { 'x-kidjamo-person': user }));
    expectDocumented('listOverrides', await hospital.get(`/api/v1/patients/${id}/overrides`));
    for (const [operation, where] of [
      ['removeCaregiver', `patients/${id}/caregivers/${mother}`],
      ['unassignClinician', `patients/${id}/clinicians/${user}`],
      ['removeShift', `on-call/${String(shift.body['shift_id'])}`],
    ] as const) {
      expectDocumented(operation, await hospital.remove(`/api/v1/${where}`));
      expect(await hospital.remove(`/api/v1/${where}`)).toMatchObject({ status: 404 });
    }
    expect((await hospital.get(`/api/v1/patients/${id}/team`)).body).toEqual({ caregivers: [], clinicians: [], on_call: [] });
  });

  test('what is wrong is named', async () => {
    const wrong = async (path: string, body: object, headers = {}): Promise<unknown> => {
      const answer = await hospital.post(`/api/v1/${path}`, body, headers);
      expect(answer.type).toMatch(/^application\/problem\+json/);
      return [answer.status, answer.body['parameter']];
    };
    const person = { role: 'parent', first_name: 'A', last_name: 'B' };
    expect(await wrong('people', { ...person, role: 'chef' })).toEqual([422, 'role']);
    expect(await wrong('people', { role: 'parent', first_name: 'A' })).toEqual([422, 'last_name']);
    expect(await wrong('people', { ...person, first_name: 'a\u0000b' })).toEqual([422, 'first_name']);
    expect(await wrong('people', { ...person, timezone: 'Mars/Base' })).toEqual([422, 'timezone']);
    expect(await wrong('people', { ...person, password: 'x' })).toEqual([422, 'password']);
    expect(await wrong('people/1', { first_name: 'X' })).toEqual([422, 'id']);
    expect(await wrong(`people/${randomUUID()}`, { first_name: 'X' })).toEqual([404, undefined]);
    expect(await wrong('people', person, { 'x-kidjamo-person': doctor })).toEqual([403, undefined]);
    expect(await wrong('patients/nobody/clinicians', { clinician_id: doctor, role: 'consultant' })).toEqual([404, undefined]);
    expect(await wrong('on-call', { clinician_id: doctor, starts_at: 'x', ends_at: 'y' })).toEqual([422, 'starts_at']);
    expect(await wrong('on-call', { clinician_id: doctor, starts_at: '2026-01-02T00:00Z', ends_at: '2026-01-01T00:00Z' })).toEqual([
      422,
      'ends_at',
    ]);
    const late = { kind: 'baseline', value: 88, reason: 'au repos', from: Date.now(), expires: Date.now() - 1 };
    expect(await wrong(`patients/${patient}/overrides`, late, { 'x-kidjamo-person': doctor })).toEqual([422, 'expires']);
  });

  test('any body is answered as documented', async () => {
    const routes = PEOPLE_OPERATIONS.filter(({ method }) => method === 'POST');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), fc.json(), fc.boolean(), async (route, body, named) => {
        const path = route.path.replace(/patients\/:id/, `patients/${patient}`).replaceAll(/:\w+/g, randomUUID());
        const answer = await hospital.post(path, body, named ? { 'x-kidjamo-person': doctor } : {});
        expect(answer.status).toBeLessThan(500);
        expectDocumented(route.id, answer);
      }),
    );
  });
});
