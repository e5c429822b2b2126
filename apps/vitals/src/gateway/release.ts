/** Takes payloads out of quarantine: those of a device that waited for a patient or an assignment, or a single one that a person names. */

import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Clock, NewRecord } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { SecretKey } from '../contracts/cipher.ts';
import { Cipher } from '../contracts/cipher.ts';
import type { AppendQueue } from './append-queue.ts';
import type { Draft } from './draft.ts';
import { isFaulty } from './draft.ts';
import { draftReading, READING_FORMATS } from './formats.ts';
import type { ReadingFormat } from './formats.ts';
import type { Identities } from './identities.ts';
import { HOLDS, untimely } from './intake.ts';
import type { MessageIntake, MessageSource } from './message-intake.ts';
import { messageRecord } from './message-intake.ts';
import type { Item, ParsedBody } from './parse-body.ts';
import { isRefusal, parseBody, refuseFaults } from './parse-body.ts';
import { identify, readingRecord } from './reading-record.ts';

/** Rows looked at together. */
const PAGE = 500;

/** What a release stands on. */
export interface ReleaseParts {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly key: SecretKey;
  readonly identities: Identities;
  readonly messages: MessageIntake;
  readonly queue: AppendQueue;
  readonly partitions: number;
}

/** Who releases, and why; both are written down. */
export interface Releaser {
  /** Name of the person's account. */
  readonly by: string;
  readonly why: string;
}

/** What came of the payloads of a device. */
export interface Released {
  /** Appended to the log. */
  readonly released: number;
  /** Still waiting: no assignment, or no patient, fits them. */
  readonly waiting: number;
}

/** What came of one payload: how many records it became, or why it still waits. */
export type ReleasedOne = { readonly released: number } | { readonly waits: string };

interface HeldRow {
  readonly quarantine_id: string;
  readonly status: string;
  readonly source: string;
  readonly key_id: string;
  readonly payload: Buffer;
  readonly received_ms: number;
  readonly correlation_id: string;
}

/** Records for the log, or why there are none yet. */
type Outcome = readonly NewRecord[] | string;

const COLUMNS = `quarantine_id, status, source, key_id, payload, extract(epoch FROM received_at)::float8 * 1000 AS received_ms, correlation_id`;

/**
 * Normalises what waits for an assignment of a device again, and appends what has one now, as received when it came. Stopped half-way and
 * called again it does no harm: a record appended twice is a duplicate.
 * @throws KidjamoError STORE_UNAVAILABLE, LOG_UNAVAILABLE, or KEY_FILE_INVALID when they were encrypted under another key.
 */
export async function releaseQuarantine(parts: ReleaseParts, deviceId: string, releaser: Releaser): Promise<Released> {
  let released = 0;
  let waiting = 0;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await select(
      parts.pool,
      `WHERE device_id = $1 AND status = 'held' AND reason IN ('unknown_patient', 'unassigned_device') AND quarantine_id > $2
       ORDER BY quarantine_id LIMIT ${PAGE}`,
      [deviceId, after],
    );
    const last = rows.at(-1);
    if (last === undefined) return { released, waiting };
    after = last.quarantine_id;
    const count = await release(parts, rows, releaser);
    released += count;
    waiting += rows.length - count;
  }
}

/**
 * Takes one payload as the front door would take it now. A timestamp too old for a device is taken as an import, which pages nobody.
 * @throws KidjamoError NOT_FOUND; INPUT_INVALID when it is not held any more; else as {@link releaseQuarantine}.
 */
export async function releaseOne(parts: ReleaseParts, id: string, releaser: Releaser): Promise<ReleasedOne> {
  const [row] = await select(parts.pool, 'WHERE quarantine_id = $1', [id]);
  if (row === undefined) throw new KidjamoError('NOT_FOUND', 'no payload has this id: `kidjamo quarantine list` names those there are');
  if (row.status !== 'held') throw new KidjamoError('INPUT_INVALID', `the payload was ${row.status} before`);
  const outcome = await recordsOf(parts, row);
  if (typeof outcome === 'string') return { waits: outcome };
  await parts.queue.append(outcome);
  await markReleased(parts.pool, [id], releaser);
  return { released: outcome.length };
}

async function select(pool: Pool, where: string, values: unknown[]): Promise<readonly HeldRow[]> {
  try {
    return (await pool.query<HeldRow>(`SELECT ${COLUMNS} FROM quarantine ${where}`, values)).rows;
  } catch (error) {
    throw storeError(error);
  }
}

async function release(parts: ReleaseParts, rows: readonly HeldRow[], releaser: Releaser): Promise<number> {
  const ready: string[] = [];
  const records: NewRecord[] = [];
  const outcomes = await Promise.all(rows.map((row) => recordsOf(parts, row)));
  outcomes.forEach((outcome, i) => {
    if (typeof outcome === 'string') return;
    ready.push(rows[i]?.quarantine_id ?? '');
    records.push(...outcome);
  });
  await parts.queue.append(records);
  await markReleased(parts.pool, ready, releaser);
  return ready.length;
}

async function markReleased(pool: Pool, ids: readonly string[], { by, why }: Releaser): Promise<void> {
  try {
    await pool.query(
      `WITH released AS (
         UPDATE quarantine SET status = 'released', released_at = now() WHERE quarantine_id = ANY ($1::uuid[]) AND status = 'held'
         RETURNING quarantine_id)
       INSERT INTO quarantine_decisions (quarantine_id, decision, decided_by, why) SELECT quarantine_id, 'released', $2, $3 FROM released`,
      [ids, by, why],
    );
  } catch (error) {
    throw storeError(error);
  }
}

async function recordsOf(parts: ReleaseParts, row: HeldRow): Promise<Outcome> {
  const [name = '', mark] = row.source.split(':');
  const format = READING_FORMATS.find((known) => known === name);
  const parsed = parseBody(new Cipher(parts.key).open({ keyId: row.key_id, data: row.payload }), format !== undefined);
  if (isRefusal(parsed)) return parsed.detail;
  if (format !== undefined) return readings(parts, row, { format, imported: mark === 'import', parsed });
  const item = parsed.items[0];
  return isMessage(name) && item !== undefined ? message(parts, row, { source: name, item }) : 'nothing reads payloads of this source';
}

function isMessage(name: string): name is MessageSource {
  return name === 'alert' || name === 'device_status';
}

async function readings(
  { identities, partitions, clock }: ReleaseParts,
  row: HeldRow,
  body: { format: ReadingFormat; imported: boolean; parsed: ParsedBody },
): Promise<Outcome> {
  const drafts: Draft[] = [];
  for (const { value, refusal } of body.parsed.items) {
    if (refusal !== undefined) return refusal.detail;
    const draft = draftReading(body.format, value);
    if (isFaulty(draft)) return isRecordOfOurs(value) ? CONFLICT : refuseFaults(draft).detail;
    drafts.push(draft);
  }
  const resolved = await identities.resolve(drafts);
  const records: NewRecord[] = [];
  for (const [i, draft] of drafts.entries()) {
    const ids = resolved[i];
    if (ids === undefined) return HOLDS.unknown_patient.detail;
    if (ids.waits !== undefined) return HOLDS[ids.waits].detail;
    if (untimely(draft.at, { received: clock.now(), imported: true }) !== undefined) return STILL_FUTURE;
    const imported = body.imported || untimely(draft.at, { received: row.received_ms, imported: false }) === 'timestamp_old';
    const transport = { source: body.format, received: row.received_ms, correlation: row.correlation_id, imported };
    records.push(readingRecord(identify(draft, ids.patient, ids.device), transport, { partitions }));
  }
  return records;
}

async function message(
  { messages, partitions, clock }: ReleaseParts,
  row: HeldRow,
  { source, item }: { source: MessageSource; item: Item },
): Promise<Outcome> {
  // The id of the payload stands for a missing Idempotency-Key, so that an alert released twice is one.
  const request = { item, received: row.received_ms, correlation: row.correlation_id, key: row.quarantine_id };
  const prepared = await messages.prepare(source, request);
  if (!('source' in prepared)) return isRecordOfOurs(item.value) ? CONFLICT : prepared.detail;
  if (prepared.waits !== undefined) return HOLDS[prepared.waits].detail;
  if (untimely(prepared.record.at, { received: clock.now(), imported: true }) !== undefined) return STILL_FUTURE;
  return [messageRecord(prepared, partitions)];
}

const CONFLICT = 'another body is stored for the same device and time: this one can only be discarded';
const STILL_FUTURE = 'its timestamp still lies in the future: released then, it would make the readings of now late';

/** The task keeps conflicts as records of the log, and not as their senders wrote them. */
function isRecordOfOurs(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && 'digest' in value;
}
