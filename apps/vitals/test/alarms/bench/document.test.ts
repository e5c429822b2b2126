import { expect, test } from 'vitest';

import { benchmarkDocument, benchmarkFigure } from '../../../src/alarms/bench/document.ts';
import type { BenchResult } from '../../../src/alarms/bench/simulated.ts';
import { REPORT_SEEDS } from '../../../src/alarms/bench/simulated.ts';
import { Tally } from '../../../src/alarms/bench/tally.ts';

const ABOUT = { recorded: undefined, date: '2026-01-02', command: 'npm run kidjamo -- alarm-bench --write', figure: 'images/figure.svg' };

/** A result of a day of one patient with one event and two episodes. */
function resultWith(seeds: readonly number[]): BenchResult {
  const tally = new Tally();
  tally.watched(86_400_000);
  tally.event({ cause: 'crisis', rules: ['CRITICAL_SPO2'], artefact: 'none', foundByLimits: true }, { after: 90_000, stood: false });
  const episode = {
    start: 0,
    end: 1,
    severity: 'critical',
    about: 'clinical',
    rule: 'CRITICAL_SPO2',
    artefact: 'motion',
    on: 'good',
    calls: 1,
    reasons: new Map([['raised', 1]]),
  } as const;
  tally.episode({ ...episode, lowCalls: 0, notices: 0, calledFor: false });
  tally.episode({ ...episode, lowCalls: 0, notices: 0, calledFor: true });
  const figures = tally.figures();
  const compared = {
    engine: figures,
    raw_limits: figures,
    news2: new Tally().figures(),
    against_raw_limits: { reduction: 0, reduction_of_episodes: 0, events_lost: 0 },
  };
  const options = { patients: 1, days: 1, seeds, interval_s: 30, from: '2026-01-05T00:00:00.000Z' };
  return { options, ...compared, by_seed: seeds.map((seed) => ({ seed, ...compared })) };
}

test('it says that simulated is not clinical, and which seeds it is of', () => {
  const development = benchmarkDocument({ ...ABOUT, result: resultWith([1]) });
  expect(development).toContain('Simulated is not clinical.');
  expect(development).toContain('these are not the published figures');
  expect(development).toContain('| median detection | 90 s | 90 s | - | <= 120 s |');
  expect(development).toContain('`CRITICAL_SPO2` 1');
  const published = benchmarkDocument({ ...ABOUT, result: resultWith(REPORT_SEEDS) });
  expect(published).toContain('the report seeds');
  expect(published).not.toContain('not the published figures');
});

test('the figure has a place for every number', () => {
  const figure = benchmarkFigure(resultWith([1]));
  expect(figure).toContain('2.00, of which 1.00 non-actionable');
  expect(figure).not.toMatch(/NaN|Infinity|undefined|"-\d/);
  const tags = [...figure.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)];
  const open: string[] = [];
  for (const [, closes, name = '', closed] of tags) {
    if (closes === '/') expect(open.pop()).toBe(name);
    else if (closed !== '/') open.push(name);
  }
  expect(open).toEqual([]);
});
