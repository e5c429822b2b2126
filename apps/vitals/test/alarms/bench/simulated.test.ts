import { expect, test } from 'vitest';

import type { BenchOptions, BenchResult } from '../../../src/alarms/bench/simulated.ts';
import { runBenchmark } from '../../../src/alarms/bench/simulated.ts';

function benchmark(options: BenchOptions): BenchResult {
  const steps = runBenchmark(options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    expect(step.value).toBeGreaterThanOrEqual(0);
    expect(step.value).toBeLessThanOrEqual(1);
  }
}

test('the same seeds give the same bytes, and a seed of several what it gives alone', () => {
  const both = benchmark({ patients: 3, days: 1, seeds: [5, 6] });
  expect(JSON.stringify(benchmark({ patients: 3, days: 1, seeds: [5, 6] }))).toBe(JSON.stringify(both));
  const { options: _, by_seed: __, ...alone } = benchmark({ patients: 3, days: 1, seeds: [6] });
  expect(both.by_seed[1]).toEqual({ seed: 6, ...alone });
  expect(both.raw_limits.events).toBe(both.by_seed.reduce((sum, { raw_limits: limits }) => sum + limits.events, 0));
});

test('seeds are needed, each once', () => {
  expect(() => benchmark({ patients: 1, days: 1, seeds: [] })).toThrow(/seed/);
  expect(() => benchmark({ patients: 1, days: 1, seeds: [3, 3] })).toThrow(/seed/);
});
