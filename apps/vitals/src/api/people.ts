/** The routes by which people are administered. */

import { ACTION_PROBLEMS } from '../actions/problem.ts';
import { ActionProblem, CallerHeaders } from '../actions/schemas.ts';
import { PEOPLE_ROUTES } from '../people/routes.ts';
import { json, refusals } from './operation.ts';
import type { Operation } from './operation.ts';

/** Refusals that only actions on alerts know. */
const { 'wrong-state': _state, 'idempotency-conflict': _key, overloaded: _overloaded, ...PROBLEMS } = ACTION_PROBLEMS;

/** All of them. */
export const PEOPLE_OPERATIONS: readonly Operation[] = PEOPLE_ROUTES.map(({ id, method, path, summary, params, body, answer }) => ({
  id,
  method,
  path: `/api/v1${path}`,
  tag: 'people',
  summary,
  parameters: { ...(params === undefined ? {} : { path: params }), header: CallerHeaders },
  ...(body === undefined ? {} : { body: { description: 'JSON.', content: { 'application/json': body } } }),
  answers: { 200: json('Done.', answer), ...refusals(PROBLEMS, () => ActionProblem) },
}));
