import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

import { systemClock } from '@kidjamo/stream';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';

import { startEmbeddedPostgres } from '../src/index.ts';
import { newHome, query, start } from './embedded-homes.ts';
import { PASSWORDS } from './embedded-passwords.ts';

describe('the embedded PostgreSQL', () => {
  test('starts in an empty home with the settings of a durable commit point', async () => {
    const home = await newHome();
    const server = await start(home);
    expect(server.dataFolder).toBe(join(home, 'postgres', 'data'));
    expect(server.notices).toEqual([]);
    expect(server.adopted).toBe(false);
    const settings = await query<{ name: string; setting: string }>(
      server.url,
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'jit', 'TimeZone',
        'listen_addresses', 'unix_socket_directories', 'max_connections', 'password_encryption', 'log_min_messages', 'server_encoding', 'data_checksums')`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      wal_level: 'logical',
      jit: 'off',
      TimeZone: 'UTC',
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: '200',
      password_encryption: 'scram-sha-256',
      log_min_messages: 'log',
      server_encoding: 'UTF8',
      data_checksums: 'on',
    });
    const [version] = await query<{ v: string }>(server.url, "SELECT current_setting('server_version_num') AS v");
    expect(version?.v).toMatch(/^18/);
  });

  test('lets the application own its database without being superuser, and end stuck sessions', async () => {
    const server = await start(await newHome());
    const [role] = await query<{ su: boolean; db: string; signal: boolean; monitor: boolean; owner: string }>(
      server.url,
      `SELECT rolsuper AS su, current_database() AS db, pg_has_role('pg_signal_backend', 'USAGE') AS signal,
        pg_has_role('pg_monitor', 'USAGE') AS monitor, (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()) AS owner
        FROM pg_roles WHERE rolname = current_user`,
    );
    expect(role).toEqual({ su: false, db: 'kidjamo', signal: true, monitor: true, owner: 'kidjamo' });
    await query(server.url, 'CREATE SCHEMA a; CREATE TABLE a.b (c int); CREATE TABLE d (e int)');
  });

  test('refuses a wrong password and every address but 127.0.0.1', async () => {
    const server = await start(await newHome());
    await expect(query(server.url.replace(/:[^:@]+@/, ':wrong@'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    const others = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address?.internal === false && address.family === 'IPv4');
    for (const address of others) {
      const refused = await new Promise((resolve) => {
        const socket = connect({ host: address?.address ?? '', port: server.port });
        socket.once('error', () => resolve(true));
        socket.once('connect', () => {
          socket.destroy();
          resolve(false);
        });
      });
      expect(refused).toBe(true);
    }
  });

  test('keeps its data and its port from start to start, also in a home that was moved', async () => {
    const home = await newHome();
    const first = await start(home);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const moved = await newHome();
    await rename(home, moved);
    const second = await start(moved);
    expect(second.port).toBe(first.port);
    expect(second.pid).not.toBe(first.pid);
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  test('takes another port when its own is used, and says so', async () => {
    const home = await newHome();
    const first = await start(home);
    await first.stop();
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(first.port, '127.0.0.1', resolve));
    onTestFinished(() => void thief.close());
    const second = await start(home);
    expect(second.port).not.toBe(first.port);
    expect(second.notices).toEqual([expect.stringContaining(`port ${first.port} of last time is taken`)]);
    await query(second.url, 'SELECT 1');
  });

  test('runs in two homes at once', async () => {
    const [one, two] = await Promise.all([start(await newHome()), start(await newHome())]);
    expect(one.port).not.toBe(two.port);
    await query(one.url, 'CREATE TABLE mine (a int)');
    expect(await query(two.url, "SELECT to_regclass('mine') AS mine")).toEqual([{ mine: null }]);
    await one.stop();
    await query(two.url, 'SELECT 1');
  });

  test('is stopped by stop, twice without harm, and leaves no process and no password behind', async () => {
    const home = await newHome();
    const server = await start(home);
    await server.stop();
    await server.stop();
    await expect(query(server.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await readdir(join(home, 'postgres'))).toEqual(['data', 'pg_hba.conf', 'placement.json', 'postgresql.conf', 'server.log']);
    for (const name of ['pg_hba.conf', 'placement.json', 'postgresql.conf', 'server.log']) {
      const text = await readFile(join(home, 'postgres', name), 'utf8');
      for (const password of Object.values(PASSWORDS)) expect(text).not.toContain(password);
    }
    expect(await readFile(join(home, 'postgres', 'server.log'), 'utf8')).toContain('database system is shut down');
  });

  test('writes no value of a failed statement into its log', async () => {
    const home = await newHome();
    const server = await start(home);
    await expect(query(server.url, "SELECT 'patient-4711'::integer")).rejects.toThrow();
    await expect(
      query(server.url, "CREATE TABLE p (n text UNIQUE); INSERT INTO p VALUES ('patient-4711'), ('patient-4711')"),
    ).rejects.toThrow();
    await server.stop();
    expect(await readFile(join(home, 'postgres', 'server.log'), 'utf8')).not.toContain('4711');
  });

  test('refuses data of another major version and leaves it alone', async () => {
    const home = await newHome();
    await (await start(home)).stop();
    const file = join(home, 'postgres', 'data', 'PG_VERSION');
    await writeFile(file, '16\n');
    await expect(start(home)).rejects.toMatchObject({
      code: 'DATABASE_VERSION',
      message: expect.stringMatching(/PostgreSQL 16.*Remedy/s) as string,
    });
    await writeFile(file, '18\n');
    await query((await start(home)).url, 'SELECT 1');
  });

  test('refuses a folder with other files and leaves them alone', async () => {
    const home = await newHome();
    const data = join(home, 'postgres', 'data');
    await mkdir(data, { recursive: true });
    await writeFile(join(data, 'precious.txt'), 'x');
    await expect(start(home)).rejects.toMatchObject({ code: 'DATABASE_START', message: expect.stringContaining('Remedy') as string });
    expect(await readdir(data)).toEqual(['precious.txt']);
  });

  test('is not confused by a first start that was killed half-way', async () => {
    const home = await newHome();
    await mkdir(join(home, 'postgres', 'data.new', 'base'), { recursive: true });
    await writeFile(join(home, 'postgres', 'data.new', 'PG_VERSION'), '18\n');
    await query((await start(home)).url, 'SELECT 1');
    expect(await readdir(join(home, 'postgres'))).not.toContain('data.new');
  });

  test('says when the key file is not the one its data was made with, and stops again', async () => {
    const home = await newHome();
    await (await start(home)).stop();
    const other = { dataHome: home, clock: systemClock, password: { ...PASSWORDS, superuser: 'another' } };
    await expect(startEmbeddedPostgres(other)).rejects.toMatchObject({ code: 'KEY_FILE_INVALID' });
    expect(await readdir(join(home, 'postgres', 'data'))).not.toContain('postmaster.pid');
  });

  test('takes over a new password of the application', async () => {
    const home = await newHome();
    await (await start(home)).stop();
    const server = await start(home, { password: { ...PASSWORDS, application: 'renewed' } });
    await query(server.url, 'SELECT 1');
  });

  test('ignores PG* variables of whoever started it', async () => {
    const before = { ...process.env };
    onTestFinished(() => {
      process.env = before;
    });
    process.env['PGDATA'] = '/nowhere';
    process.env['PGPORT'] = '1';
    process.env['PGUSER'] = 'nobody';
    const home = await newHome();
    const server = await start(home);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.end();
  });
});
