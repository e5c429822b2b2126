/** Keeps records that a sink refused for good. */

import type { DeadLetter, Lease } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { storeError } from '../failure.ts';

export class DeadLetterStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Writes the letters; the same one twice is one. @throws KidjamoError STORE_UNAVAILABLE */
  async write(lease: Lease, letters: readonly DeadLetter[]): Promise<void> {
    try {
      await writeDeadLetters(this.#pool, lease, letters);
    } catch (error) {
      throw storeError(error);
    }
  }
}

/** Writes letters through a pool, or inside the transaction of a client. */
export async function writeDeadLetters(to: Pick<Pool, 'query'>, lease: Lease, letters: readonly DeadLetter[]): Promise<void> {
  if (letters.length === 0) return;
  await to.query(
    `INSERT INTO stream.dead_letter (log, consumer_group, partition, record_offset, key, value, reason)
     SELECT $1, $2, $3, * FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[]) ON CONFLICT DO NOTHING`,
    [
      lease.log,
      lease.group,
      lease.partition,
      letters.map((letter) => letter.offset),
      letters.map((letter) => letter.key),
      letters.map((letter) => letter.value),
      letters.map((letter) => letter.reason),
    ],
  );
}
