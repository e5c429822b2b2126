/** What people do with dead letters: look, send again, discard. A letter is never removed; who decided, when and why stands beside it. */

import { KidjamoError } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import { withClient } from '../client.ts';
import { storeError } from '../failure.ts';
import { appendBatches } from '../log/append-batches.ts';
import { encodeBatches } from '../log/encode.ts';

/** Where a dead letter comes from; names it. */
export interface DeadLetterId {
  readonly log: string;
  readonly group: string;
  readonly partition: number;
  readonly offset: number;
}

/** Who decided, and why. */
export interface Decision {
  /** Name of the person's account on the machine. */
  readonly by: string;
  readonly why: string;
}

/** A letter whole. */
export interface DeadLetterRecord extends DeadLetterId {
  readonly key: string;
  readonly value: string;
  readonly reason: string;
  readonly createdAt: Date;
  readonly status: 'held' | 'replayed' | 'discarded';
  readonly decided: (Decision & { readonly at: Date; readonly newOffset: number | null }) | null;
}

interface Row {
  readonly key: string;
  readonly value: string;
  readonly reason: string;
  readonly created_at: Date;
  readonly decision: 'replayed' | 'discarded' | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly why: string | null;
  readonly new_offset: string | null;
}

const LOOK = `
  SELECT l.key, l.value, l.reason, l.created_at, d.decision, d.decided_by, d.decided_at, d.why, d.new_offset
    FROM stream.dead_letter l LEFT JOIN stream.dead_letter_decision d USING (log, consumer_group, partition, record_offset)
   WHERE l.log = $1 AND l.consumer_group = $2 AND l.partition = $3 AND l.record_offset = $4`;

/** The letter with what was decided on it. @throws KidjamoError NOT_FOUND or STORE_UNAVAILABLE. */
export async function readDeadLetter(pool: Pool, id: DeadLetterId): Promise<DeadLetterRecord> {
  try {
    return letterOf(id, (await pool.query<Row>(LOOK, parts(id))).rows[0]);
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Appends the record once more to the partition that it came from, and writes the decision down, both or neither: however often it is
 * called, the record is appended once. Gives its new offset. Every group of the log reads it again, so this is right only where all of
 * them take a record twice without harm.
 * @throws KidjamoError NOT_FOUND; INPUT_INVALID when it was decided on before, or when its log is not kept in this database.
 */
export function replayDeadLetter(pool: Pool, id: DeadLetterId, decision: Decision): Promise<number> {
  return decide(pool, id, async (client, letter) => {
    const { rows: logs } = await client.query<{ partitions: number }>('SELECT partitions FROM stream.log WHERE name = $1', [id.log]);
    const partitions = logs[0]?.partitions ?? 0;
    if (id.partition >= partitions) throw new KidjamoError('INPUT_INVALID', 'the log of this letter is not kept in this database');
    const batches = encodeBatches([{ partition: id.partition, key: letter.key, value: letter.value }], partitions);
    const [offset = Number.NaN] = await appendBatches(client, id.log, batches);
    await writeDecision(client, id, { ...decision, decision: 'replayed', offset });
    return offset;
  });
}

/**
 * Says that nothing more will be done with the letter. It stays where it is.
 * @throws KidjamoError NOT_FOUND, or INPUT_INVALID when it was decided on before.
 */
export async function discardDeadLetter(pool: Pool, id: DeadLetterId, decision: Decision): Promise<void> {
  await decide(pool, id, (client) => writeDecision(client, id, { ...decision, decision: 'discarded', offset: null }));
}

function decide<T>(pool: Pool, id: DeadLetterId, work: (client: PoolClient, letter: DeadLetterRecord) => Promise<T>): Promise<T> {
  return withClient(pool, async (client) => {
    await client.query('BEGIN');
    // Whoever decides on the same letter at the same time waits here, and then finds the decision.
    await client.query(
      `SELECT FROM stream.dead_letter WHERE log = $1 AND consumer_group = $2 AND partition = $3 AND record_offset = $4 FOR UPDATE`,
      parts(id),
    );
    const letter = letterOf(id, (await client.query<Row>(LOOK, parts(id))).rows[0]);
    if (letter.status !== 'held')
      throw new KidjamoError('INPUT_INVALID', `the dead letter was ${letter.status} before: it is decided on once`);
    const result = await work(client, letter);
    await client.query('COMMIT');
    return result;
  });
}

async function writeDecision(
  client: PoolClient,
  id: DeadLetterId,
  { decision, by, why, offset }: Decision & { decision: 'replayed' | 'discarded'; offset: number | null },
): Promise<void> {
  await client.query(
    `INSERT INTO stream.dead_letter_decision (log, consumer_group, partition, record_offset, decision, decided_by, why, new_offset)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [...parts(id), decision, by, why, offset],
  );
}

function parts({ log, group, partition, offset }: DeadLetterId): unknown[] {
  return [log, group, partition, offset];
}

function letterOf(id: DeadLetterId, row: Row | undefined): DeadLetterRecord {
  if (row === undefined) throw new KidjamoError('NOT_FOUND', 'there is no such dead letter: `kidjamo dlq list` names those there are');
  const { key, value, reason, created_at: createdAt, decision, decided_by: by, decided_at: at, why, new_offset: newOffset } = row;
  const decided =
    by === null || at === null || why === null ? null : { by, at, why, newOffset: newOffset === null ? null : Number(newOffset) };
  return { ...id, key, value, reason, createdAt, status: decision ?? 'held', decided };
}
