import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '@kidjamo/stream';
import { expect, onTestFinished, test } from 'vitest';

import { pruneCopies } from '../src/embedded/server-copies.ts';

const DAYS = 86_400;

test.runIf(process.platform === 'linux')('copies that nobody uses go; used, young and foreign ones stay', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'kidjamo-copies-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const seconds = systemClock.now() / 1000;
  const make = async (name: string, ageDays: number): Promise<string> => {
    const folder = join(parent, name);
    await mkdir(join(folder, 'bin'), { recursive: true });
    await utimes(folder, seconds - ageDays * DAYS, seconds - ageDays * DAYS);
    return folder;
  };
  await make('server-17.1.0', 9);
  await make('server-18.0.0-beta.1', 9);
  await make('server-18.1.0', 0.5);
  await make('server-18.2.0.abcdef.partial', 9);
  await make('0123456789abcdef', 9);
  await make('server-room', 9);
  const running = await make('server-18.3.0', 9);
  const used = await make('server-18.4.0', 9);

  // Another program under the server's name, at work in a copy of its own.
  const program = join(running, 'bin', 'postgres');
  await copyFile('/bin/sleep', program);
  await chmod(program, 0o755);
  await utimes(running, seconds - 9 * DAYS, seconds - 9 * DAYS);
  const child = spawn(program, ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  try {
    const prune = () => pruneCopies({ parent, used: { folder: used, version: '18.4.0' }, user: undefined, clock: systemClock });
    expect((await prune()).sort()).toEqual(['server-17.1.0', 'server-18.0.0-beta.1']);
    expect((await stat(used)).mtimeMs / 1000).toBeGreaterThan(seconds - 60);
    expect((await readdir(parent)).sort()).toEqual([
      '0123456789abcdef',
      'server-18.1.0',
      'server-18.2.0.abcdef.partial',
      'server-18.3.0',
      'server-18.4.0',
      'server-room',
    ]);
    const ended = once(child, 'exit');
    child.kill();
    await ended;
    expect(await prune()).toEqual(['server-18.3.0']);
  } finally {
    child.kill();
  }
});

test('where there are no copies, nothing happens', async () => {
  const parent = join(tmpdir(), 'kidjamo-no-such-folder');
  const used = { folder: join(tmpdir(), 'elsewhere'), version: '18.4.0' };
  expect(await pruneCopies({ parent, used, user: undefined, clock: systemClock })).toEqual([]);
});
