import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '@kidjamo/stream';
import { systemClock } from '@kidjamo/stream';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';

import type { EmbeddedPostgres } from '../src/index.ts';
import { isRunning, processStart } from '../src/index.ts';
import { killChild, newHome, query, start, startInChild } from './embedded-homes.ts';

/** The same moments, in a hundredth of the waiting. */
const hurried: Clock = {
  now: () => systemClock.now() * 100,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

/** Supervises until the end of the test; `up` resolves when the server came up for the nth time. */
function supervise(server: EmbeddedPostgres): { up: (times: number) => Promise<void>; downs: () => number } {
  const ended = new AbortController();
  let downs = 0;
  let ups = 0;
  let wake = (): void => undefined;
  const done = server.supervise(ended.signal, {
    onDown: () => (downs += 1),
    onUp: () => {
      ups += 1;
      wake();
    },
  });
  onTestFinished(async () => {
    ended.abort();
    await done;
  });
  return {
    up: async (times) => {
      while (ups < times) await new Promise<void>((resolve) => (wake = resolve));
    },
    downs: () => downs,
  };
}

async function gone(pid: number): Promise<void> {
  while (processStart(pid) !== undefined) await systemClock.sleep(10);
}

describe('a server that died', () => {
  test('is started again on the same port whenever it is killed, and keeps what was committed', async () => {
    const server = await start(await newHome());
    const { up, downs } = supervise(server);
    const { port } = server;
    await query(server.url, 'CREATE TABLE rounds (n integer)');
    for (let round = 1; round <= 5; round++) {
      await query(server.url, `INSERT INTO rounds VALUES (${round})`);
      // From right after it came up to in the middle of its work.
      await systemClock.sleep(Math.random() * 150);
      process.kill(server.pid, 'SIGKILL');
      await up(round);
      expect(server.port).toBe(port);
      expect(await query(server.url, 'SELECT n FROM rounds ORDER BY n')).toEqual(
        Array.from({ length: round }, (_, index) => ({ n: index + 1 })),
      );
    }
    expect(downs()).toBe(5);
  }, 180_000);

  test('is started again when it is killed while it starts', async () => {
    const server = await start(await newHome());
    const { up } = supervise(server);
    await query(server.url, 'CREATE TABLE kept AS SELECT generate_series(1, 50000) AS n');
    const first = server.pid;
    process.kill(first, 'SIGKILL');
    // The next one writes its pid file as its first act.
    for (let kills = 0; kills < 5;) {
      const pid = Number((await readFile(join(server.dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[0]);
      if (pid !== 0 && pid !== first && processStart(pid) !== undefined) {
        process.kill(pid, 'SIGKILL');
        await gone(pid);
        kills += 1;
      }
      await systemClock.sleep(5);
    }
    await up(1);
    // A kill may have come when it had just become ready: then it comes up once more.
    await expect
      .poll(() => query(server.url, 'SELECT count(*)::int AS n FROM kept').catch(() => []), { timeout: 30_000 })
      .toEqual([{ n: 50_000 }]);
  });

  test('is started again although a session of the dead one is still computing', async () => {
    const server = await start(await newHome());
    const { up } = supervise(server);
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    const [row] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    const orphan = row?.pid ?? 0;
    // Such a loop looks neither at its parent nor at its connection.
    const computing = client.query('SELECT count(*) FROM generate_series(1, 10000000000) AS n').catch((error: unknown) => error);
    await expect
      .poll(() => query(server.url, `SELECT state FROM pg_stat_activity WHERE pid = ${orphan}`), { timeout: 30_000 })
      .toEqual([{ state: 'active' }]);
    process.kill(server.pid, 'SIGKILL');
    await up(1);
    await query(server.url, 'SELECT 1');
    expect(processStart(orphan)).toBeUndefined();
    expect(await computing).toBeInstanceOf(Error);
    await client.end();
  });

  test('is ended and started again when it is stopped for good and answers nobody', async () => {
    const server = await start(await newHome(), { clock: hurried });
    const { up } = supervise(server);
    const stuck = { pid: server.pid, start: processStart(server.pid) ?? '' };
    process.kill(stuck.pid, 'SIGSTOP');
    await up(1);
    expect(isRunning(stuck)).toBe(false);
    await query(server.url, 'SELECT 1');
  });

  test('is not started again after stop', async () => {
    const server = await start(await newHome());
    const { downs } = supervise(server);
    await server.stop();
    await systemClock.sleep(500);
    expect(downs()).toBe(0);
    await expect(query(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('a server that outlived the process that started it', () => {
  test('is adopted with its port and its data', async () => {
    const home = await newHome();
    const { child, report } = await startInChild(home);
    await query(report.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await killChild(child);
    const server = await start(home);
    expect({ adopted: server.adopted, pid: server.pid, port: server.port, notices: server.notices }).toEqual({
      adopted: true,
      pid: report.pid,
      port: report.port,
      notices: [],
    });
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    await server.stop();
    expect(processStart(report.pid)).toBeUndefined();
  });

  test('is supervised like one of our own', async () => {
    const home = await newHome();
    const { child, report } = await startInChild(home);
    await killChild(child);
    const server = await start(home);
    const { up } = supervise(server);
    process.kill(report.pid, 'SIGKILL');
    await up(1);
    expect(server.pid).not.toBe(report.pid);
    await query(server.url, 'SELECT 1');
  });

  test('is ended and replaced when it does not answer', async () => {
    const home = await newHome();
    const { child, report } = await startInChild(home);
    process.kill(report.pid, 'SIGSTOP');
    await killChild(child);
    const server = await start(home);
    expect(server.adopted).toBe(false);
    expect(processStart(report.pid)).toBeUndefined();
    await query(server.url, 'SELECT 1');
  });
});

describe('a pid file left by a killed server', () => {
  async function homeWithPidFile(change: (text: string) => string): Promise<string> {
    const home = await newHome();
    const server = await start(home);
    const file = join(server.dataFolder, 'postmaster.pid');
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(server.pid, 'SIGKILL');
    await gone(server.pid);
    await writeFile(file, change(await readFile(file, 'utf8')));
    return home;
  }

  async function expectStart(home: string): Promise<void> {
    const server = await start(home);
    expect(server.adopted).toBe(false);
    expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  }

  test('does not keep the next from starting', async () => {
    await expectStart(await homeWithPidFile((text) => text));
  });

  test('that names a stranger who was given the same pid does neither, and the stranger lives', async () => {
    const home = await homeWithPidFile((text) => text.replace(/^\d+/, String(process.pid)));
    await expectStart(home);
  });

  test('that is empty does neither', async () => {
    await expectStart(await homeWithPidFile(() => ''));
  });
});
