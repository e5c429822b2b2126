/** The kit against the real gateway, with both of them killed on the way. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

import { Home, kill, stop } from '../../../test/e2e/kidjamo.ts';
import { folder } from './fixture.ts';

const CHILD = join(import.meta.dirname, 'recorder-child.ts');
const LAST = 1500;

/** Numbers from a seed: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(
  'offline, gateway killed, kit killed at random moments: the store equals what was recorded, exactly once',
  { timeout: 300_000 },
  async () => {
    const random = seeded(11);
    const home = await Home.make();
    onTestFinished(() => home.remove());
    let gateway = await home.up();
    const path = await folder();
    // All of them in the past, however long it takes.
    const start = Math.floor(Date.now() / 1000) * 1000 - 86_400_000;
    let acknowledged = -1;
    let said = '';
    const record = (): ChildProcess => {
      const args = [CHILD, path, home.url, String(acknowledged + 1), String(LAST), String(start)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout?.on('data', (chunk: Buffer) => {
        for (const line of chunk.toString().split('\n')) if (/^\d+$/.test(line)) acknowledged = Math.max(acknowledged, Number(line));
      });
      child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      onTestFinished(() => stop(child));
      return child;
    };

    let kit = record();
    for (let round = 0; round < 6; round += 1) {
      await delay(200 + random() * 700);
      // What it wrote before it died is read to its end.
      const closed = once(kit, 'close');
      await kill(kit);
      await closed;
      if (round === 2) await kill(gateway);
      kit = record();
      if (round === 4) gateway = await home.up();
    }
    const [code] = kit.exitCode === null ? ((await once(kit, 'close')) as [number | null]) : [kit.exitCode];
    expect(code, said).toBe(0);
    expect(acknowledged).toBe(LAST);
    await home.processed();

    expect(await readFile(join(path, 'refused.ndjson'), 'utf8')).toBe('');
    expect(await home.sql('SELECT reason, count(*)::int AS n FROM quarantine GROUP BY reason')).toEqual([]);
    const rows = await home.sql<{ at: Date; n: number }>(
      'SELECT recorded_at AS at, count(*)::int AS n FROM measurements GROUP BY recorded_at ORDER BY 1',
    );
    expect(rows.map(({ at, n }) => [(at.getTime() - start) / 1000, n])).toEqual(Array.from({ length: LAST + 1 }, (_, n) => [n, 1]));
  },
);
