/** What a person does with a payload in quarantine beside releasing it: look, discard. It is never removed. */

import { storeError } from '@kidjamo/connector-postgres';
import { KidjamoError } from '@kidjamo/stream';
import type { Pool } from 'pg';

import type { SecretKey } from '../contracts/cipher.ts';
import { Cipher } from '../contracts/cipher.ts';
import type { Releaser } from './release.ts';

/** A payload with what is known of it. */
export interface OpenedPayload {
  readonly id: string;
  readonly reason: string;
  readonly field: string | null;
  readonly detail: string;
  readonly source: string;
  readonly status: string;
  readonly receivedAt: Date;
  readonly seen: number;
  /** As received. */
  readonly payload: Buffer;
  readonly decisions: readonly { readonly decision: string; readonly by: string; readonly why: string; readonly at: Date }[];
}

interface Row {
  readonly reason: string;
  readonly field: string | null;
  readonly detail: string;
  readonly source: string;
  readonly status: string;
  readonly received_at: Date;
  readonly seen: number;
  readonly key_id: string;
  readonly payload: Buffer;
}

const UNKNOWN = 'no payload has this id: `kidjamo quarantine list` names those there are';

/**
 * Opens a payload.
 * @throws KidjamoError NOT_FOUND; KEY_FILE_INVALID when it was encrypted under another key; STORE_UNAVAILABLE.
 */
export async function openQuarantined(pool: Pool, id: string, key: SecretKey): Promise<OpenedPayload> {
  try {
    const { rows } = await pool.query<Row>(
      `SELECT reason, field, detail, source, status, received_at, seen::float8 AS seen, key_id, payload FROM quarantine WHERE quarantine_id = $1`,
      [id],
    );
    const row = rows[0];
    if (row === undefined) throw new KidjamoError('NOT_FOUND', UNKNOWN);
    const { rows: decisions } = await pool.query<{ decision: string; by: string; why: string; at: Date }>(
      'SELECT decision, decided_by AS by, why, decided_at AS at FROM quarantine_decisions WHERE quarantine_id = $1 ORDER BY decided_at',
      [id],
    );
    const { received_at: receivedAt, key_id: keyId, payload, ...rest } = row;
    return { id, ...rest, receivedAt, payload: new Cipher(key).open({ keyId, data: payload }), decisions };
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Says that nothing more will be done with a payload. It stays, encrypted.
 * @throws KidjamoError NOT_FOUND; INPUT_INVALID when it is not held any more; STORE_UNAVAILABLE.
 */
export async function discardQuarantined(pool: Pool, id: string, { by, why }: Releaser): Promise<void> {
  try {
    const { rowCount } = await pool.query(
      `WITH discarded AS (
         UPDATE quarantine SET status = 'discarded' WHERE quarantine_id = $1 AND status = 'held' RETURNING quarantine_id)
       INSERT INTO quarantine_decisions (quarantine_id, decision, decided_by, why) SELECT quarantine_id, 'discarded', $2, $3 FROM discarded`,
      [id, by, why],
    );
    if (rowCount === 1) return;
    const { rows } = await pool.query<{ status: string }>('SELECT status FROM quarantine WHERE quarantine_id = $1', [id]);
    const status = rows[0]?.status;
    if (status === undefined) throw new KidjamoError('NOT_FOUND', UNKNOWN);
    throw new KidjamoError('INPUT_INVALID', `the payload was ${status} before`);
  } catch (error) {
    throw storeError(error);
  }
}
