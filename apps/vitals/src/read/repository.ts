/** The one layer through which the read side reaches the store. Every function is told who asks. */

import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { Actor } from './actor.ts';
import type { LiveAlert, LiveCounts, LivePatient } from './live/model.ts';
import type { Page, PageRequest } from './paging.ts';
import type { AlertRequest } from './repository/alerts.ts';
import { listAlertLog, listAlerts } from './repository/alerts.ts';
import { rankPatients, readCards, readCounts, readOpenAlerts } from './repository/board.ts';
import type { DeadLetterRequest, QuarantineRequest } from './repository/faults.ts';
import { listDeadLetters, listQuarantine } from './repository/faults.ts';
import type { RangeRequest } from './repository/measurements.ts';
import { listMeasurements } from './repository/measurements.ts';
import { findPatient, listPatients } from './repository/patients.ts';
import { listWindows } from './repository/windows.ts';
import type { Alert, AlertLogEntry, DeadLetterOut, Measurement, Patient, Quarantined, Window } from './schemas.ts';

/** Read access to the store on behalf of a person. Each rejects with STORE_UNAVAILABLE when the database does not answer. */
export interface Repository {
  patients(actor: Actor, page: PageRequest): Promise<Page<Patient>>;
  /** By UUID or external id. Rejects with NOT_FOUND. */
  patient(actor: Actor, id: string): Promise<Patient>;
  measurements(actor: Actor, request: RangeRequest): Promise<Page<Measurement>>;
  windows(actor: Actor, request: RangeRequest): Promise<Page<Window>>;
  alerts(actor: Actor, request: AlertRequest): Promise<Page<Alert>>;
  /** Rejects with NOT_FOUND. */
  alertLog(actor: Actor, request: PageRequest & { readonly alertId: string }): Promise<Page<AlertLogEntry>>;
  quarantine(actor: Actor, request: QuarantineRequest): Promise<Page<Quarantined>>;
  deadLetters(actor: Actor, request: DeadLetterRequest): Promise<Page<DeadLetterOut>>;
  /** See {@link rankPatients}. */
  rank(actor: Actor, board: { readonly size: number; readonly recent: readonly string[] }): Promise<string[]>;
  cards(actor: Actor, ids: readonly string[]): Promise<LivePatient[]>;
  openAlerts(actor: Actor, wanted: { readonly patients: readonly string[]; readonly others: number }): Promise<LiveAlert[]>;
  counts(actor: Actor): Promise<LiveCounts>;
}

/** The repository on PostgreSQL. */
export function createRepository(options: { readonly pool: Pool; readonly clock: Clock }): Repository {
  const database = { pool: options.pool, now: () => options.clock.now() };
  return {
    patients: (actor, page) => listPatients(database, actor, page),
    patient: (actor, id) => findPatient(database, actor, id),
    measurements: (actor, request) => listMeasurements(database, actor, request),
    windows: (actor, request) => listWindows(database, actor, request),
    alerts: (actor, request) => listAlerts(database, actor, request),
    alertLog: (actor, request) => listAlertLog(database, actor, request),
    quarantine: (actor, request) => listQuarantine(database, actor, request),
    deadLetters: (actor, request) => listDeadLetters(database, actor, request),
    rank: (actor, board) => rankPatients(database, actor, board),
    cards: (actor, ids) => readCards(database, actor, ids),
    openAlerts: (actor, wanted) => readOpenAlerts(database, actor, wanted),
    counts: (actor) => readCounts(database, actor),
  };
}
