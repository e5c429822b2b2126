import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';

// Two simulations of one seed, at once and in homes of their own. They start no instance: a command that needs one runs it itself.

let homes: Home[];

beforeAll(async () => {
  homes = await Promise.all([Home.make(), Home.make()]);
});

afterAll(async () => {
  await Promise.all(homes.map((home) => home.remove()));
});

interface Summary {
  readonly ok: boolean;
  readonly sent: number;
  readonly acknowledged: number;
  readonly critical_alerts: number;
  readonly scenarios: Readonly<Record<string, number>>;
}

async function simulate(home: Home, seed: number, ...more: string[]): Promise<Summary> {
  return home.json<Summary>(['simulate', '--minutes', '20', '--speed', '100000', '--seed', String(seed), ...more]);
}

/** What was measured, without the times, which end at the moment of the simulation. */
function values(home: Home): Promise<object[]> {
  return home.store(`
    SELECT p.external_id, extract(epoch FROM m.recorded_at - min(m.recorded_at) OVER ())::float8 AS seconds,
           heart_rate_bpm, respiratory_rate_min, spo2_percent, temperature_celsius, activity_level, hydration_percent, battery_percent
      FROM measurements m JOIN patients p USING (patient_id) ORDER BY 1, m.recorded_at`);
}

test('a seed gives the same values again, and another seed others', { timeout: 300_000 }, async () => {
  const [one, two] = homes;
  if (one === undefined || two === undefined) throw new Error('no homes');
  const [first, second] = await Promise.all([simulate(one, 7), simulate(two, 7)]);
  expect(first).toMatchObject({ ok: true, sent: 120, acknowledged: 120 });
  expect(second).toEqual(first);
  const [stored, again] = await Promise.all([values(one), values(two)]);
  expect(stored).toHaveLength(120);
  expect(again).toEqual(stored);

  const other = await simulate(one, 8, '--scenario', 'crisis');
  expect(other.scenarios).toEqual({ normal: 0, stress: 0, activity: 0, crisis: 120 });
  expect(other.critical_alerts).toBeGreaterThan(first.critical_alerts);
});

test(
  'the medical simulator: what bracelets sent is in the store, once, and the truth tells of the same patients',
  { timeout: 400_000 },
  async () => {
    const [home] = homes;
    if (home === undefined) throw new Error('no home');
    const truth = join(home.path, 'truth.ndjson');
    const start = new Date(Date.now() - 86_400_000).toISOString();
    const calm = ['--rate', 'dead_battery=0', 'clock_skew=0'];
    const call = [
      'simulate',
      '--model',
      'medical',
      '--patients',
      '6',
      '--minutes',
      '120',
      '--speed',
      '100000',
      '--seed',
      '3',
      '--start',
      start,
    ];
    const first = await home.json<Summary & { readonly patients: number; readonly quarantined: number }>([
      ...call,
      ...calm,
      '--truth',
      truth,
    ]);
    expect(first).toMatchObject({ ok: true, patients: 6, sent: 1440, acknowledged: 1440, quarantined: 0 });

    const told = (await readFile(truth, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ type }) => type === 'patient')
      .map(({ patient }) => patient);
    const count = `SELECT p.external_id, count(*)::int AS readings, count(DISTINCT m.device_id)::int AS devices
    FROM measurements m JOIN patients p USING (patient_id) WHERE p.external_id LIKE 'simulated-3-%' GROUP BY 1 ORDER BY 1`;
    const expected = told.map((patient) => ({ external_id: patient, readings: 240, devices: 1 }));
    expect(await home.store(count)).toEqual(expected);

    // The same seed and start are the same readings.
    expect(await home.json<Summary>([...call, ...calm])).toMatchObject({ ok: true, sent: 1440, acknowledged: 1440 });
    expect(await home.store(count)).toEqual(expected);
  },
);
