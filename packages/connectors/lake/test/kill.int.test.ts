import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { LakeEngine, sweepLake } from '@kidjamo/connector-lake';
import { systemClock } from '@kidjamo/stream';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { SAMPLES, TrialLake } from './trial-lake.ts';

const CHILD = fileURLToPath(new URL('./writer-child.ts', import.meta.url));
const TOTAL = 2000;
const KILLS = 8;

let trial: TrialLake;
beforeAll(async () => {
  trial = await TrialLake.open();
});
afterAll(() => trial.close());

/** Runs a writer; kills it `after` ms of its work, or lets it end. */
async function runWriter(generation: number, after?: number): Promise<number | null> {
  const child = spawn(process.execPath, [CHILD, trial.url, trial.root, trial.scratch, String(generation), String(TOTAL)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  if (after !== undefined) {
    await Promise.race([once(child.stdout, 'data'), ended]);
    await systemClock.sleep(after);
    child.kill('SIGKILL');
  } else child.stdout.resume();
  const [code] = (await ended) as [number | null];
  return code;
}

async function position(): Promise<number> {
  const { rows } = await trial.pool.query<{ n: number }>('SELECT next_offset::int AS n FROM lake.position');
  return rows[0]?.n ?? 0;
}

test('a writer killed at random moments leaves a lake that is exact at every moment, and scraps that are swept', async () => {
  for (let generation = 1; generation <= KILLS; generation += 1) {
    await runWriter(generation, Math.random() * 120);
    // What the dead process had sent, the server may end only now: so the position is read before and after the rows.
    const before = await position();
    const [stored] = await trial.query(
      'SELECT count(*) AS n, count(DISTINCT log_offset) AS offsets, coalesce(max(log_offset) + 1, 0) AS ends FROM lake_samples',
    );
    expect([before, await position()]).toContain(stored?.['n']);
    expect(stored).toEqual({ n: stored?.['n'], offsets: stored?.['n'], ends: stored?.['n'] });
  }
  expect(await runWriter(KILLS + 1)).toBe(0);
  const [stored] = await trial.query('SELECT count(*) AS n, count(DISTINCT i) AS numbers, sum(i) AS total FROM lake_samples');
  expect(stored).toEqual({ n: TOTAL, numbers: TOTAL, total: (60 * TOTAL * (TOTAL - 1)) / 2 });
  await sweepLake({ pool: trial.pool, root: trial.root, tables: [SAMPLES], clock: systemClock, graceMs: -1000 });
  expect(await trial.files()).toEqual(await trial.listed());
  // The next engine removes what the dead ones had staged.
  const engine = await LakeEngine.open({ scratch: trial.scratch, key: { id: 't1', key: Buffer.from('k'.repeat(32)) } });
  expect((await readdir(trial.scratch)).every((name) => name.startsWith(`lake-${process.pid}-`))).toBe(true);
  await engine.close();
});
