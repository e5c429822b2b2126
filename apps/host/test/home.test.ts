import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { processStart } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';

import { openHome, readInstance } from '../src/home/index.ts';
import type { Home } from '../src/home/index.ts';

let path: string;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kidjamo-home-'));
  path = join(folder, '.kidjamo');
  return () => rm(folder, { recursive: true });
});

async function open(): Promise<Home> {
  return openHome({ path, clock: systemClock });
}

/** Opens the home in a process of its own; `said` is what came of it. */
async function openInChild(...args: string[]): Promise<{ child: ChildProcess; said: string }> {
  const script = fileURLToPath(new URL('./home-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('exit', () => reject(new Error('the child ended without a word')));
  });
  return { child, said };
}

async function end(child: ChildProcess, how: 'kill' | 'in order'): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  if (how === 'kill') child.kill('SIGKILL');
  else child.stdin?.end();
  await ended;
}

describe('a home', () => {
  test('is made closed to others', async () => {
    const home = await open();
    expect(home.path).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    await home.close();
  });

  test('belongs to one process: a second one is told which, since when, and what to do', async () => {
    const { child } = await openInChild();
    await expect(open()).rejects.toMatchObject({
      code: 'HOME_LOCKED',
      message: expect.stringMatching(
        new RegExp(`process ${String(child.pid)}, started 20\\d\\d-.*Z.*Remedy: stop it \\(kill ${String(child.pid)}\\)`),
      ) as string,
    });
    await end(child, 'in order');
    await (await open()).close();
  });

  test('cannot be opened twice by the same process', async () => {
    const home = await open();
    await expect(open()).rejects.toMatchObject({ code: 'HOME_LOCKED' });
    await home.close();
    await (await open()).close();
  });

  test('of a process that was killed is taken over, and its trace is removed', async () => {
    const { child, said } = await openInChild();
    expect(said).toBe('open');
    await end(child, 'kill');
    expect(await readdir(join(path, 'lock'))).toHaveLength(1);
    const home = await open();
    expect(await readdir(join(path, 'lock'))).toEqual([expect.stringMatching(new RegExp(`^${process.pid}\\.`))]);
    await home.close();
  });

  test('is taken over when the pid of a dead owner belongs to another process by now', async () => {
    const { child } = await openInChild();
    await end(child, 'kill');
    const [claim = ''] = await readdir(join(path, 'lock'));
    // Our own parent runs, but it is not what made the claim.
    expect(processStart(process.ppid)).toBeDefined();
    await rename(join(path, 'lock', claim), join(path, 'lock', claim.replace(/^\d+/, String(process.ppid))));
    await (await open()).close();
  });

  test('goes to exactly one of several that start at once, over the lock of a dead one', async () => {
    const first = await openInChild();
    await end(first.child, 'kill');
    const results = await Promise.all(Array.from({ length: 5 }, () => openInChild()));
    const said = results.map((result) => result.said);
    expect(said.filter((text) => text === 'open')).toHaveLength(1);
    for (const text of said) expect(text).toMatch(/^open$|another Kidjamo/);
    await Promise.all(results.map(({ child }) => end(child, 'kill')));
    await (await open()).close();
  });

  test('does not collide with another home', async () => {
    const { said } = await openInChild();
    expect(said).toBe('open');
    const other = await openHome({ path: `${path}-2`, clock: systemClock });
    await other.close();
  });

  test('that is a file, or lies below one, is refused with a remedy', async () => {
    await writeFile(path, 'x');
    await expect(open()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('KIDJAMO_HOME') as string });
    await expect(openHome({ path: join(path, 'below'), clock: systemClock })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('instance.json', () => {
  const instance = {
    api_url: 'http://127.0.0.1:8001',
    database_url: 'postgres://k:secret@127.0.0.1:5/k',
    started_at: '2025-01-01T00:00:00.000Z',
    version: '0.1.0',
  };

  test('tells of the running instance, to its owner only, until that closes its home', async () => {
    const home = await open();
    expect(await readInstance(path)).toBeNull();
    await home.announce(instance);
    expect(await readInstance(path)).toEqual({ pid: process.pid, ...instance });
    expect((await stat(join(path, 'instance.json'))).mode & 0o777).toBe(0o600);
    await home.close();
    expect(await readInstance(path)).toBeNull();
  });

  test('of a killed process tells nothing', async () => {
    const { child } = await openInChild('announce');
    expect((await readInstance(path))?.pid).toBe(child.pid);
    await end(child, 'kill');
    expect(await readInstance(path)).toBeNull();
  });
});
