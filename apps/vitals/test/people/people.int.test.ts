import { randomUUID } from 'node:crypto';

import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { ActionProblem } from '../../src/actions/schemas.ts';
import { PEOPLE_OPERATIONS } from '../../src/api/people.ts';
import type { Acting } from '../../src/read/actor.ts';
import { OPERATOR } from '../../src/read/actor.ts';
import type { Answer } from '../actions/hospital.ts';
import { Hospital } from '../actions/hospital.ts';

let hospital: Hospital;
let patient: string;
let doctor: string;
let mother: string;

beforeAll(async () => {
  hospital = await Hospital.open();
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

afterAll(() => hospital.close());

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
  const limit = () => ({
    ...{ kind: 'limit', rule: 'CRITICAL_SPO2', severity: 'critical', limit: 'spo2', value: 84 },
    ...{ reason: 'saturation habituelle de 86 à 88 %', from: Date.now(), expires: Date.now() + 20 * DAY },
  });

  test('is set and ended by a clinician, and both stay written down', async () => {
    const { people } = hospital;
    const set = await people.addOverride(as(doctor), patient, limit());
    expect(set).toMatchObject({ kind: 'limit', rule: 'CRITICAL_SPO2', value: 84, set_by: doctor, revoked_at: null });
    const ended = await people.revokeOverride(as(doctor), patient, { id: set.override_id, reason: 'crise passée' });
    expect(ended).toMatchObject({ ...set, revoked_at: ended.revoked_at, revoked_by: doctor, revoke_reason: 'crise passée' });
    await expect(people.revokeOverride(as(doctor), patient, { id: set.override_id, reason: 'encore une fois' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await people.overrides(as(mother), patient)).toEqual([ended]);
  });

  test('is refused to everybody else, and where the rules do not allow it', async () => {
    const { people } = hospital;
    for (const who of [OPERATOR, as(mother)])
      await expect(people.addOverride(who, patient, limit())).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(people.addOverride(as(doctor), await hospital.patient(), limit())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(people.addOverride(as(doctor), patient, { ...limit(), rule: 'NONE' })).rejects.toThrow(/^rule:/);
    await expect(people.addOverride(as(doctor), patient, { ...limit(), expires: Date.now() + 40 * DAY })).rejects.toThrow(/^expires:/);
    // Nobody signs for somebody else.
    expect(await people.addOverride(as(doctor), patient, { ...limit(), by: mother })).toMatchObject({ set_by: doctor });
  });
});

describe('over HTTP', () => {
  function expectDocumented(id: string, { status, type, body }: Answer): void {
    const schema = PEOPLE_OPERATIONS.find((operation) => operation.id === id)?.answers[status]?.content[type.split(';')[0] ?? ''];
    expect(schema, `${id} answered ${status} ${type}`).toBeDefined();
    expect(Compile(status < 400 ? { ...schema, additionalProperties: false } : ActionProblem).Errors(body)).toEqual([]);
  }

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
