import { VitalsStore } from '@kidjamo/vitals';
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { Cipher } from '../../src/contracts/cipher.ts';
import { ACTIONS } from '../../src/contracts/reading.ts';
import type { ActionName } from '../../src/contracts/reading.ts';
import type { AlertLogRow, AlertRow } from '../../src/contracts/rows.ts';
import { VITALS_MIGRATIONS } from '../../src/migrations.ts';
import { held, MINUTE, PATIENT, reading, Rig, T0 } from '../task/rig.ts';
import { ask, DOCTOR, NURSE } from './ask.ts';

// What readings and people bring about together, in PostgreSQL: the same however the records are cut into commits.

let database: TestDatabase;
let pool: pg.Pool;
const store = new VitalsStore(new Cipher({ id: 'k1', key: Buffer.alloc(32, 7) }));

beforeAll(async () => {
  database = await createTestDatabase([VITALS_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

/** A step of a life: a breach of a floor, a reading of an unassigned device, a good one that ends that, or somebody's action on an alert. */
type Step = { readonly kind: 'breach' | 'held' | 'good' } | { readonly kind: ActionName; readonly alert: number; readonly by: string };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('breach' as const, 'held' as const, 'good' as const) }),
    fc.record({ kind: fc.constantFrom(...ACTIONS), alert: fc.nat(3), by: fc.constantFrom(NURSE, DOCTOR) }),
  ),
  { minLength: 1, maxLength: 25 },
);

/** Alerts as rows tell them, in the order in which they were raised. */
function alertsOf(writes: readonly Partial<AlertRow>[]): AlertRow[] {
  const rows = new Map<unknown, AlertRow>();
  for (const row of writes) rows.set(row.alert_id, { ...rows.get(row.alert_id), ...row } as AlertRow);
  return [...rows.values()];
}

/** Lives the steps, and commits after those that `cut` names. Gives what the task wrote, in order. */
async function live(life: readonly Step[], cut: (step: number) => boolean): Promise<{ alerts: AlertRow[]; logs: AlertLogRow[] }> {
  await pool.query('TRUNCATE measurements, alerts, alert_status_logs, window_panes');
  const rig = new Rig();
  const writes: AlertRow[] = [];
  const logs: AlertLogRow[] = [];
  for (const [n, step] of life.entries()) {
    const at = T0 + n * MINUTE;
    const known = alertsOf([...writes, ...rig.alertWrites]);
    if (step.kind === 'breach') rig.feed(reading({ at, received: at, vitals: { spo2: 80 } }));
    else if (step.kind === 'held') rig.feed(held({ at, received: at, reason: 'unassigned_device' }));
    else if (step.kind === 'good') rig.feed(reading({ at, received: at }));
    else if ('alert' in step) {
      const alert = known[known.length === 0 ? 0 : step.alert % known.length];
      if (alert !== undefined) rig.feed(ask(alert, step.kind, { at, by: step.by }));
    }
    if (cut(n) || n === life.length - 1) {
      writes.push(...rig.alertWrites);
      logs.push(...((rig.context.rows.get('alert_status_logs') ?? []) as AlertLogRow[]));
      await commit(rig);
    }
  }
  return { alerts: alertsOf(writes), logs };
}

async function commit(rig: Rig): Promise<void> {
  const rows = store.pack(new Map(rig.context.rows));
  rig.context.rows.clear();
  await store.prepare(pool, rows);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await store.write(client, rows);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

const read = async <T extends object>(sql: string): Promise<T[]> => (await pool.query<T>(sql)).rows;
const stored = async (): Promise<unknown> => [
  await read('SELECT * FROM alerts ORDER BY created_at, alert_id'),
  await read(`SELECT log_id, alert_id, patient_id, status, from_status, to_status, changed_at, changed_by, comment, metadata, action_id
                FROM alert_status_logs ORDER BY seq`),
];

test('however they are cut into commits, rows and logs are the same, and tell the same', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.boolean(), { minLength: 25, maxLength: 25 }), async (life, cuts) => {
      const { alerts, logs } = await live(life, (step) => cuts[step] === true);
      const drawn = await stored();
      await live(life, () => true);
      expect(drawn).toEqual(await stored());

      // The row of each alert is where its log ends, and every action left one row.
      const rows = await read<{ alert_id: string; status: string; acknowledged_by: string | null; open: boolean }>(
        'SELECT alert_id, status, acknowledged_by, resolved_at IS NULL AS open FROM alerts',
      );
      expect(rows.length).toBe(alerts.length);
      for (const { alert_id: id, status, acknowledged_by: by, open } of rows) {
        const story = logs.filter(({ alert_id: of, status: what }) => of === id && what !== 'refused');
        const moved = story.filter(({ from_status: from, to_status: to }) => from !== to);
        expect(moved.at(-1)?.to_status).toBe(status);
        expect(open).toBe(status === 'active' || status === 'acknowledged' || status === 'cleared');
        const seen = story.find(({ from_status: from, metadata }) => from !== 'acknowledged' && metadata['action'] === 'acknowledge');
        expect(seen?.changed_by ?? null).toBe(by);
        // Each step begins where the one before it ended.
        for (const [i, entry] of moved.entries()) expect(entry.from_status).toBe(i === 0 ? null : (moved[i - 1]?.to_status ?? null));
      }
      const actions = logs.filter(({ action_id: action }) => action !== null);
      expect(new Set(actions.map(({ action_id: action }) => action)).size).toBe(actions.length);
      for (const log of logs) expect(log.patient_id).toBe(PATIENT);
    }),
  );
});
