/** The routes by which people act on alerts. */

import { ACTION_PROBLEMS } from '../actions/problem.ts';
import { ACTION_BODIES, ActionAnswer, ActionHeaders, ActionProblem } from '../actions/schemas.ts';
import { ACTIONS } from '../contracts/reading.ts';
import type { ActionName } from '../contracts/reading.ts';
import { AlertParams } from '../read/schemas.ts';
import { json, refusals } from './operation.ts';
import type { Operation } from './operation.ts';

const SUMMARIES: Readonly<Record<ActionName, string>> = {
  acknowledge: 'Say that somebody has seen an alert',
  comment: 'Add words to an alert',
  resolve: 'Close an alert',
  snooze: 'Put an alert about the equipment off',
};

const WHO: Readonly<Record<ActionName, string>> = {
  acknowledge: 'Clinicians of the patient or on call, and caregivers who may.',
  comment: 'Clinicians of the patient or on call, and caregivers.',
  resolve: 'Clinicians of the patient or on call.',
  snooze: 'Clinicians of the patient or on call, and caregivers who may. Technical alerts only.',
};

/** A refusal that only changes of rules know. */
const { 'change-refused': _change, ...PROBLEMS } = ACTION_PROBLEMS;

/** All of them. */
export const ACTION_OPERATIONS: readonly Operation[] = ACTIONS.map((action) => ({
  id: `${action}Alert`,
  method: 'POST',
  path: `/api/v1/alerts/:id/${action}`,
  tag: 'actions',
  summary: SUMMARIES[action],
  description: `${WHO[action]} A person who has nothing to do with the patient is answered 404, as for an alert that does not exist.`,
  parameters: { path: AlertParams, header: ActionHeaders },
  body: {
    description: action === 'comment' || action === 'snooze' ? 'What is said of it.' : 'What is said of it, if anything.',
    content: { 'application/json': ACTION_BODIES[action] },
    ...(action === 'comment' || action === 'snooze' ? {} : { optional: true }),
  },
  answers: {
    200: json('It took effect.', ActionAnswer),
    202: json('It is kept for good; the log of the alert tells what comes of it.', ActionAnswer),
    ...refusals(PROBLEMS, () => ActionProblem),
  },
}));
