import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { KAFKA_CATALOGUE } from '../kafka/figures.ts';
import { handover } from '../kafka/handover.ts';
import type { KafkaReport } from '../kafka/index.ts';
import { toMarkdown } from '../kafka/markdown.ts';
import { kafkaPlan } from '../kafka/plan.ts';
import { allOwned, committed, looksOf, owners } from '../kafka/positions.ts';
import type { Place, Seen } from '../kafka/positions.ts';
import { steadyRate, wholeRate } from '../kafka/rate.ts';
import { toJson } from '../report/report.ts';
import { Results } from '../report/results.ts';
import { tableLines } from '../report/table.ts';

const root = join(import.meta.dirname, '../..');

describe('rates', () => {
  // A second of start, then a commit of 100 each 0.1 s.
  const looks = Array.from({ length: 201 }, (_, i) => ({ at: 10 + i / 10, done: Math.min(10_000, Math.max(0, i - 10) * 100) }));

  test('the whole counts from the beginning of consumption to the last commit', () => {
    expect(wholeRate(looks, 10_000, 10)).toBeCloseTo(10_000 / 11, 6);
    expect(wholeRate(looks.slice(0, 50), 10_000, 10)).toBeNaN();
  });

  test('full swing leaves out the start, the end, and what was before all had joined', () => {
    expect(steadyRate(looks, 10_000)).toBeCloseTo(1000, 6);
    const slowBefore = looks.map(({ at, done }) => ({ at: at < 16 ? at - 5 : at, done }));
    expect(steadyRate(slowBefore, 10_000, 16)).toBeCloseTo(1000, 6);
    expect(steadyRate(slowBefore, 10_000)).not.toBeCloseTo(1000, 0);
  });

  test('large commits of several partitions do not distort it', () => {
    // Six partitions, each of 100,000 at 2,000/s in commits of 16,000, at different times.
    const steps = Array.from({ length: 2600 }, (_, i) => {
      const at = i / 50;
      const partition = (p: number): number => Math.min(100_000, Math.floor((at * 2000 + p * 2666) / 16_000) * 16_000);
      return { at, done: [0, 1, 2, 3, 4, 5].reduce((sum, p) => sum + partition(p), 0) };
    });
    expect(steadyRate(steps, 600_000) / 12_000).toBeCloseTo(1, 1);
  });
});

describe('positions', () => {
  const place = (partition: number, next: number, more: Partial<Place> = {}): Place => ({
    partition,
    next,
    generation: 1,
    owner: 'a',
    ...more,
  });
  const at = (time: number, ...places: Place[]): Seen => ({ at: time, places });

  test('what workers append after the end to move time on is not counted', () => {
    const seen = at(1, place(0, 12), place(1, 5, { owner: 'b' }));
    expect(committed(seen, [10, 10])).toBe(15);
    expect(looksOf([seen], [10, 10])).toEqual([{ at: 1, done: 15 }]);
    expect([owners(seen), allOwned(seen), allOwned(at(1)), allOwned(at(1, place(0, 1, { owner: undefined })))]).toEqual([
      2,
      true,
      false,
      false,
    ]);
  });

  test('a handover: given up, claimed, and the first record of the new owner', () => {
    const before = at(0, place(0, 100), place(1, 100));
    const seen = [
      before,
      // The former owner commits the batch in hand.
      at(1, place(0, 200), place(1, 200)),
      at(2, place(0, 200), place(1, 200, { owner: undefined })),
      at(3, place(0, 300), place(1, 200, { generation: 2, owner: 'b' })),
      at(4, place(0, 400), place(1, 250, { generation: 2, owner: 'b' })),
    ];
    expect(handover(seen)).toEqual({ given: 2, claimed: 3, processed: 4 });
    expect(handover(seen.slice(0, 4))).toEqual({ given: 2, claimed: 3, processed: undefined });
    expect(handover([before])).toEqual({ given: undefined, claimed: undefined, processed: undefined });
  });
});

test('the report says the same as a table, as a document and as JSON, and what was missed', () => {
  const results = new Results(KAFKA_CATALOGUE);
  for (const ratio of [0.45, 0.5, 0.41]) results.add('task_ratio', ratio);
  results.add('three_ratio', 0.8);
  results.add('peer_ratio', 1.2);
  const report: KafkaReport = {
    ok: results.ok,
    date: '2026-01-02T03:04:05.000Z',
    command: 'npm run bench:kafka',
    seconds: 1000,
    quick: false,
    plan: kafkaPlan({ quick: false }),
    machine: { cpu: 'A processor', cores: 2, memoryGib: 24, system: 'linux 6 x64', node: 'v24.0.0', postgresql: '18.1' },
    kafka: '4.3.1',
    results: results.all(),
    reconciliations: [],
    notes: ['A remark.'],
  };
  const document = toMarkdown(report);
  expect(document).toContain('| One worker, as a part of the bare loop | 0.45 | 0.41 to 0.50 | >= 0.4, goal 0.7 | bound met |');
  expect(document).toContain('| Three workers, as a part of one worker | 0.80 |  | >= 0.85 | **missed** |');
  expect(document).toContain('Missed: Three workers, as a part of one worker.');
  expect(document).toContain('| Apache Kafka, Kafka Streams | 4.3.1 |');
  expect(document).toContain('A remark.');
  expect(tableLines(report).join('\n')).toMatch(/Three workers, as a part of one worker +0.80 +>= 0.85 +MISSED/);
  expect(toJson(report)).toMatchObject({
    ok: false,
    results: [{ id: 'task_ratio', median: 0.45 }, { verdict: 'missed' }, { verdict: 'bound' }],
  });
});

test('one round of few readings is quick', () => {
  expect(kafkaPlan({ quick: true })).toMatchObject({ runs: 1, readings: 300_000, partitions: 6 });
  expect(kafkaPlan({ quick: true, runs: 3, readings: 50_000 })).toMatchObject({ runs: 3, readings: 50_000 });
});

test('the peer is of the version of the broker', async () => {
  const version = async (pom: string): Promise<string | undefined> =>
    /<kafka\.version>(.+?)</.exec(await readFile(join(root, pom), 'utf8'))?.[1];
  expect(await version('bench/peers/kafka-streams/pom.xml')).toBe(await version('scripts/broker/pom.xml'));
});
