/** The routes of the read API and of the live page. */

import Type from 'typebox';

import * as schemas from '../read/schemas.ts';
import { json, readRefusals } from './operation.ts';
import type { Operation } from './operation.ts';

/** Lists by what is on their pages. */
export const PAGES = {
  AlertLogPage: schemas.pageOf(schemas.AlertLogEntry),
  AlertPage: schemas.pageOf(schemas.Alert),
  DeadLetterPage: schemas.pageOf(schemas.DeadLetterOut),
  MeasurementPage: schemas.pageOf(schemas.Measurement),
  PatientPage: schemas.pageOf(schemas.Patient),
  QuarantinePage: schemas.pageOf(schemas.Quarantined),
  WindowPage: schemas.pageOf(schemas.Window),
};

const EVENTS = `Server-sent events, each with one JSON value. \`snapshot\` comes first and whenever the client has missed some; then \`reading\`, \`alert\`,
\`patient\` and \`counts\` tell what changed, and \`beat\` that nothing did. An event replaces what it is about.`;

/** Of routes that name no patient. */
const LIST_REFUSALS = readRefusals(['not-found']);

/** All of them. */
export const RECORDS: readonly Operation[] = [
  {
    id: 'listAlerts',
    method: 'GET',
    path: '/api/v1/alerts',
    tag: 'records',
    summary: 'Alerts, newest first',
    parameters: { query: schemas.AlertQuery },
    answers: { 200: json('A page.', PAGES.AlertPage), ...readRefusals() },
  },
  {
    id: 'listAlertLog',
    method: 'GET',
    path: '/api/v1/alerts/:id/log',
    tag: 'records',
    summary: 'What happened to an alert and who did it, in order',
    parameters: { path: schemas.AlertParams, query: schemas.PageQuery },
    answers: { 200: json('A page.', PAGES.AlertLogPage), ...readRefusals() },
  },
  {
    id: 'listPatients',
    method: 'GET',
    path: '/api/v1/patients',
    tag: 'records',
    summary: 'Patients',
    parameters: { query: schemas.PageQuery },
    answers: { 200: json('A page.', PAGES.PatientPage), ...LIST_REFUSALS },
  },
  {
    id: 'getPatient',
    method: 'GET',
    path: '/api/v1/patients/:id',
    tag: 'records',
    summary: 'A patient',
    parameters: { path: schemas.PatientParams },
    answers: { 200: json('The patient.', schemas.Patient), ...readRefusals() },
  },
  {
    id: 'listMeasurements',
    method: 'GET',
    path: '/api/v1/patients/:id/measurements',
    tag: 'records',
    summary: 'Readings of a patient, newest first',
    parameters: { path: schemas.PatientParams, query: schemas.RangeQuery },
    answers: { 200: json('A page.', PAGES.MeasurementPage), ...readRefusals() },
  },
  {
    id: 'listWindows',
    method: 'GET',
    path: '/api/v1/patients/:id/windows',
    tag: 'records',
    summary: 'Windows of five minutes of a patient, one at every full minute, newest first',
    parameters: { path: schemas.PatientParams, query: schemas.RangeQuery },
    answers: { 200: json('A page.', PAGES.WindowPage), ...readRefusals() },
  },
  {
    id: 'listPatientAlerts',
    method: 'GET',
    path: '/api/v1/patients/:id/alerts',
    tag: 'records',
    summary: 'Alerts of a patient, newest first',
    parameters: { path: schemas.PatientParams, query: schemas.PatientAlertQuery },
    answers: { 200: json('A page.', PAGES.AlertPage), ...readRefusals() },
  },
  {
    id: 'listQuarantine',
    method: 'GET',
    path: '/api/v1/quarantine',
    tag: 'records',
    summary: 'What could not be taken as it was, without its payload, newest first',
    parameters: { query: schemas.QuarantineQuery },
    answers: { 200: json('A page.', PAGES.QuarantinePage), ...LIST_REFUSALS },
  },
  {
    id: 'listDeadLetters',
    method: 'GET',
    path: '/api/v1/dead-letters',
    tag: 'records',
    summary: 'Records that a task or a sink could not process, without their content, by log, group, partition and offset',
    parameters: { query: schemas.DeadLetterQuery },
    answers: { 200: json('A page.', PAGES.DeadLetterPage), ...LIST_REFUSALS },
  },
  {
    id: 'listRules',
    method: 'GET',
    path: '/api/v1/rules',
    tag: 'records',
    summary: 'The rules that raise alerts',
    answers: { 200: json('All rules in force.', schemas.RuleList) },
  },
  {
    id: 'followBoard',
    method: 'GET',
    path: '/events',
    tag: 'records',
    summary: 'The live board, as it changes',
    description: EVENTS,
    answers: {
      200: { description: 'A stream that does not end by itself.', content: { 'text/event-stream': Type.String() } },
      ...readRefusals(['invalid', 'not-found']),
    },
  },
];
