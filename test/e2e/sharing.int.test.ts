import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { Ledger } from './ledger.ts';

// Two processes share the group, and each in turn stands still for longer than its lease (2 s in these tests).

const STOPPED = 5000;

let home: Home;
let owner: ChildProcess;
let joined: ChildProcess;

beforeAll(async () => {
  home = await Home.make();
  owner = await home.up();
  joined = await home.up({ join: true });
});

afterAll(async () => {
  await home.remove();
});

/** How many partitions of the input each worker holds, most first. */
async function shares(): Promise<number[]> {
  const rows = await home.sql<{ n: number }>(
    `SELECT count(*)::int AS n FROM stream.consumer_lease
      WHERE consumer_group = 'vitals' AND owner IS NOT NULL AND lease_until > clock_timestamp() GROUP BY owner ORDER BY 1 DESC`,
  );
  return rows.map(({ n }) => n);
}

test('a process that was stopped and goes on neither loses nor doubles anything', { timeout: 400_000 }, async () => {
  await expect.poll(shares, { timeout: 90_000 }).toEqual([2, 2]);
  for (const [name, victim, witness] of [
    ['joined', joined, owner],
    ['owner', owner, joined],
  ] as const) {
    // Readings come to both gateways, so that the victim stops with some of its own in hand.
    const both = new Ledger({ urls: [home.urlOf(victim), home.urlOf(witness)], lanes: 8, name: `${name}-both` });
    const alone = new Ledger({ urls: [home.urlOf(witness)], lanes: 4, name: `${name}-alone` });
    await both.more(200);
    victim.kill('SIGSTOP');
    const resumes = delay(STOPPED).then(() => victim.kill('SIGCONT'));
    await expect.poll(shares, { timeout: 90_000 }).toEqual([4]);
    await alone.more(200);
    await resumes;
    await both.more(400);
    await expect.poll(shares, { timeout: 90_000 }).toEqual([2, 2]);
    await Promise.all([both.finish(), alone.finish()]);
    for (const ledger of [both, alone]) {
      ledger.checkRefusals();
      await ledger.check(home);
    }
  }
  const [counted] = await home.sql(`
    SELECT sum(value) FILTER (WHERE name = 'stored')::int AS stored, (SELECT count(*)::int FROM measurements) AS rows
      FROM stream.counter WHERE consumer_group = 'vitals'`);
  expect(counted).toMatchObject({ stored: (counted as { rows: number }).rows });
});
