/** What a batch of a partition tells of transactions. */

import type { RecordsBatch } from '@platformatic/kafka';

/** How a transaction ends. */
export type Outcome = 'commit' | 'abort';

const TRANSACTIONAL = 1 << 4;
const CONTROL = 1 << 5;
/** Type of a marker of a commit, in the key of a control record after the version. */
const COMMIT = 1;

/** The end of a transaction that a batch is the marker of; undefined for a batch of records. */
export function markerOf(batch: RecordsBatch): Outcome | undefined {
  if ((batch.attributes & CONTROL) === 0) return undefined;
  return batch.records[0]?.key?.readInt16BE(2) === COMMIT ? 'commit' : 'abort';
}

/** Whether the records of a batch wait for a marker. */
export function isTransactional(batch: RecordsBatch): boolean {
  return (batch.attributes & TRANSACTIONAL) !== 0;
}
