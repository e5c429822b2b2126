import { spawnSync } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Home } from './kidjamo.ts';
import { Ledger } from './ledger.ts';

// A disk runs full under a stream of single readings.

const DISK_MB = 400;

function shell(command: string, ...args: readonly string[]): number | null {
  return spawnSync('/bin/sh', ['-c', command, ...args], { stdio: 'ignore' }).status;
}

/** A home on a disk of its own. */
async function homeOnSmallDisk(): Promise<Home> {
  const home = await Home.make();
  onTestFinished(() => home.remove());
  if (shell('mount -t tmpfs -o "size=$0m,mode=755" none "$1"', String(DISK_MB), home.path) !== 0)
    throw new Error('no disk can be mounted here');
  home.beforeRemoval(() => {
    shell('umount -l "$0"', home.path);
  });
  return home;
}

async function freeMegabytes(home: Home): Promise<number> {
  const { bavail, bsize } = await statfs(home.path);
  return Math.floor((bavail * bsize) / 2 ** 20);
}

/** Takes space until so many megabytes are left, with 0 until not a byte is; `n` names the file. */
async function fill(home: Home, leave: number, n = 0): Promise<void> {
  const take = (await freeMegabytes(home)) - leave + (leave === 0 ? 1 : 0);
  shell('dd if=/dev/zero of="$0" bs=1M count="$1"', join(home.path, `filler-${String(n)}`), String(take));
}

/** Gives the space back. */
function free(home: Home): void {
  expect(shell('rm "$0"/filler-*', home.path)).toBe(0);
}

async function ready(home: Home): Promise<{ status: number; body: { dependencies: Record<string, { ready: boolean; detail?: string }> } }> {
  const answer = await fetch(`${home.url}/ready`);
  return { status: answer.status, body: (await answer.json()) as { dependencies: Record<string, { ready: boolean }> } };
}

// Only root can mount a small disk, and not in every container; where CI is said to be true, it must be able to.
const possible = process.getuid?.() === 0 && (process.env['CI'] === 'true' || shell('unshare --mount true') === 0);

describe.runIf(possible)('on a small disk', () => {
  test('below the reserve readings are refused with the reason, and taken again once there is space', { timeout: 300_000 }, async () => {
    const home = await homeOnSmallDisk();
    const env = { KIDJAMO_DISK_RESERVE_MB: '100' };
    const child = await home.up({ env });
    const ledger = new Ledger({ urls: [home.url], lanes: 8, name: 'reserve', pause: 5 });
    await ledger.more(200);
    await fill(home, 60);
    await ledger.moreRefused(8);
    expect(ledger.refusals.at(-1)?.detail).toMatch(/^\d+ MB free on the disk, below the reserve of 100 MB/);
    expect((await fetch(`${home.url}/health`)).status).toBe(200);
    expect(await ready(home)).toMatchObject({
      status: 503,
      body: {
        dependencies: { disk: { ready: false, detail: expect.stringMatching(/below the reserve of 100 MB: free some space$/) as string } },
      },
    });
    const doctor = await home.run(['doctor', '--json'], env);
    expect(doctor.code).toBe(1);
    expect((JSON.parse(doctor.out) as { checks: object[] }).checks).toContainEqual(expect.objectContaining({ name: 'disk', ok: false }));
    // What was taken before is processed all the same: the reserve is what the pipeline lives on.
    await home.processed();

    free(home);
    await ledger.more(200);
    await ledger.finish();
    ledger.checkRefusals();
    expect(ledger.broken).toBe(0);
    await ledger.check(home);
    expect((await ready(home)).status).toBe(200);
    expect(child.exitCode).toBeNull();
  });

  test('without a reserve PostgreSQL itself runs out of space, and nothing acknowledged is lost', { timeout: 400_000 }, async () => {
    const home = await homeOnSmallDisk();
    const child = await home.up({ env: { KIDJAMO_DISK_RESERVE_MB: '0' } });
    const ledger = new Ledger({ urls: [home.url], lanes: 16, name: 'full' });
    await ledger.more(200);
    // Whatever is given back meanwhile is taken again, until nothing more can be kept.
    for (let n = 0; ledger.refusals.length < 32 && n < 600; n += 1) {
      await fill(home, 0, n);
      await delay(100);
    }
    expect(ledger.refusals.length).toBeGreaterThanOrEqual(32);
    expect((await fetch(`${home.url}/health`)).status).toBe(200);

    // Even the server's own log cannot grow, which a server does not survive: 1 MB is written to it until the server gives up. It may be
    // back before the next post, so it is brought down until a post has met it away.
    const emit = `SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))`;
    const died = async (): Promise<boolean> => {
      for (let n = 0; n < 64; n += 1) if ((await home.sql(emit).catch(() => undefined)) === undefined) return true;
      return false;
    };
    const toldOf = (reason: string): boolean => ledger.refusals.some(({ detail }) => detail.startsWith(reason));
    for (let n = 0; n < 20 && !toldOf('the database does not answer'); n += 1) {
      const refused = ledger.moreRefused(16);
      expect(await died()).toBe(true);
      await refused;
    }
    expect(toldOf('the database does not answer')).toBe(true);
    expect(toldOf('the database has no space left on its disk: free space and it goes on by itself')).toBe(true);

    free(home);
    await ledger.more(200);
    await ledger.finish();
    ledger.checkRefusals();
    expect(ledger.broken).toBe(0);
    await ledger.check(home);
    await expect.poll(async () => (await ready(home)).status, { timeout: 90_000 }).toBe(200);
    expect(child.exitCode).toBeNull();
  });
});
