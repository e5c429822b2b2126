import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { accessSync, existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { copyBinaries, locateBinaries, whyNotRunnable } from '../src/embedded/server-binaries.ts';
import { findOrCreateUser, run, serverUser } from '../src/embedded/server-user.ts';
import { copyCheckout, endChild, isRoot, newHome, query, start, startInChild, userOf } from './embedded-homes.ts';
import type { Checkout } from './embedded-homes.ts';

/** A folder that only root may enter, with a home in it. */
async function privateHome(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kidjamo-private-'));
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const shared = `/var/lib/kidjamo/${createHash('sha256').update(home).digest('hex').slice(0, 16)}`;
  onTestFinished(async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(shared, { recursive: true, force: true });
  });
  return home;
}

describe.runIf(isRoot)('as root', () => {
  test('the server runs as another user, with its data in the home', async () => {
    const home = await newHome();
    const server = await start(home);
    expect(server.notices).toEqual([]);
    const status = await readFile(`/proc/${server.pid}/status`, 'utf8');
    const { uid } = userOf('postgres');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}`, 'm'));
    expect((await stat(server.dataFolder)).uid).toBe(uid);
    // The server's group may pass through the home to its data; nobody may look around or write.
    expect((await stat(home)).mode & 0o777).toBe(0o710);
    expect((await stat(home)).uid).toBe(0);
  });

  test('in a folder that only root may enter, the database lies elsewhere, and one line says so', async () => {
    const home = await privateHome();
    const server = await start(home);
    expect(server.dataFolder).toMatch(/^\/var\/lib\/kidjamo\/[0-9a-f]{16}\/data$/);
    expect(server.notices).toHaveLength(1);
    expect(server.notices[0]).toContain('/var/lib/kidjamo/');
    expect(server.notices[0]).not.toContain('\n');
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.stop();
    const again = await start(home);
    expect(again.dataFolder).toBe(server.dataFolder);
    expect(again.port).toBe(server.port);
    expect(await query(again.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('a home that opened up later still shows the database that lies elsewhere', async () => {
    const home = await privateHome();
    const server = await start(home);
    await query(server.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await server.stop();
    await chmod(join(home, '..'), 0o755);
    await chmod(home, 0o755);
    expect(await query((await start(home)).url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('a home that was closed later is refused rather than shown empty', async () => {
    const home = await privateHome();
    await chmod(join(home, '..'), 0o755);
    const server = await start(home);
    expect(server.dataFolder).toBe(join(home, 'postgres', 'data'));
    await server.stop();
    await chmod(join(home, '..'), 0o700);
    await expect(start(home)).rejects.toMatchObject({
      code: 'DATABASE_START',
      message: expect.stringContaining('cannot enter any more') as string,
    });
    await chmod(join(home, '..'), 0o755);
    await query((await start(home)).url, 'SELECT 1');
  });

  test('programs that the server’s user cannot reach are copied to where it can run them', async () => {
    const located = await locateBinaries();
    const user = await serverUser(undefined);
    const closed = await mkdtemp(join(tmpdir(), 'kidjamo-closed-'));
    const open = await mkdtemp(join(tmpdir(), 'kidjamo-open-'));
    await chmod(open, 0o755);
    onTestFinished(async () => {
      await rm(closed, { recursive: true, force: true });
      await rm(open, { recursive: true, force: true });
    });
    await cp(located.folder, join(closed, 'native'), { recursive: true, verbatimSymlinks: true });
    // As after `npm install --ignore-scripts`.
    const links = JSON.parse(await readFile(join(closed, 'native', 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links) await rm(join(closed, target));
    const unreachable = { folder: join(closed, 'native'), version: located.version };
    expect(await whyNotRunnable(unreachable, user)).toBeDefined();
    const before = process.umask(0o077);
    const copies = await Promise.all([copyBinaries(unreachable, open, user), copyBinaries(unreachable, open, user)]).finally(() =>
      process.umask(before),
    );
    for (const copy of copies) {
      expect(await whyNotRunnable(copy, user)).toBeUndefined();
      for (const name of ['initdb', 'postgres'])
        expect((await run(join(copy.folder, 'bin', name), ['--version'], user)).output).toMatch(/ 18\./);
    }
  });

  test('the user for the server is made where the machine has none', async () => {
    const name = `kj${randomBytes(4).toString('hex')}`;
    onTestFinished(() => void execFileSync('/bin/sh', ['-c', 'userdel "$0"', name], { stdio: 'ignore' }));
    const made = await findOrCreateUser(name);
    expect(made).toEqual(userOf(name));
    expect(made.uid).not.toBe(0);
    expect(await findOrCreateUser(name)).toEqual(made);
  });

  test('a checkout and a home that only root may enter work too: server and database lie elsewhere, and one line says so', async () => {
    const home = await privateHome();
    const copied = `/var/lib/kidjamo/server-${(await locateBinaries()).version}`;
    const before = existsSync(copied);
    const checkout = await copyCheckout(join(home, '..', 'checkout'));
    const { child, report } = await startInChild(home, { checkout });
    onTestFinished(async () => {
      if (!before) await rm(copied, { recursive: true });
    });
    expect(report.error).toBeUndefined();
    expect(report.notices).toEqual([
      expect.stringMatching(/a copy of the server is in \/var\/lib\/kidjamo, and the database is in \/var\/lib\/kidjamo\/[0-9a-f]{16}$/),
    ]);
    await query(report.url, 'SELECT 1');
    await endChild(child);
  });

  describe('for an ordinary user', () => {
    const nobody = userOf('nobody');
    let folder: string;
    let checkout: Checkout;

    // This checkout may be closed to other users, so they get a copy.
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'kidjamo-checkout-'));
      await chmod(folder, 0o755);
      checkout = await copyCheckout(folder);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    async function homeOfNobody(): Promise<string> {
      const home = await newHome();
      await chown(home, nobody.uid, nobody.gid);
      return home;
    }

    test('the server runs as that user in a home of that user', async () => {
      const home = await homeOfNobody();
      const { child, report } = await startInChild(home, { user: nobody, checkout });
      expect(report.error).toBeUndefined();
      expect(report.notices).toEqual([]);
      expect(report.dataFolder).toBe(join(home, 'postgres', 'data'));
      expect((await stat(report.dataFolder)).uid).toBe(nobody.uid);
      expect(await readFile(`/proc/${report.pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:\\s+${nobody.uid}`, 'm'));
      await query(report.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await endChild(child);
      expect(() => accessSync(`/proc/${report.pid}`)).toThrow();
    });

    test('data of that user is served as that user when root starts it', async () => {
      const home = await homeOfNobody();
      const { child, report } = await startInChild(home, { user: nobody, checkout });
      await query(report.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
      await endChild(child);
      const server = await start(home);
      expect(await query(server.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
      await server.stop();
      // And is still that user's afterwards.
      const again = await startInChild(home, { user: nobody, checkout });
      expect(again.report.error).toBeUndefined();
      await endChild(again.child);
    });

    test('data of root is refused with a remedy', async () => {
      const home = await newHome();
      await (await start(home)).stop();
      await chmod(home, 0o777);
      const { report } = await startInChild(home, { user: nobody, checkout });
      expect(report.error).toMatch(/DATABASE_START|KidjamoError/);
      expect(report.error).toMatch(/Remedy/);
    });
  });
});

test('a library link that npm did not make is made', async () => {
  const { folder } = await locateBinaries();
  const copy = await mkdtemp(join(tmpdir(), 'kidjamo-links-'));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  await cp(folder, join(copy, 'native'), { recursive: true, verbatimSymlinks: true });
  await rm(join(copy, 'native', 'lib', 'libicuuc.so.60'));
  const parent = join(copy, 'open');
  await mkdir(parent);
  const made = await copyBinaries({ folder: join(copy, 'native'), version: '0' }, parent, undefined);
  expect(await whyNotRunnable(made, undefined)).toBeUndefined();
  await expect(symlink('x', join(made.folder, 'lib', 'libicuuc.so.60'))).rejects.toMatchObject({ code: 'EEXIST' });
});
