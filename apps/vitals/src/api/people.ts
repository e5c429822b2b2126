/** The routes by which people are administered, and rules are changed for one patient. */

import { ACTION_PROBLEMS } from '../actions/problem.ts';
import { ActionHeaders, ActionProblem, CallerHeaders } from '../actions/schemas.ts';
import { PEOPLE_ROUTES } from '../people/routes.ts';
import type { PeopleRoute } from '../people/routes.ts';
import { json, refusals } from './operation.ts';
import type { Operation } from './operation.ts';

/** A refusal that only actions on alerts know, and those that the task or the way to it gives. */
const { 'wrong-state': _state, ...DECIDED } = ACTION_PROBLEMS;
const { 'change-refused': _change, 'idempotency-conflict': _key, overloaded: _overloaded, ...PROBLEMS } = DECIDED;

const answersOf = ({ answer, decided }: PeopleRoute): Operation['answers'] =>
  decided
    ? {
        200: json('It took effect.', answer),
        202: json('It is kept for good; the list of overrides tells what comes of it.', answer),
        ...refusals(DECIDED, () => ActionProblem),
      }
    : { 200: json('Done.', answer), ...refusals(PROBLEMS, () => ActionProblem) };

/** All of them. */
export const PEOPLE_OPERATIONS: readonly Operation[] = PEOPLE_ROUTES.map((route) => ({
  id: route.id,
  method: route.method,
  path: `/api/v1${route.path}`,
  tag: 'people',
  summary: route.summary,
  parameters: { ...(route.params === undefined ? {} : { path: route.params }), header: route.decided ? ActionHeaders : CallerHeaders },
  ...(route.body === undefined ? {} : { body: { description: 'JSON.', content: { 'application/json': route.body } } }),
  answers: answersOf(route),
}));
