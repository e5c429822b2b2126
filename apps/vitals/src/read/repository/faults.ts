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

/** Dead letters by log, consumer group, partition and offset. */
export async function listDeadLetters(database: Database, actor: Actor, request: PageRequest): Promise<Page<DeadLetterOut>> {
  const conditions = new Conditions();
  if (request.after !== undefined) {
    conditions.add('(d.log, d.consumer_group, d.partition, d.record_offset) > (?, ?, ?::integer, ?::bigint)', request.after);
  }
  const rows = await query<DeadLetterOut>(database, actor, {
    text: `SELECT log, consumer_group, partition, record_offset::float8, reason, ${isoTime('created_at')}
             FROM stream.dead_letter d ${conditions.where}
            ORDER BY d.log, d.consumer_group, d.partition, d.record_offset LIMIT ${request.limit + 1}`,
    values: conditions.values,
  });
  return toPage(rows, request.limit, (row) => [row.log, row.consumer_group, String(row.partition), String(row.record_offset)]);
}
