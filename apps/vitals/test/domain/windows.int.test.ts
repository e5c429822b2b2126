/** The view and the seed of 0002_windows.sql against the domain that they repeat. */
import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { TestDatabase } from '@kidjamo/connector-postgres/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Vitals } from '../../src/contracts/reading.ts';
import { VITALS } from '../../src/contracts/reading.ts';
import type { PaneRow } from '../../src/contracts/rows.ts';
import { QUALITY_CODES } from '../../src/domain/quality/codes.ts';
import { ANOMALIES, classOf, WINDOW_LENGTH, WINDOW_SLIDE } from '../../src/domain/windows.ts';
import { VITALS_MIGRATIONS } from '../../src/migrations.ts';
import { paneRow, panes, paneValues } from '../../src/pipeline/pane-columns.ts';

const T0 = Date.UTC(2026, 10, 20, 8);
const PATIENTS = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'] as const;
const DEVICES = ['00000000-0000-4000-8000-00000000000d', '00000000-0000-4000-8000-00000000000e'] as const;

interface Sample {
  readonly patient: string;
  readonly device: string;
  readonly at: number;
  readonly vitals: Vitals;
  readonly confidence: number | undefined;
}

/** Readings at odd moments, with gaps, on both sides of every anomaly limit. */
const samples: readonly Sample[] = PATIENTS.flatMap((patient, p) =>
  DEVICES.flatMap((device, d) =>
    Array.from({ length: 90 }, (_each, i): Sample => {
      const wave = Math.sin((i + 7 * p + 3 * d) / 9);
      const vitals = {
        spo2: 91 + 4 * wave,
        heart_rate: 100 + 60 * wave,
        temperature: 38 + 1.2 * wave,
        resp_rate: 15,
        activity: i % 11,
        pain: i % 3,
      };
      const { activity: _activity, ...rest } = vitals;
      return {
        patient,
        device,
        at: T0 + i * 41_000 + (i > 45 ? 20 * 60_000 : 0),
        vitals: i % 4 === 0 ? rest : vitals,
        confidence: i % 2 === 0 ? undefined : 80 + (i % 20),
      };
    }),
  ),
);

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase([VITALS_MIGRATIONS]);
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  for (const row of paneRows()) {
    const columns = Object.entries(row).filter(([, value]) => value !== undefined);
    await client.query(
      `INSERT INTO window_panes (${columns.map(([name]) => name).join(', ')})
       VALUES (${columns.map(([name], i) => (name === 'minute' ? `to_timestamp($${i + 1} / 1000.0)` : `$${i + 1}`)).join(', ')})`,
      columns.map(([, value]) => value),
    );
  }
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

function paneRows(): PaneRow[] {
  return PATIENTS.flatMap((patient) =>
    DEVICES.flatMap((device) => {
      const state = { p: [] };
      const closed = [];
      for (const sample of samples.filter((each) => each.patient === patient && each.device === device)) {
        panes.add(state, sample.at, paneValues(sample.vitals, sample.confidence));
        closed.push(...panes.closePassed(state));
      }
      return [...closed, ...panes.closeAll(state)].map((pane) => paneRow({ patient, device }, pane));
    }),
  );
}

/** A window computed from the samples themselves. */
function windowOf(patient: string, device: string, start: number): Record<string, unknown> | undefined {
  const inside = samples.filter(
    (each) => each.patient === patient && each.device === device && each.at >= start && each.at < start + WINDOW_LENGTH,
  );
  if (inside.length === 0) return undefined;
  const row: Record<string, unknown> = {
    patient_id: patient,
    device_id: device,
    window_start: start,
    window_end: start + WINDOW_LENGTH,
    measurement_count: inside.length,
    avg_quality: mean(inside.flatMap(({ confidence }) => confidence ?? [])),
  };
  for (const vital of VITALS) {
    const values = inside.flatMap(({ vitals }) => vitals[vital] ?? []);
    row[`${vital}_count`] = values.length;
    row[`avg_${vital}`] = mean(values);
    row[`min_${vital}`] = values.length === 0 ? null : Math.min(...values);
    row[`max_${vital}`] = values.length === 0 ? null : Math.max(...values);
  }
  for (const anomaly of ANOMALIES) {
    const values = inside.flatMap(({ vitals }) => vitals[anomaly.vital] ?? []);
    const vital =
      values.length === 0 ? undefined : { mean: mean(values) ?? Number.NaN, min: Math.min(...values), max: Math.max(...values) };
    row[anomaly.column] = classOf(anomaly, vital) ?? null;
  }
  return row;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function expectedWindows(): Record<string, unknown>[] {
  const first = T0 - WINDOW_LENGTH;
  const last = Math.max(...samples.map(({ at }) => at));
  const found: Record<string, unknown>[] = [];
  for (const patient of PATIENTS) {
    for (const device of DEVICES) {
      for (let start = first; start <= last; start += WINDOW_SLIDE) {
        const window = windowOf(patient, device, start);
        if (window !== undefined) found.push(window);
      }
    }
  }
  return found;
}

/** Rows with times as ms and counts as numbers, in the order of patient, device and start. */
async function rowsOf(sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
  const { rows } = await client.query<Record<string, unknown>>(sql, parameters);
  return rows
    .map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [
          name,
          value instanceof Date ? value.getTime() : name.endsWith('_count') ? Number(value) : value,
        ]),
      ),
    )
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = (row: Record<string, unknown>): string =>
  `${String(row['patient_id'])} ${String(row['device_id'])} ${String(row['window_start'])}`;

/** Equal, sums apart that were added in another order. */
function expectAlike(actual: readonly Record<string, unknown>[], expected: readonly Record<string, unknown>[]): void {
  expect(actual.map(keyOf)).toEqual(expected.map(keyOf));
  for (const [i, row] of actual.entries()) {
    const want = expected[i] ?? {};
    expect(Object.keys(row).sort()).toEqual(Object.keys(want).sort());
    for (const [name, value] of Object.entries(row)) {
      if (name.startsWith('avg_') && value !== null) expect(Math.abs(Number(value) - Number(want[name]))).toBeLessThan(1e-9);
      else expect(value).toEqual(want[name]);
    }
  }
}

async function planOf(sql: string): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe('the view of windows', () => {
  test('has every window that a reading lies in, with its classes', async () => {
    const expected = expectedWindows();
    expectAlike(await rowsOf('SELECT * FROM windows'), expected);
    for (const { column, classes } of ANOMALIES) {
      const seen = new Set(expected.map((row) => row[column]));
      expect([...seen].sort()).toEqual([null, ...classes.map(({ name }) => name)].sort());
    }
  });

  test('asked for a patient and a stretch of time, gives whole windows', async () => {
    const [from, to] = [T0 + 5 * 60_000, T0 + 30 * 60_000];
    const wanted = expectedWindows().filter(
      (row) => row['patient_id'] === PATIENTS[0] && Number(row['window_start']) >= from && Number(row['window_start']) < to,
    );
    const parameters = [PATIENTS[0], new Date(from), new Date(to)];
    expectAlike(await rowsOf('SELECT * FROM windows_between($1, $2, $3)', parameters), wanted);
    expectAlike(
      await rowsOf('SELECT * FROM windows WHERE patient_id = $1 AND window_start >= $2 AND window_start < $3', parameters),
      wanted,
    );
  });

  test('reads the panes of one patient only, and through the function those of the time only', async () => {
    await client.query('SET enable_seqscan = off');
    const view = await planOf(`SELECT * FROM windows WHERE patient_id = '${PATIENTS[0]}'`);
    expect(view).toMatch(/Index Cond: \(patient_id = /);
    const between = await planOf(`SELECT * FROM windows_between('${PATIENTS[0]}', '2026-11-20T08:00Z', '2026-11-20T09:00Z')`);
    expect(between).not.toContain('Function Scan');
    expect(between).toMatch(/Index Cond: \(\(patient_id = .*\(minute >= .*\(minute < /);
  });
});

test('the table of quality codes is that of the domain', async () => {
  const { rows } = await client.query('SELECT code, severity, exclude_from_trends, manual_review FROM measurement_quality ORDER BY code');
  expect(rows).toEqual(
    [...QUALITY_CODES]
      .sort((a, b) => (a.code < b.code ? -1 : 1))
      .map(({ code, severity, excludeFromTrends, manualReview }) => ({
        code,
        severity,
        exclude_from_trends: excludeFromTrends,
        manual_review: manualReview,
      })),
  );
});
