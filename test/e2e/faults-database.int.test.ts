import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { Ledger } from './ledger.ts';
import { TcpProxy } from './tcp-proxy.ts';

// A PostgreSQL of somebody else's, behind a network that fails.

/** Longer than every deadline on the way of a reading (4 s for the append, 5 s for a statement). */
const AWAY = 8000;

let home: Home;
let child: ChildProcess;
let proxy: TcpProxy;
let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase([]);
  const url = new URL(database.url);
  proxy = await TcpProxy.to(url.hostname, Number(url.port));
  url.port = String(proxy.port);
  const env = { DATABASE_URL: url.href };
  home = await Home.make();

  // A database that is not ours is not changed unasked.
  const { code, out } = await home.run(['up', '--json'], env);
  expect([code, out]).toEqual([2, expect.stringContaining('kidjamo migrate')]);
  const migrate = async (): Promise<unknown> => JSON.parse((await home.run(['migrate', '--json'], env)).out);
  expect(await migrate()).toEqual({ ok: true, applied: expect.arrayContaining(['stream/0001_stream', 'vitals/0001_vitals']) as string[] });
  expect(await migrate()).toEqual({ ok: true, applied: [] });
  child = await home.up({ env });
  await home.joined();
});

afterAll(async () => {
  await home.remove();
  await proxy.cut();
  await database.drop();
});

const status = async (path: string): Promise<number> => (await fetch(`${home.url}${path}`)).status;

test.for(['cut', 'freeze'] as const)(
  '%s: healthy but not ready, 503 with Retry-After, and back by itself',
  { timeout: 300_000 },
  async (how) => {
    const ledger = new Ledger({ urls: [home.url], lanes: 8, name: how });
    await ledger.more(200);
    await proxy[how]();
    const gone = delay(AWAY);
    await ledger.moreRefused(1);
    await expect.poll(() => status('/ready'), { timeout: 90_000 }).toBe(503);
    expect(await status('/health')).toBe(200);
    const said = (await (await fetch(`${home.url}/ready`)).json()) as object;
    expect(said).toMatchObject({ status: 'not_ready', dependencies: { database: { ready: false } } });
    await gone;
    expect(await status('/health')).toBe(200);
    const before = ledger.acknowledged;
    await delay(500);
    expect(ledger.acknowledged, 'acknowledged while nothing could be kept').toBe(before);

    await proxy.restore();
    await ledger.more(200);
    await ledger.finish();
    await expect.poll(() => status('/ready'), { timeout: 90_000 }).toBe(200);
    ledger.checkRefusals();
    expect(ledger.broken).toBe(0);
    await ledger.check(home);
    expect(child.exitCode).toBeNull();
    expect(await (await fetch(`${home.url}/metrics/prometheus`)).text()).toMatch(/^kidjamo_role_restarts 0$/m);
  },
);
