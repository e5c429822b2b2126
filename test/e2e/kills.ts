/** Kills the processes of a running replay at random moments, and starts them again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { PostgresLog, Wakeups } from '@kidjamo/connector-postgres';
import { TICK_KEY } from '@kidjamo/stream';
import { seededRandom } from '@kidjamo/vitals';
import { Pool } from 'pg';
import { expect } from 'vitest';
import { Home, kill } from './kidjamo.ts';
import type { Environment } from './kidjamo.ts';
import { expectTotals, readLines, totalsOf, totalsSql, writeLines, type ReplaySummary, type Totals } from './recording.ts';

/** How hard to try. */
export interface KillPlan {
  readonly readings: number;
  readonly kills: number;
  readonly seed: number;
  /** Settings of all processes. */
  readonly env?: Environment;
}

const VICTIMS = ['owner', 'joined', 'postmaster'] as const;

/**
 * Replays the first readings of the recording through two processes that share the group, while the one that owns the home, the one that
 * joined it, and the PostgreSQL postmaster are killed by SIGKILL at moments drawn from the seed. Afterwards store and lake must equal the input.
 */
export async function replayUnderKills(plan: KillPlan): Promise<void> {
  const home = await Home.make(plan.env);
  try {
    const { header, lines } = await readLines(plan.readings);
    const file = join(home.path, 'part.csv');
    await writeLines(file, header, lines);
    let owner = await home.up();
    let joined = await home.up({ join: true });
    const random = seededRandom(plan.seed);
    const told: string[] = [];

    const replaying = { done: false };
    const replay = home.run(['replay', file, '--json', '--batch', '200']).finally(() => {
      replaying.done = true;
    });
    // A replay that finds no instance runs one of its own, which is another thing than what is tested here.
    while (!replaying.done && (await appended(home)) === 0) await delay(100);
    let during = 0;
    for (let n = 0; n < plan.kills; n += 1) {
      await delay(random.between(200, 3000));
      const victim = random.weighted(VICTIMS.map((name) => [name, 1] as const));
      told.push(victim);
      if (!replaying.done) during += 1;
      if (victim === 'postmaster') await killPostmaster(home);
      else if (victim === 'joined') joined = await again(joined, () => home.up({ join: true }));
      else owner = await again(owner, () => home.up());
    }
    const { code, out, err } = await replay;
    expect(code, `seed ${String(plan.seed)}, killed ${told.join(', ')}: ${out}${err}`).toBe(0);
    expect(during, 'kills while the replay ran').toBeGreaterThan(0);
    const summary = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as ReplaySummary;
    expect(summary.acknowledged).toBe(lines.length);

    const totals = totalsOf(lines);
    expectTotals((await home.store<Totals>(totalsSql('measurements')))[0], totals);
    expectTotals((await home.lake<Totals>(totalsSql('bronze_readings')))[0], totals);
    // Every record of the log became a stored reading or a duplicate, once.
    const [ledger] = await home.store<{ counted: number; stored: number }>(`
      SELECT sum(value) AS counted, sum(value) FILTER (WHERE name = 'stored') AS stored
        FROM stream.counter WHERE consumer_group = 'vitals' AND name IN ('stored', 'duplicate')`);
    expect(ledger?.counted).toBe(await countReadings(home));
    expect(ledger?.stored).toBe(lines.length);
  } finally {
    await home.remove();
  }
}

/** Records of the input log, ticks included. */
async function appended(home: Home): Promise<number> {
  const [row] = await home.store<{ n: number | null }>("SELECT sum(next_offset) AS n FROM stream.log_partition WHERE log = 'vitals-input'");
  return row?.n ?? 0;
}

/** The records of the input log, ticks apart. */
async function countReadings(home: Home): Promise<number> {
  const { database_url: url } = await home.json<{ database_url: string }>(['doctor']);
  const pool = new Pool({ connectionString: url });
  const wakeups = new Wakeups('test');
  try {
    const log = await PostgresLog.open({ name: 'vitals-input', pool, wakeups }, 1);
    let readings = 0;
    for (const [partition, end] of (await log.ends()).entries()) {
      for (let offset = 0; offset < end;) {
        const records = await log.read(partition, offset, 10_000);
        readings += records.filter((record) => record.key !== TICK_KEY).length;
        offset = (records.at(-1)?.offset ?? end) + 1;
      }
    }
    return readings;
  } finally {
    wakeups.close();
    await pool.end();
  }
}

async function again(child: ChildProcess, start: () => Promise<ChildProcess>): Promise<ChildProcess> {
  await kill(child);
  return start();
}

/** Ends the postmaster of a home, found where PostgreSQL itself writes its pid: as a crash does, or by SIGQUIT, which is its immediate stop. */
export async function killPostmaster(home: Home, signal: 'SIGKILL' | 'SIGQUIT' = 'SIGKILL'): Promise<void> {
  const [row] = await home.sql<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`).catch(() => []);
  if (row === undefined) return;
  const [pid] = (await readFile(join(row.folder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  if (pid !== undefined && /^\d+$/.test(pid)) process.kill(Number(pid), signal);
}
