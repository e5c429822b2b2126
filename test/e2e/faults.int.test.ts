import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChildProcess } from 'node:child_process';
import { Home } from './kidjamo.ts';
import { killPostmaster } from './kills.ts';
import { Ledger } from './ledger.ts';

// The database dies under a stream of single readings, and the process that lost it goes on.

let home: Home;
let child: ChildProcess;

beforeAll(async () => {
  home = await Home.make();
  child = await home.up();
  await home.joined();
});

afterAll(async () => {
  await home.remove();
});

test(
  'the postmaster is killed, twice: nothing acknowledged is lost, and nothing but the database starts again',
  { timeout: 300_000 },
  async () => {
    const ledger = new Ledger({ urls: [home.url], lanes: 16, name: 'killed' });
    for (let kill = 1; kill <= 2; kill += 1) {
      await ledger.more(300);
      const [before] = await home.sql<{ at: string }>('SELECT pg_postmaster_start_time()::text AS at');
      await Promise.all([killPostmaster(home), ledger.moreRefused(1)]);
      expect((await fetch(`${home.url}/health`)).status).toBe(200);
      await ledger.more(300);
      expect(await home.sql('SELECT pg_postmaster_start_time()::text AS at')).not.toEqual([before]);
    }
    await ledger.finish();
    ledger.checkRefusals();
    expect(ledger.broken).toBe(0);
    await ledger.check(home);
    await expect.poll(async () => (await fetch(`${home.url}/ready`)).status, { timeout: 90_000 }).toBe(200);
    expect(child.exitCode).toBeNull();
    // The task and the lake waited for the database in place.
    expect(await (await fetch(`${home.url}/metrics/prometheus`)).text()).toMatch(/^kidjamo_role_restarts 0$/m);
  },
);

test('a process that joins while the database starts again waits for it', async () => {
  await killPostmaster(home);
  await home.up({ join: true });
});
