import { beforeAll, expect, test } from 'vitest';

import type { BenchOptions, BenchResult } from '../../../src/alarms/bench/simulated.ts';
import { REPORT_SEEDS, runBenchmark } from '../../../src/alarms/bench/simulated.ts';

/** A development seed, and one more. */
const SEEDS = [5, 6] as const;

function benchmark(options: BenchOptions): BenchResult {
  const steps = runBenchmark(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    expect(step.value).toBeGreaterThanOrEqual(0);
    expect(step.value).toBeLessThanOrEqual(1);
  }
}

let both: BenchResult;

beforeAll(() => {
  both = benchmark({ patients: 3, days: 1, seeds: SEEDS });
}, 120_000);

test('a seed gives the same bytes again, whichever others there are', { timeout: 60_000 }, () => {
  const { options: _, by_seed: __, ...alone } = benchmark({ patients: 3, days: 1, seeds: [SEEDS[1]] });
  expect(JSON.stringify(both.by_seed[1])).toBe(JSON.stringify({ seed: SEEDS[1], ...alone }));
});

test('the whole is the sum of its seeds', () => {
  const sumOf = (tell: (part: BenchResult['by_seed'][number]) => number): number => both.by_seed.reduce((sum, part) => sum + tell(part), 0);
  for (const name of ['engine', 'raw_limits', 'news2'] as const) {
    expect(both[name].events).toBe(sumOf((part) => part[name].events));
    expect(both[name].detected).toBe(sumOf((part) => part[name].detected));
    expect(both[name].patients).toBe(sumOf((part) => part[name].patients));
  }
  expect(both.engine.patient_days).toBe(6);
});

test('the engine finds what truly is, in time, and calls far less than raw limits do', () => {
  const { engine, raw_limits: limits, against_raw_limits: against } = both;
  expect(engine.events).toBeGreaterThan(3);
  expect(engine.events).toBe(limits.events);
  expect(engine.sensitivity).toBeGreaterThanOrEqual(0.8);
  expect(engine.median_detection_s).toBeLessThanOrEqual(120);
  expect(engine.non_actionable_per_patient_day).toBeLessThan(3);
  expect(limits.pages_per_patient_day).toBeGreaterThan(10);
  expect(against.reduction).toBeGreaterThan(0.8);
  expect(engine.pages_per_patient_day).toBeGreaterThanOrEqual(engine.paged_episodes_per_patient_day);
});

test('seeds are needed, each once; those of the report are none that is used here', () => {
  expect(() => benchmark({ patients: 1, days: 1, seeds: [] })).toThrow(/seed/);
  expect(() => benchmark({ patients: 1, days: 1, seeds: [3, 3] })).toThrow(/seed/);
  expect(REPORT_SEEDS).toHaveLength(3);
  for (const seed of SEEDS) expect(REPORT_SEEDS).not.toContain(seed);
});
