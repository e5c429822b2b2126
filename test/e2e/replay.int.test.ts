import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import {
  expectTotals,
  readExpected,
  readLines,
  readWindows,
  RECORDING,
  totalsOf,
  totalsSql,
  type ReplaySummary,
  type Totals,
} from './recording.ts';

// The whole recording through the gateway, the log, the task, PostgreSQL and the lake, twice.

let home: Home;

beforeAll(async () => {
  home = await Home.make();
  await home.up();
});

afterAll(async () => {
  await home.remove();
});

interface WindowRow {
  readonly key: string;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

async function windows(subjects: readonly string[]): Promise<Map<string, WindowRow>> {
  const quoted = subjects.map((subject) => `'${subject}'`).join(', ');
  const parts = ['heart_rate', 'spo2', 'resp_rate', 'temperature'].map(
    (vital) => `
    SELECT p.external_id || ' ' || to_char(w.window_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' ${vital}' AS key,
           w.${vital}_count AS count, w.avg_${vital} AS mean, w.min_${vital} AS min, w.max_${vital} AS max
      FROM windows w JOIN patients p USING (patient_id)
     WHERE p.external_id IN (${quoted}) AND extract(epoch FROM w.window_start)::bigint % 300 = 0 AND w.${vital}_count > 0`,
  );
  return new Map((await home.store<WindowRow>(parts.join(' UNION ALL '))).map((row) => [row.key, row]));
}

test('the recording is stored whole, and again without a change', { timeout: 600_000 }, async () => {
  const expected = await readExpected();
  const totals = totalsOf((await readLines(Number.POSITIVE_INFINITY)).lines);

  const first = await home.json<ReplaySummary>(['replay', RECORDING]);
  expect(first).toMatchObject({ ok: true, sent: expected.readings, acknowledged: expected.readings, stored: expected.readings });
  expect(first.duplicate + first.quarantined).toBe(0);

  const check = async (): Promise<void> => {
    const [store] = await home.store<Totals>(totalsSql('measurements'));
    expectTotals(store, totals);
    expect(store).toMatchObject({
      readings: expected.readings,
      subjects: expected.subjects,
      spo2_lt_88: expected.rules['spo2_lt_88'],
      temperature_ge_38: expected.rules['temperature_ge_38'],
      heart_rate_out: (expected.rules['heart_rate_lt_40'] ?? 0) + (expected.rules['heart_rate_gt_180'] ?? 0),
      combination: expected.rules['spo2_le_92_and_temperature_ge_38'],
    });
    expectTotals((await home.lake<Totals>(totalsSql('bronze_readings')))[0], totals);
    expect(await home.lake('SELECT count(*) AS n FROM raw_readings')).toEqual([{ n: expected.readings + repeated }]);
    expect(await home.store('SELECT count(*) AS n FROM alerts GROUP BY alert_type ORDER BY 1')).toEqual(await openAlerts());
  };
  const openAlerts = (): Promise<unknown[]> =>
    home.store('SELECT count(DISTINCT patient_id) AS n FROM measurements, unnest(breaches) AS code GROUP BY code ORDER BY 1');

  let repeated = 0;
  await check();
  const [marked] = await home.store<{ zero: number; frozen: number }>(
    `SELECT count(*) FILTER (WHERE heart_rate_bpm = 0 AND 'out_of_range' = ANY (quality_codes)) AS zero,
            count(*) FILTER (WHERE temperature_celsius < -17 AND 'out_of_range' = ANY (quality_codes)) AS frozen FROM measurements`,
  );
  expect(marked?.zero).toBeGreaterThan(0);
  expect(marked?.frozen).toBeGreaterThan(0);

  const found = await windows(expected.first_20_subjects);
  const wanted = await readWindows();
  expect([...found.keys()].sort()).toEqual([...wanted.keys()].sort());
  for (const [key, window] of wanted) {
    const row = found.get(key);
    expect(row?.count, key).toBe(window.count);
    for (const part of ['mean', 'min', 'max'] as const)
      expect(Math.abs((row?.[part] ?? Number.NaN) - window[part]), key).toBeLessThan(1e-9);
  }

  const second = await home.json<ReplaySummary>(['replay', RECORDING]);
  expect(second).toMatchObject({
    ok: true,
    sent: expected.readings,
    acknowledged: expected.readings,
    stored: 0,
    duplicate: expected.readings,
  });
  repeated = expected.readings;
  await check();
});
