/**
 * The routes by which people and their ties to patients are administered, and rules are changed for one patient. One table gives routes and
 * document.
 */

import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import type { Static, TObject, TSchema } from 'typebox';

import type { Identification } from '../actions/identify.ts';
import { actingOf } from '../actions/identify.ts';
import { idempotencyKeyOf } from '../actions/submissions.ts';
import { correlationOf } from '../gateway/door.ts';
import type { Acting } from '../read/actor.ts';
import { OPERATOR } from '../read/actor.ts';
import type { Repository } from '../read/repository.ts';
import type { AskedChange, OverrideDesk } from './override-desk.ts';
import type { People } from './people.ts';
import * as schemas from './schemas.ts';

/** What a route is given. */
interface Call {
  readonly people: People;
  readonly overrides: OverrideDesk;
  readonly acting: Acting;
  /** Internal UUID of the patient that the path names. Rejects with NOT_FOUND. */
  readonly patient: () => Promise<string>;
  /** Another part of the path. */
  readonly part: (name: string) => string;
  /** What a change of the patient's rules comes with. Rejects with NOT_FOUND, or with ParameterError for a key that is none. */
  readonly change: () => Promise<AskedChange>;
}

/** A route. */
export interface PeopleRoute {
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  readonly params: TObject | undefined;
  readonly body: TSchema | undefined;
  readonly answer: TSchema;
  /** Whether the task decides: then an Idempotency-Key is read, and 202 is answered where the task is not that quick. */
  readonly decided: boolean;
  readonly handle: (call: Call, body: unknown) => Promise<object>;
}

const { uuid, words } = schemas;
const ofPatient = Type.Object({ id: Type.String({ minLength: 1, description: 'UUID or external id of the patient.' }) });
const ofPerson = Type.Object({ id: uuid() });
const ofTie = Type.Object({ ...ofPatient.properties, user: uuid() });
const ofShift = Type.Object({ shift: uuid() });
const ofOverride = Type.Object({ ...ofPatient.properties, override: uuid() });
const RevokeBody = Type.Object({ reason: words(500, 5) }, { additionalProperties: false });
const Done = Type.Object({ status: Type.Literal('done') });
const done = async (work: Promise<void>): Promise<Static<typeof Done>> => {
  await work;
  return { status: 'done' };
};

type Said = Pick<PeopleRoute, 'id' | 'method' | 'path' | 'summary' | 'answer'> & { readonly params?: TObject; readonly decided?: true };

const bare = (said: Said, handle: (call: Call) => Promise<object>): PeopleRoute => ({
  ...said,
  params: said.params,
  decided: said.decided ?? false,
  body: undefined,
  handle: (call) => handle(call),
});

/** The body was checked against its schema before. */
const withBody = <B extends TSchema>(
  said: Said & { readonly body: B },
  handle: (call: Call, body: Static<B>) => Promise<object>,
): PeopleRoute => ({
  ...said,
  params: said.params,
  decided: said.decided ?? false,
  handle: (call, body) => handle(call, body as Static<B>),
});

/** All of them. */
export const PEOPLE_ROUTES: readonly PeopleRoute[] = [
  withBody(
    {
      id: 'addPerson',
      method: 'POST',
      path: '/people',
      summary: 'Make a person known',
      body: schemas.NewPerson,
      answer: schemas.PersonOut,
    },
    ({ people, acting }, body) => people.addPerson(acting, body),
  ),
  bare(
    { id: 'getPerson', method: 'GET', path: '/people/:id', summary: 'A person', params: ofPerson, answer: schemas.PersonOut },
    ({ people, acting, part }) => people.person(acting, part('id')),
  ),
  withBody(
    {
      ...{ id: 'changePerson', method: 'POST', path: '/people/:id', summary: 'Change what is known of a person' },
      ...{ params: ofPerson, body: schemas.PersonChange, answer: schemas.PersonOut },
    },
    ({ people, acting, part }, body) => people.changePerson(acting, part('id'), body),
  ),
  withBody(
    {
      ...{ id: 'setClinician', method: 'POST', path: '/people/:id/clinician', summary: 'Say that a person is a clinician' },
      ...{ params: ofPerson, body: schemas.ClinicianRecord, answer: Done },
    },
    ({ people, acting, part }, body) => done(people.setClinician(acting, { ...body, user_id: part('id') })),
  ),
  bare(
    {
      id: 'getTeam',
      method: 'GET',
      path: '/patients/:id/team',
      summary: 'Who stands behind a patient now',
      params: ofPatient,
      answer: schemas.Team,
    },
    async ({ people, acting, patient }) => people.team(acting, await patient()),
  ),
  withBody(
    {
      ...{ id: 'setCaregiver', method: 'POST', path: '/patients/:id/caregivers', summary: 'Say who looks after a patient' },
      ...{ params: ofPatient, body: schemas.CaregiverLink, answer: Done },
    },
    async ({ people, acting, patient }, body) => done(people.setCaregiver(acting, await patient(), body)),
  ),
  bare(
    {
      ...{ id: 'removeCaregiver', method: 'DELETE', path: '/patients/:id/caregivers/:user', summary: 'Say who does so no more' },
      ...{ params: ofTie, answer: Done },
    },
    async ({ people, acting, patient, part }) => done(people.removeCaregiver(acting, await patient(), part('user'))),
  ),
  withBody(
    {
      ...{ id: 'assignClinician', method: 'POST', path: '/patients/:id/clinicians', summary: 'Assign a clinician to a patient' },
      ...{ params: ofPatient, body: schemas.Assignment, answer: Done },
    },
    async ({ people, acting, patient }, body) => done(people.assign(acting, await patient(), body)),
  ),
  bare(
    {
      ...{ id: 'unassignClinician', method: 'DELETE', path: '/patients/:id/clinicians/:user', summary: 'End an assignment' },
      ...{ params: ofTie, answer: Done },
    },
    async ({ people, acting, patient, part }) => done(people.unassign(acting, await patient(), part('user'))),
  ),
  withBody(
    {
      ...{ id: 'addShift', method: 'POST', path: '/on-call', summary: 'Put a clinician on call' },
      ...{ body: schemas.Shift, answer: Type.Object({ shift_id: uuid() }) },
    },
    async ({ people, acting }, body) => ({ shift_id: await people.addShift(acting, body) }),
  ),
  bare(
    { id: 'removeShift', method: 'DELETE', path: '/on-call/:shift', summary: 'Take a shift away', params: ofShift, answer: Done },
    ({ people, acting, part }) => done(people.removeShift(acting, part('shift'))),
  ),
  bare(
    {
      ...{
        id: 'listOverrides',
        method: 'GET',
        path: '/patients/:id/overrides',
        summary: 'What was changed of the rules for a patient, ever',
      },
      ...{ params: ofPatient, answer: Type.Object({ items: Type.Array(schemas.OverrideOut) }) },
    },
    async ({ people, acting, patient }) => ({ items: await people.overrides(acting, await patient()) }),
  ),
  withBody(
    {
      ...{ id: 'addOverride', method: 'POST', path: '/patients/:id/overrides', summary: 'Change a rule for a patient, as a clinician' },
      ...{ params: ofPatient, body: schemas.OverrideBody, answer: schemas.OverrideAnswer, decided: true },
    },
    async ({ overrides, acting, change }, body) => overrides.set(acting, { ...(await change()), body }),
  ),
  withBody(
    {
      ...{ id: 'revokeOverride', method: 'POST', path: '/patients/:id/overrides/:override/revoke', summary: 'End such a change' },
      ...{ params: ofOverride, body: RevokeBody, answer: schemas.OverrideAnswer, decided: true },
    },
    async ({ overrides, acting, part, change }, { reason }) =>
      overrides.revoke(acting, { ...(await change()), override: part('override'), reason }),
  ),
];

/** What the routes stand on. */
export interface PeopleRouteParts {
  readonly people: People;
  readonly overrides: OverrideDesk;
  readonly repository: Pick<Repository, 'patient'>;
  readonly identification: Identification;
}

/** Adds the routes to a scope that checks schemas and answers errors. */
export function addPeopleRoutes(scope: FastifyInstance, { people, overrides, repository, identification }: PeopleRouteParts): void {
  for (const { method, path, params, body, answer, handle } of PEOPLE_ROUTES) {
    const schema = { ...(params === undefined ? {} : { params }), ...(body === undefined ? {} : { body }), response: { 200: answer } };
    scope.route<{ Params: Readonly<Record<string, string>> }>({
      method,
      url: path,
      schema,
      handler: async (request, reply) => {
        const part = (name: string): string => request.params[name] ?? '';
        // Which patient is meant is not yet a sight of the patient: what the person may see is decided by the call itself.
        const patient = async (): Promise<string> => (await repository.patient(OPERATOR, part('id'))).patient_id;
        const acting = actingOf(request.headers, identification);
        const correlation = correlationOf(request.headers['x-correlation-id']);
        const change = async (): Promise<AskedChange> => ({
          patient: await patient(),
          key: idempotencyKeyOf(request.headers),
          correlation,
        });
        const result = await handle({ people, overrides, acting, patient, part, change }, request.body);
        return reply
          .code('status' in result && result.status === 'accepted' ? 202 : 200)
          .header('x-correlation-id', correlation)
          .send(result);
      },
    });
  }
}
