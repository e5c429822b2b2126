/**
 * Takes a partition over for a consumer group whose commit point is in this database, whoever decides about its members.
 *
 * 1. {@link raiseGeneration} raises the generation in `consumer_lease`.
 * 2. {@link fence} writes that generation to `consumer_offset`. A commit in flight of the former owner either ends first or finds itself
 *    fenced. A former owner that was stopped in the middle of a commit holds the row's lock: its backend is terminated.
 *
 * Only after both may the lease be handed to the runtime.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Clock, Lease } from '@kidjamo/stream';
import type { Pool, PoolClient } from 'pg';

import { withClient } from '../client.ts';
import { storeError } from '../failure.ts';

/** What fencing needs. */
export interface FenceOptions {
  /** Takes two connections at a time. */
  readonly pool: Pool;
  readonly clock: Clock;
  /** How long to wait for a commit of the former owner before its backend is terminated, ms. */
  readonly patience: number;
}

/**
 * Makes the rows of a group for partitions 0, 1, 2, ... of a log, those that are missing. `starts` are the offsets at which a group that is
 * new begins, by partition.
 * @throws KidjamoError STORE_UNAVAILABLE
 */
export async function registerConsumer(pool: Pool, { log, group }: Pick<Lease, 'log' | 'group'>, starts: readonly number[]): Promise<void> {
  const missing = (table: string): string =>
    `NOT EXISTS (SELECT FROM stream.${table} t WHERE t.log = $1 AND t.consumer_group = $2 AND t.partition = s.place - 1)`;
  try {
    // ON CONFLICT alone would wait for a stopped transaction that has updated the row; a plain look does not.
    await pool.query(
      `INSERT INTO stream.consumer_lease (log, consumer_group, partition)
       SELECT $1, $2, s.place - 1 FROM unnest($3::bigint[]) WITH ORDINALITY AS s (start, place)
        WHERE ${missing('consumer_lease')} ON CONFLICT DO NOTHING`,
      [log, group, starts],
    );
    await pool.query(
      `INSERT INTO stream.consumer_offset (log, consumer_group, partition, next_offset)
       SELECT $1, $2, s.place - 1, s.start FROM unnest($3::bigint[]) WITH ORDINALITY AS s (start, place)
        WHERE ${missing('consumer_offset')} ON CONFLICT DO NOTHING`,
      [log, group, starts],
    );
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Raises the generation of a partition for `member`: every older lease is worthless from the {@link fence} on.
 * @throws KidjamoError STORE_UNAVAILABLE, also where the group is not registered.
 */
export async function raiseGeneration(pool: Pool, at: Omit<Lease, 'generation'>, member: string): Promise<Lease> {
  try {
    const { rows } = await pool.query<{ generation: string }>(
      `UPDATE stream.consumer_lease SET owner = $4, lease_until = NULL, generation = generation + 1
        WHERE log = $1 AND consumer_group = $2 AND partition = $3 RETURNING generation`,
      [at.log, at.group, at.partition, member],
    );
    const [row] = rows;
    if (row === undefined) throw new KidjamoError('STORE_UNAVAILABLE', `the consumer group has no row for partition ${at.partition}`);
    return { log: at.log, group: at.group, partition: at.partition, generation: Number(row.generation) };
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Makes commits on older leases of the partition impossible.
 * @throws KidjamoError STORE_UNAVAILABLE
 */
export async function fence(options: FenceOptions, lease: Lease): Promise<void> {
  const done = new AbortController();
  await withClient(options.pool, async (client) => {
    const update = client.query(
      'UPDATE stream.consumer_offset SET generation = $4 WHERE log = $1 AND consumer_group = $2 AND partition = $3 AND generation < $4',
      [lease.log, lease.group, lease.partition, lease.generation],
    );
    await Promise.all([update.finally(() => done.abort()), unblock(options, client, done.signal)]);
  });
}

/**
 * Tells how far a group has come whose position lives elsewhere. Never moves backwards.
 * @throws KidjamoError STORE_UNAVAILABLE
 */
export async function reportOffset(pool: Pool, lease: Lease, offset: number): Promise<void> {
  try {
    await pool.query(
      `UPDATE stream.consumer_offset SET next_offset = greatest(next_offset, $4)
        WHERE log = $1 AND consumer_group = $2 AND partition = $3`,
      [lease.log, lease.group, lease.partition, offset],
    );
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Says that `member` works on the partition no more. Nothing happens when the lease is worthless.
 * @throws KidjamoError STORE_UNAVAILABLE
 */
export async function disown(pool: Pool, lease: Lease, member: string): Promise<void> {
  try {
    await pool.query(
      `UPDATE stream.consumer_lease SET owner = NULL, lease_until = NULL
        WHERE log = $1 AND consumer_group = $2 AND partition = $3 AND generation = $4 AND owner = $5`,
      [lease.log, lease.group, lease.partition, lease.generation, member],
    );
  } catch (error) {
    throw storeError(error);
  }
}

/** While `client` waits for a lock longer than patience allows, terminates the backends that hold it. */
async function unblock({ pool, clock, patience }: FenceOptions, client: PoolClient, done: AbortSignal): Promise<void> {
  const pid = backendPid(client);
  for (;;) {
    await clock.sleep(patience, done);
    if (done.aborted || pid === undefined) return;
    await pool.query('SELECT pg_terminate_backend(holder) FROM unnest(pg_blocking_pids($1)) AS holder', [pid]);
  }
}

/** The server process behind a connection. */
function backendPid(client: PoolClient): number | undefined {
  return 'processID' in client && typeof client.processID === 'number' ? client.processID : undefined;
}
