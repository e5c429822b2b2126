import { describe, expect, test } from 'vitest';

import { planFor, selected } from '../plan.ts';
import { CATALOGUE } from '../report/figures.ts';
import { toMarkdown } from '../report/markdown.ts';
import { toJson } from '../report/report.ts';
import type { Report } from '../report/report.ts';
import { Results } from '../report/results.ts';
import { median, percentile, slope } from '../report/statistics.ts';
import { tableLines } from '../report/table.ts';
import { delays } from '../scenarios/latency.ts';
import { trendOf } from '../scenarios/memory.ts';
import { reconcile } from '../system/reconcile.ts';

describe('statistics', () => {
  test('median of odd, even and no numbers', () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('percentile by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
    expect([0, 0.5, 0.99, 1].map((p) => percentile(hundred, p))).toEqual([1, 50, 99, 100]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  test('slope of a line with symmetric noise is the slope of the line', () => {
    const points = [-2, -1, 0, 1, 2].flatMap((x) => [
      { x, y: 3 * x + 7 },
      { x, y: 3 * x + 9 },
    ]);
    expect(slope(points)).toBeCloseTo(3, 12);
    expect(slope([{ x: 1, y: 1 }])).toBeNaN();
  });
});

test('memory is judged by its second half', () => {
  const samples = Array.from({ length: 600 }, (_, second) => {
    const minutes = second / 60;
    return { minutes, bytes: (minutes < 5 ? 100 + minutes * 40 : 300 + (minutes - 5) * 2) * 1e6 };
  });
  const trend = trendOf(samples);
  expect(trend.slope).toBeCloseTo(2, 3);
  expect(trend.growth).toBeCloseTo(3.3, 1);
  expect(trend.largest).toBeCloseTo(310, 0);
});

test('a stall counts for every reading that was due meanwhile', () => {
  const schedule = { monotonicNs: '5000000000', wallMicros: 1_000_000, intervalMicros: 1000 };
  // Ten readings, due 1 ms apart; all their alerts are seen 20 ms after the first was due.
  const seen = Array.from({ length: 10 }, (_, n) => ({ eventMicros: 1_000_000 + n * 1000, seenNs: 5_020_000_000n }));
  const times = delays([...seen, { eventMicros: 1_000_000, seenNs: 9_000_000_000n }, { eventMicros: 0, seenNs: 1n }], schedule);
  expect(times.count).toBe(10);
  expect(times.summary()).toEqual({ p50: 15, p99: 20, max: 20 });
});

describe('sums', () => {
  const zero = { stored: 0, duplicate: 0, quarantined: 0, quarantineRows: 0 };

  test('are balanced only when every acknowledgement is accounted for', () => {
    const before = { ...zero, stored: 5 };
    expect(reconcile('a', 10, { before, after: { stored: 12, duplicate: 2, quarantined: 1, quarantineRows: 1 } }).balanced).toBe(true);
    expect(reconcile('a', 11, { before, after: { stored: 12, duplicate: 2, quarantined: 1, quarantineRows: 1 } }).balanced).toBe(false);
    expect(reconcile('a', 10, { before, after: { stored: 12, duplicate: 2, quarantined: 1, quarantineRows: 0 } }).balanced).toBe(false);
  });

  test('that are not equal fail the report', () => {
    const results = new Results(CATALOGUE);
    results.reconciliations.push(reconcile('lost one', 2, { before: zero, after: { ...zero, stored: 1 } }));
    expect(results.ok).toBe(false);
  });
});

describe('verdicts', () => {
  test.each([
    [0.35, 'goal'],
    [0.1, 'bound'],
    [0.09, 'missed'],
    [Number.NaN, 'missed'],
  ])('a ratio of %s: %s', (ratio, verdict) => {
    const results = new Results(CATALOGUE);
    results.add('baseline_single', 60_000);
    results.add('single_ratio', ratio);
    expect(results.all().find(({ id }) => id === 'single_ratio')?.verdict).toBe(verdict);
    expect(results.ok).toBe(verdict !== 'missed');
  });

  test('a baseline under half of the quoted one voids its ratio, and says so', () => {
    const results = new Results(CATALOGUE);
    results.add('baseline_single', 34_000);
    results.add('single_ratio', 0.5);
    expect(results.all().find(({ id }) => id === 'single_ratio')?.verdict).toBe('void');
    expect(results.voided().join()).toContain('void');
  });
});

test('a ratio brings its baseline with it', () => {
  expect([...selected({ only: ['burst'], quick: false })].toSorted()).toEqual(['baseline', 'burst']);
  expect([...selected({ only: ['replay'], quick: false })]).toEqual(['replay']);
});

test('the report says the same as a table, as a document and as JSON', () => {
  const results = new Results(CATALOGUE);
  for (const rate of [21_000, 19_000, 20_000]) results.add('replay_file', rate);
  const zero = { stored: 0, duplicate: 0, quarantined: 0, quarantineRows: 0 };
  results.reconciliations.push(reconcile('replay, run 1', 3, { before: zero, after: { ...zero, stored: 2, duplicate: 1 } }));
  const report: Report = {
    ok: results.ok,
    date: '2026-01-02T03:04:05.000Z',
    command: 'npm run bench',
    seconds: 3000,
    quick: false,
    plan: planFor({ quick: false }),
    machine: { cpu: 'A processor', cores: 2, memoryGib: 24, system: 'linux 6 x64', node: 'v24.0.0', postgresql: '18.1' },
    results: results.all(),
    reconciliations: results.reconciliations,
    notes: ['A remark.'],
  };
  const document = toMarkdown(report);
  expect(document).toContain('| Replay of the file as it is | 20,000 readings/s | 19,000 to 21,000 | >= 15,000, goal 40,000 | bound met |');
  expect(document).toContain('| replay, run 1 | 3 | 2 | 1 | 0 | 0 | equal |');
  expect(document).toContain('2026-01-02');
  expect(document).toContain('A remark.');
  expect(tableLines(report).join('\n')).toMatch(
    /Replay of the file as it is +20,000 readings\/s +19,000 - 21,000 +>= 15,000, goal 40,000 +bound met/,
  );
  expect(toJson(report)).toMatchObject({
    ok: true,
    results: [{ id: 'replay_file', median: 20_000, values: [21_000, 19_000, 20_000], verdict: 'bound' }],
  });
});
