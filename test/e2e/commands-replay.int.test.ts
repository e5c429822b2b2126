import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home, kill } from './kidjamo.ts';
import { expectTotals, readLines, totalsOf, totalsSql, writeLines, type ReplaySummary, type Totals } from './recording.ts';

// Replays of the same part of the recording, each to a year of its own: through the door, interrupted, and past the door.

/** More than lie between two checkpoints of a replay (20,000). */
const READINGS = 30_000;

let home: Home;
let file: string;
let totals: Totals;

beforeAll(async () => {
  home = await Home.make();
  const { header, lines } = await readLines(READINGS);
  file = join(home.path, 'part.csv');
  await writeLines(file, header, lines);
  totals = totalsOf(lines);
  await home.up();
});

afterAll(async () => {
  await home.remove();
});

/** What the store holds of a year equals the file. */
async function check(year: number): Promise<void> {
  const [stored] = await home.store<Totals>(
    `${totalsSql('measurements')} WHERE recorded_at >= '${String(year)}-01-01Z' AND recorded_at < '${String(year + 1)}-01-01Z'`,
  );
  expectTotals(stored, totals);
}

test('a replay that was killed goes on where it stopped', { timeout: 300_000 }, async () => {
  const { child, outcome } = home.start(['replay', file, '--json', '--batch', '200', '--lanes', '2']);
  const checkpoints = async (): Promise<string[]> =>
    (await readdir(join(home.path, 'replay')).catch((): string[] => [])).filter((name) => name.endsWith('.json'));
  while (child.exitCode === null && (await checkpoints()).length === 0) await delay(5);
  await kill(child);
  expect(await outcome).toMatchObject({ code: null, out: '' });

  const again = await home.run(['replay', file, '--json']);
  expect([again.code, again.err]).toEqual([0, expect.stringMatching(/^resuming after \d+ readings/)]);
  const summary = JSON.parse(again.out) as ReplaySummary;
  expect(summary.skipped).toBeGreaterThan(0);
  expect(summary).toMatchObject({ ok: true, sent: READINGS - summary.skipped, acknowledged: READINGS - summary.skipped });
  await check(2024);
  expect(await checkpoints()).toEqual([]);
});

test('--direct and --start: the same readings past the door, in another year', { timeout: 300_000 }, async () => {
  const direct = await home.json<ReplaySummary>(['replay', file, '--direct', '--start', '2022-01-01T00:00:00Z']);
  expect(direct).toMatchObject({ ok: true, sent: READINGS, acknowledged: READINGS, stored: READINGS, duplicate: 0, skipped: 0 });
  await check(2022);
  const [first] = await home.store<{ at: string }>(`SELECT min(recorded_at) AS at FROM measurements`);
  expect(first?.at).toBe('2022-01-01T00:00:00.000Z');

  // The same once more through the door: they are the same readings.
  const door = await home.json<ReplaySummary>(['replay', file, '--start', '2022-01-01']);
  expect(door).toMatchObject({ ok: true, acknowledged: READINGS, stored: 0, duplicate: READINGS });
  await check(2022);
});
