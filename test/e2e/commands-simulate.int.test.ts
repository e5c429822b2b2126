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

test('a seed gives the same values again, and another seed others', { timeout: 120_000 }, async () => {
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
