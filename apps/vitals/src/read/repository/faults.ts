/** What could not be processed: payloads in quarantine and dead letters. Neither list shows the payload. */

import type { Actor } from '../actor.ts';
import { isNameKey, isOffsetKey, isSmallKey, isTimeKey, isUuidKey, toPage } from '../paging.ts';
import type { KeyShape, Page, PageRequest } from '../paging.ts';
import type { DeadLetterOut, Quarantined } from '../schemas.ts';
import type { Database } from './database.ts';
import { Conditions, isoTime, query } from './database.ts';

export const QUARANTINE_KEY: KeyShape = [isTimeKey, isUuidKey];
export const DEAD_LETTER_KEY: KeyShape = [isNameKey, isNameKey, isSmallKey, isOffsetKey];

/** Which quarantined payloads are wanted. */
export interface QuarantineRequest extends PageRequest {
  readonly status: 'held' | 'released' | 'discarded' | undefined;
}

/** The quarantine, newest receipt first. */
export async function listQuarantine(database: Database, actor: Actor, request: QuarantineRequest): Promise<Page<Quarantined>> {
  const conditions = new Conditions();
  if (request.status !== undefined) conditions.add('q.status = ?', [request.status]);
  if (request.after !== undefined) conditions.add('(q.received_at, q.quarantine_id) < (?::timestamptz, ?::uuid)', request.after);
  const rows = await query<Quarantined>(database, actor, {
    text: `SELECT quarantine_id, reason, field, detail, source, status, device_id, patient_id, ${isoTime('q.received_at', 'received_at')},
                  ${isoTime('released_at')}, seen::float8, correlation_id
             FROM quarantine q ${conditions.where}
            ORDER BY q.received_at DESC, q.quarantine_id DESC LIMIT ${request.limit + 1}`,
    values: conditions.values,
  });
  return toPage(rows, request.limit, (row) => [row.received_at, row.quarantine_id]);
}

/** Which dead letters are wanted. */
export interface DeadLetterRequest extends PageRequest {
  readonly status: 'held' | 'replayed' | 'discarded' | undefined;
}

/** Dead letters by log, consumer group, partition and offset. */
export async function listDeadLetters(database: Database, actor: Actor, request: DeadLetterRequest): Promise<Page<DeadLetterOut>> {
  const conditions = new Conditions();
  if (request.status === 'held') conditions.add('c.decision IS NULL');
  else if (request.status !== undefined) conditions.add('c.decision = ?', [request.status]);
  if (request.after !== undefined) {
    conditions.add('(d.log, d.consumer_group, d.partition, d.record_offset) > (?, ?, ?::integer, ?::bigint)', request.after);
  }
  const rows = await query<DeadLetterOut>(database, actor, {
    text: `SELECT d.log, d.consumer_group, d.partition, d.record_offset::float8, d.reason, coalesce(c.decision, 'held') AS status,
                  ${isoTime('d.created_at', 'created_at')}
             FROM stream.dead_letter d LEFT JOIN stream.dead_letter_decision c USING (log, consumer_group, partition, record_offset)
                  ${conditions.where}
            ORDER BY d.log, d.consumer_group, d.partition, d.record_offset LIMIT ${request.limit + 1}`,
    values: conditions.values,
  });
  return toPage(rows, request.limit, (row) => [row.log, row.consumer_group, String(row.partition), String(row.record_offset)]);
}
