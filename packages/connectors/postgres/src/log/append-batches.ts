/** Adds encoded rows to a log: for its own appends, for the outputs of a commit, and for a dead letter sent again. */

import type { Pool, PoolClient } from 'pg';

import type { EncodedBatch } from './encode.ts';

/** The offset of the first record of each batch, in their order. On a client, part of its transaction. Throws what the driver throws. */
export async function appendBatches(on: Pool | PoolClient, log: string, batches: readonly EncodedBatch[]): Promise<number[]> {
  const { rows } = await on.query<{ append: string }>({
    name: 'stream-log-append',
    text: 'SELECT stream.append($1, $2, $3, $4, $5)',
    values: [
      log,
      batches.map((batch) => batch.partition),
      batches.map((batch) => batch.count),
      batches.map((batch) => batch.codec),
      batches.map((batch) => batch.body),
    ],
  });
  return rows.map((row) => Number(row.append));
}
