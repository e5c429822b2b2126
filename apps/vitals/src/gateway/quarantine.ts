/** Keeps payloads that could not be taken as they are: untouched, encrypted, with the reason and the name of the field at fault. */

import { createHmac } from 'node:crypto';

import { storeError } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { SecretKey } from '../contracts/cipher.ts';
import { Cipher } from '../contracts/cipher.ts';
import { GroupCommit } from './group-commit.ts';

/** Why a payload is kept here. */
export const QUARANTINE_REASONS = [
  'unparseable',
  'too_large',
  'unsupported_media_type',
  'invalid',
  'timestamp_future',
  'timestamp_old',
  'unknown_patient',
  'unassigned_device',
  'idempotency_conflict',
] as const;
export type QuarantineReason = (typeof QUARANTINE_REASONS)[number];

/** A payload to keep. */
export interface QuarantineEntry {
  readonly reason: QuarantineReason;
  /** Where it came from: name of the format, with `:import` behind it for imports. */
  readonly source: string;
  /** JSON pointer of the member at fault; never its value. */
  readonly field?: string;
  /** One sentence for the person who looks at it; no values of the payload. */
  readonly detail: string;
  /** Internal UUIDs, for readings that wait for an assignment. */
  readonly device?: string;
  readonly patient?: string;
  /** As received. */
  readonly payload: Buffer;
  readonly received: number;
  readonly correlation: string;
}

interface Row extends QuarantineEntry {
  readonly id: string;
}

/** ms. */
const DEADLINE = 4000;

export class Quarantine {
  readonly #pool: Pool;
  readonly #cipher: Cipher;
  readonly #secret: Buffer;
  readonly #writer: GroupCommit<Row, undefined>;

  constructor(pool: Pool, clock: Clock, key: SecretKey) {
    this.#pool = pool;
    this.#cipher = new Cipher(key);
    this.#secret = key.key;
    this.#writer = new GroupCommit({
      clock,
      run: async (rows: readonly Row[]) => {
        await this.#insert(rows);
        return rows.map(() => undefined);
      },
      weigh: ({ payload }) => payload.length + 1000,
      maxRun: 4 << 20,
      maxPending: 64 << 20,
      deadline: DEADLINE,
      late: 'STORE_UNAVAILABLE',
    });
  }

  /** The id under which an entry is kept: the same payload refused again for the same reason is one row, seen once more. */
  idOf({ source, reason, payload }: Pick<QuarantineEntry, 'source' | 'reason' | 'payload'>): string {
    const mac = createHmac('sha256', this.#secret).update(`quarantine\u001f${source}\u001f${reason}\u001f`).update(payload).digest('hex');
    return `${mac.slice(0, 8)}-${mac.slice(8, 12)}-8${mac.slice(13, 16)}-8${mac.slice(17, 20)}-${mac.slice(20, 32)}`;
  }

  /**
   * Resolves when the payload is durable, with its id.
   * @throws KidjamoError STORE_UNAVAILABLE or OVERLOADED.
   */
  async keep(entry: QuarantineEntry): Promise<string> {
    const id = this.idOf(entry);
    await this.#writer.call({ ...entry, id });
    return id;
  }

  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void> {
    return this.#writer.idle();
  }

  async #insert(rows: readonly Row[]): Promise<void> {
    const seen = new Map<string, { row: Row; times: number }>();
    for (const row of rows) {
      const before = seen.get(row.id);
      if (before === undefined) seen.set(row.id, { row, times: 1 });
      else before.times += 1;
    }
    const unique = [...seen.values()];
    const sealed = unique.map(({ row }) => this.#cipher.seal(row.payload));
    const column = (read: (row: Row) => unknown): unknown[] => unique.map(({ row }) => read(row) ?? null);
    try {
      await this.#pool.query(
        `INSERT INTO quarantine (quarantine_id, reason, field, detail, source, device_id, patient_id, received_at, correlation_id, seen, key_id, payload)
         SELECT id, reason, field, detail, source, device, patient, to_timestamp(received / 1000), correlation, seen, key_id, payload
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::float8[], $9::text[], $10::bigint[],
                       $11::text[], $12::bytea[])
             AS given (id, reason, field, detail, source, device, patient, received, correlation, seen, key_id, payload)
          ORDER BY id
         ON CONFLICT (quarantine_id) DO UPDATE SET seen = quarantine.seen + excluded.seen`,
        [
          column(({ id }) => id),
          column(({ reason }) => reason),
          column(({ field }) => (field === undefined ? null : printable(field))),
          column(({ detail }) => detail),
          column(({ source }) => source),
          column(({ device }) => device),
          column(({ patient }) => patient),
          column(({ received }) => received),
          column(({ correlation }) => correlation),
          unique.map(({ times }) => times),
          sealed.map(({ keyId }) => keyId),
          sealed.map(({ data }) => data),
        ],
      );
    } catch (error) {
      throw storeError(error);
    }
  }
}

/** Names of members may hold what PostgreSQL cannot store as text. */
function printable(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cs}]/gu, '\u{fffd}').slice(0, 256);
}
