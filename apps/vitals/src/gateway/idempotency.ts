/** Requests that name an Idempotency-Key: a key stands for one body. */

import { createHash } from 'node:crypto';

import { storeError } from '@kidjamo/connector-postgres';
import type { Clock } from '@kidjamo/stream';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { deterministicId } from '../domain/ids.ts';
import { GroupCommit } from './group-commit.ts';

/** A key with the body that came with it. */
export interface KeyedBody {
  /** UUID, from {@link keyId}. */
  readonly id: string;
  /** Digest of the body. */
  readonly digest: string;
}

/** The id of a key: hashed, since a sender may put anything into it, and kept apart by route. */
export function keyId(route: string, key: string): string {
  return deterministicId('idempotency-key', route, createHash('sha256').update(key).digest('hex'));
}

export class IdempotencyKeys {
  readonly #group: GroupCommit<KeyedBody, boolean>;

  constructor(pool: Pool, clock: Clock) {
    this.#group = new GroupCommit({
      clock,
      run: (bodies) => claim(pool, bodies),
      weigh: () => 1,
      maxRun: 5000,
      maxPending: 50_000,
      deadline: 4000,
      late: 'STORE_UNAVAILABLE',
    });
  }

  /**
   * Binds the key to the body, unless it is bound already. False when it is bound to another body.
   * @throws KidjamoError STORE_UNAVAILABLE or OVERLOADED.
   */
  claim(body: KeyedBody): Promise<boolean> {
    return this.#group.call(body);
  }
}

async function claim(pool: Pool, bodies: readonly KeyedBody[]): Promise<boolean[]> {
  const first = new Map<string, string>();
  for (const { id, digest } of bodies) if (!first.has(id)) first.set(id, digest);
  try {
    // Two statements: the second one also sees what another gateway inserted while the first one waited for it.
    await pool.query(
      `INSERT INTO idempotency_keys (id, digest) SELECT id, digest FROM unnest($1::uuid[], $2::text[]) AS given (id, digest) ORDER BY id
       ON CONFLICT (id) DO NOTHING`,
      [[...first.keys()], [...first.values()]],
    );
    const { rows } = await pool.query<KeyedBody>('SELECT id, digest FROM idempotency_keys WHERE id = ANY ($1::uuid[])', [
      [...first.keys()],
    ]);
    const bound = new Map(rows.map(({ id, digest }) => [id, digest]));
    return bodies.map(({ id, digest }) => {
      const found = bound.get(id);
      if (found === undefined) throw new KidjamoError('STORE_UNAVAILABLE', 'an idempotency key vanished while it was used; send again');
      return found === digest;
    });
  } catch (error) {
    throw storeError(error);
  }
}
