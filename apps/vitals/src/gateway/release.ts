/** Takes readings out of quarantine that waited for a patient or an assignment. */

import { storeError } from '@kidjamo/connector-postgres';
import type { Pool } from 'pg';

import type { SecretKey } from '../contracts/cipher.ts';
import { Cipher } from '../contracts/cipher.ts';
import { draftReading, READING_FORMATS } from './formats.ts';
import { isFaulty } from './draft.ts';
import type { AppendQueue } from './append-queue.ts';
import type { Identities } from './identities.ts';
import { isRefusal, parseBody } from './parse-body.ts';
import { identify, readingRecord } from './reading-record.ts';

/** Rows looked at together. */
const PAGE = 500;

export interface ReleaseOptions {
  readonly pool: Pool;
  readonly key: SecretKey;
  readonly identities: Identities;
  readonly queue: AppendQueue;
  readonly partitions: number;
  /** Internal UUID of the device that was assigned. */
  readonly deviceId: string;
}

/** What came of it. */
export interface Released {
  /** Appended to the log as readings. */
  readonly released: number;
  /** Still waiting: no assignment, or no patient, fits them. */
  readonly waiting: number;
}

interface HeldRow {
  readonly quarantine_id: string;
  readonly source: string;
  readonly key_id: string;
  readonly payload: Buffer;
  readonly received_ms: number;
  readonly correlation_id: string;
}

/**
 * Normalises the readings of a device that wait for an assignment again, and appends those that have one now, as received when they came.
 * Stopped half-way and called again it does no harm: a reading appended twice is a duplicate.
 * @throws KidjamoError STORE_UNAVAILABLE, LOG_UNAVAILABLE, or KEY_FILE_INVALID when they were encrypted under another key.
 */
export async function releaseQuarantine(options: ReleaseOptions): Promise<Released> {
  let released = 0;
  let waiting = 0;
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await heldRows(options, after);
    const last = rows.at(-1);
    if (last === undefined) return { released, waiting };
    after = last.quarantine_id;
    const count = await releasePage(options, rows);
    released += count;
    waiting += rows.length - count;
  }
}

async function heldRows({ pool, deviceId }: ReleaseOptions, after: string): Promise<readonly HeldRow[]> {
  try {
    const { rows } = await pool.query<HeldRow>(
      `SELECT quarantine_id, source, key_id, payload, extract(epoch FROM received_at)::float8 * 1000 AS received_ms, correlation_id
         FROM quarantine
        WHERE device_id = $1 AND status = 'held' AND reason IN ('unknown_patient', 'unassigned_device') AND quarantine_id > $2
        ORDER BY quarantine_id LIMIT $3`,
      [deviceId, after, PAGE],
    );
    return rows;
  } catch (error) {
    throw storeError(error);
  }
}

async function releasePage(options: ReleaseOptions, rows: readonly HeldRow[]): Promise<number> {
  const { pool, key, identities, queue, partitions } = options;
  const cipher = new Cipher(key);
  const drafts = rows.flatMap((row) => {
    const [name, mark] = row.source.split(':');
    const format = READING_FORMATS.find((known) => known === name);
    if (format === undefined) return [];
    const parsed = parseBody(cipher.open({ keyId: row.key_id, data: row.payload }), false);
    if (isRefusal(parsed)) return [];
    const draft = draftReading(format, parsed.items[0]?.value);
    return isFaulty(draft) ? [] : [{ row, format, imported: mark === 'import', draft }];
  });
  const resolved = await identities.resolve(drafts.map(({ draft }) => draft));
  const ready = drafts.flatMap(({ row, format, imported, draft }, i) => {
    const ids = resolved[i];
    if (ids === undefined || ids.waits !== undefined) return [];
    const transport = { source: format, received: row.received_ms, correlation: row.correlation_id, imported };
    return [{ id: row.quarantine_id, record: readingRecord(identify(draft, ids.patient, ids.device), transport, { partitions }) }];
  });
  await queue.append(ready.map(({ record }) => record));
  try {
    await pool.query("UPDATE quarantine SET status = 'released', released_at = now() WHERE quarantine_id = ANY ($1::uuid[])", [
      ready.map(({ id }) => id),
    ]);
  } catch (error) {
    throw storeError(error);
  }
  return ready.length;
}
