/** What the task emits, as the store keeps it: every table takes its rows, in one commit or in several. */
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Cipher } from '../../src/contracts/cipher.ts';
import type { InputRecord } from '../../src/contracts/reading.ts';
import { VITALS_MIGRATIONS } from '../../src/migrations.ts';
import { VitalsStore } from '../../src/pipeline/store.ts';
import { DOCTOR, limit, revoke, set } from './change.ts';
import { HOUR, held, MINUTE, OTHER_DEVICE, PATIENT, reading, Rig, T0 } from './rig.ts';

let database: TestDatabase;
let pool: pg.Pool;
const store = new VitalsStore(new Cipher({ id: 'k1', key: Buffer.alloc(32, 7) }));

beforeAll(async () => {
  database = await createTestDatabase([VITALS_MIGRATIONS]);
  pool = new pg.Pool({ connectionString: database.url });
  await pool.query(
    `INSERT INTO users (user_id, role, first_name, last_name, created_at, updated_at) VALUES ($1, 'medecin', 'Mariama', 'Diallo', now(), now())`,
    [DOCTOR],
  );
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

beforeEach(async () => {
  await pool.query('TRUNCATE measurements, alerts, window_panes, device_logs, quarantine, patients, patient_rule_override_logs CASCADE');
  await pool.query('INSERT INTO patients (patient_id) VALUES ($1)', [PATIENT]);
});

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

const received = T0 + 1000 * HOUR;
const records: readonly InputRecord[] = [
  { kind: 'patient', patient: PATIENT, received: T0, correlation: 'p', genotype: 'SS', birth_date: '2015-03-01' },
  reading({ vitals: { spo2: 82, heart_rate: 0 }, received, imported: true }),
  reading({ at: T0 + HOUR, vitals: { spo2: 83 }, received, imported: true }),
  reading({ at: received, received, vitals: { spo2: 70, temperature: 39 }, extra: { room: 'é"\\' } }),
  reading({ at: received, received, vitals: { spo2: 97 } }),
  reading({ at: received + MINUTE, received: received + MINUTE, vitals: { spo2: 71 } }),
  reading({ at: received - 30 * MINUTE, received: received + MINUTE, vitals: { spo2: 81 } }),
  held({ vitals: { spo2: 60 }, received: received + MINUTE, reason: 'unassigned_device' }),
  {
    kind: 'device_status',
    id: '00000000-0000-8000-8000-000000000051',
    patient: PATIENT,
    device: OTHER_DEVICE,
    at: T0,
    received,
    correlation: 's',
    digest: 'a',
    battery: 3,
  },
  {
    kind: 'manual_alert',
    id: '00000000-0000-8000-8000-0000000000a1',
    patient: PATIENT,
    at: T0,
    received,
    correlation: 'm',
    digest: 'a',
    alert_type: 'FALL',
    severity: 'alert',
    message: 'fell',
  },
  set({ n: 1, at: received }, limit({ expires: received + HOUR })),
  set({ n: 2, at: received }, limit({ value: 80, expires: received + HOUR })),
  revoke({ n: 3, at: received }, 1),
  revoke({ n: 4, at: received }, 1),
];

async function stored(): Promise<unknown> {
  const tables: Record<string, unknown> = {};
  for (const [table, order] of [
    ['measurements', 'recorded_at'],
    ['alerts', 'alert_id'],
    ['window_panes', 'minute'],
    ['device_logs', 'message_id'],
    ['quarantine', 'quarantine_id'],
    ['patient_rule_overrides', 'override_id'],
    ['patient_rule_override_logs', 'change_id'],
  ] as const) {
    const { rows } = await pool.query<Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY ${order}`);
    // Each encryption has a nonce of its own, and numbers go on.
    tables[table] = rows.map(({ payload: _payload, seq: _seq, ...row }) => row);
  }
  return tables;
}

describe('what the task emits', () => {
  test('is kept in one commit as in many', async () => {
    const together = new Rig().feed(records);
    await commit(together);
    const once = await stored();

    await pool.query(
      'TRUNCATE measurements, alerts, window_panes, device_logs, quarantine, patient_rule_overrides, patient_rule_override_logs CASCADE',
    );
    const apart = new Rig();
    for (const record of records) {
      apart.feed(record);
      await commit(apart);
    }
    expect(await stored()).toEqual(once);
  });

  test('makes one open alert per rule, the live one in place of the imported one', async () => {
    const rig = new Rig().feed(records);
    await commit(rig);
    const { rows } = await pool.query(
      `SELECT alert_type, status, imported, retrospective, breach_count::int AS n, resolved_at IS NULL AS open
         FROM alerts WHERE alert_type ~ '^(CRITICAL|FALL|TECHNICAL)' ORDER BY alert_type, created_at, status`,
    );
    expect(rows).toEqual([
      // The second reading has no temperature, and the last one known is a minute old.
      { alert_type: 'CRITICAL_COMBINATION_FEVER_SPO2', status: 'active', imported: false, retrospective: false, n: 2, open: true },
      { alert_type: 'CRITICAL_HEART_RATE', status: 'active', imported: true, retrospective: false, n: 1, open: true },
      { alert_type: 'CRITICAL_SPO2', status: 'active', imported: false, retrospective: false, n: 3, open: true },
      { alert_type: 'CRITICAL_SPO2', status: 'superseded', imported: true, retrospective: false, n: 2, open: false },
      { alert_type: 'CRITICAL_SPO2', status: 'retrospective', imported: false, retrospective: true, n: 1, open: false },
      { alert_type: 'CRITICAL_TEMPERATURE', status: 'active', imported: false, retrospective: false, n: 1, open: true },
      { alert_type: 'FALL', status: 'active', imported: false, retrospective: false, n: 1, open: true },
      { alert_type: 'TECHNICAL_UNASSIGNED_DEVICE', status: 'active', imported: false, retrospective: false, n: 1, open: true },
    ]);
    expect((await pool.query('SELECT genotype, birth_date::text FROM patients')).rows).toEqual([
      { genotype: 'SS', birth_date: '2015-03-01' },
    ]);
  });

  test('keeps what was set, ends it once, and tells what came of each change', async () => {
    await commit(new Rig().feed(records));
    const { rows } = await pool.query(
      `SELECT o.value, o.revoked_at IS NOT NULL AS ended, array_agg(concat_ws(' ', l.op, l.outcome, l.refused) ORDER BY l.seq) AS story
         FROM patient_rule_overrides o JOIN patient_rule_override_logs l USING (override_id) GROUP BY o.override_id ORDER BY o.value`,
    );
    expect(rows).toEqual([
      { value: 80, ended: false, story: ['set applied'] },
      { value: 84, ended: true, story: ['set applied', 'revoke applied', 'revoke refused over'] },
    ]);
  });
});
