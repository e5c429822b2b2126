/** Turns identities as given into internal UUIDs in the store, many at a time, safely beside other gateways. */

import { randomUUID } from 'node:crypto';

import type { Pool } from 'pg';

/** What is enrolled. */
export type Kind = 'patients' | 'devices';

/** Internal ids by the identity as given, and which of them were made just now. */
export interface Enrolled {
  readonly ids: ReadonlyMap<string, string>;
  readonly made: ReadonlySet<string>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const KEY = { patients: 'patient_id', devices: 'device_id' } as const;

/** Looks identities up. With `make`, those that are unknown get a provisional row: a UUID is used as it is, free text gets a random one for good. */
export async function enrol(pool: Pool, kind: Kind, options: { names: readonly string[]; make: boolean }): Promise<Enrolled> {
  const ids = new Map<string, string>();
  const made = new Set<string>();
  const uuids = options.names.filter((name) => UUID.test(name));
  const texts = options.names.filter((name) => !UUID.test(name));
  if (uuids.length > 0) await enrolUuids(pool, kind, { uuids, make: options.make, ids, made });
  if (texts.length > 0) await enrolTexts(pool, kind, { texts, make: options.make, ids, made });
  return { ids, made };
}

interface Work {
  readonly make: boolean;
  readonly ids: Map<string, string>;
  readonly made: Set<string>;
}

async function enrolUuids(pool: Pool, kind: Kind, { uuids, make, ids, made }: Work & { uuids: readonly string[] }): Promise<void> {
  const key = KEY[kind];
  const wanted = [...new Set(uuids.map((uuid) => uuid.toLowerCase()))];
  const { rows } = await pool.query<{ id: string }>(`SELECT ${key} AS id FROM ${kind} WHERE ${key} = ANY ($1::uuid[])`, [wanted]);
  const known = new Set(rows.map(({ id }) => id));
  const missing = wanted.filter((id) => !known.has(id));
  if (make && missing.length > 0) {
    const inserted = await pool.query<{ id: string }>(
      // In one order everywhere, so that two gateways never wait for each other in a circle.
      `INSERT INTO ${kind} (${key}, provisional) SELECT id, true FROM unnest($1::uuid[]) AS id ORDER BY id
       ON CONFLICT (${key}) DO NOTHING RETURNING ${key} AS id`,
      [missing],
    );
    for (const { id } of inserted.rows) made.add(id);
    for (const id of missing) known.add(id);
  }
  for (const uuid of uuids) if (known.has(uuid.toLowerCase())) ids.set(uuid, uuid.toLowerCase());
}

async function enrolTexts(pool: Pool, kind: Kind, { texts, make, ids, made }: Work & { texts: readonly string[] }): Promise<void> {
  const key = KEY[kind];
  const find = async (names: readonly string[]): Promise<void> => {
    const { rows } = await pool.query<{ name: string; id: string }>(
      `SELECT external_id AS name, ${key} AS id FROM ${kind} WHERE external_id = ANY ($1::text[])`,
      [names],
    );
    for (const { name, id } of rows) ids.set(name, id);
  };
  const missing = (): string[] => texts.filter((name) => !ids.has(name));
  await find(texts);
  if (!make || missing().length === 0) return;
  const fresh = missing();
  const inserted = await pool.query<{ name: string; id: string }>(
    `INSERT INTO ${kind} (${key}, external_id, provisional)
     SELECT id, name, true FROM unnest($1::text[], $2::uuid[]) AS given (name, id) ORDER BY name
     ON CONFLICT (external_id) DO NOTHING RETURNING external_id AS name, ${key} AS id`,
    [fresh, fresh.map(() => randomUUID())],
  );
  for (const { name, id } of inserted.rows) {
    ids.set(name, id);
    made.add(id);
  }
  // Another gateway was faster with these; its insert has been committed, or ours would have waited and won.
  if (missing().length > 0) await find(missing());
}
