/** A whole Kidjamo in a process of its own, on an empty home: gateway, task, embedded PostgreSQL and lake. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { runJson, start } from './kidjamo.ts';
import type { More } from './kidjamo.ts';

const STARTS_WITHIN_MS = 120_000;
const STOPS_WITHIN_MS = 60_000;

/** What is started, and where. */
export interface InstanceOptions {
  /** `up` when absent. */
  readonly command?: 'up' | 'gateway';
  /** A home that outlives it; one of its own when absent. */
  readonly home?: string;
  readonly more?: More;
}

export class Instance {
  readonly home: string;
  readonly #child: ChildProcess;
  readonly #ownHome: boolean;
  readonly apiUrl: URL;
  readonly databaseUrl: string;

  private constructor(of: { home: string; ownHome: boolean; child: ChildProcess; apiUrl: URL; databaseUrl: string }) {
    this.home = of.home;
    this.#ownHome = of.ownHome;
    this.#child = of.child;
    this.apiUrl = of.apiUrl;
    this.databaseUrl = of.databaseUrl;
  }

  /** Starts `kidjamo up` with these arguments and waits until it is ready. */
  static async start(args: readonly string[] = [], options: InstanceOptions = {}): Promise<Instance> {
    const { command = 'up', more } = options;
    const home = options.home ?? (await newHome());
    const ownHome = options.home === undefined;
    const child = start(home, [command, ...args], more);
    try {
      // A gateway alone is never ready: no task runs.
      const { apiUrl, databaseUrl } = await ready(home, child, { more, path: command === 'up' ? '/ready' : '/health' });
      return new Instance({ home, ownHome, child, apiUrl, databaseUrl });
    } catch (error) {
      await end(child, ownHome ? home : undefined);
      throw error;
    }
  }

  /** Id of the Node.js process. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the process has not started');
    return this.#child.pid;
  }

  /** Fails when the process has ended by itself. */
  assertAlive(): void {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) throw new Error('kidjamo up ended during a measurement');
  }

  /** Asks the lake to write what it holds, without waiting for its usual delay. */
  async flush(): Promise<void> {
    const response = await fetch(new URL('/admin/flush', this.apiUrl), { method: 'POST', signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`the instance answered ${response.status} to a flush`);
  }

  /** Asks the process to end, and takes its home away if it is its own. */
  async stop(): Promise<void> {
    await end(this.#child, this.#ownHome ? this.home : undefined);
  }
}

/** An empty home. */
export async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'kidjamo-bench-'));
  // The embedded PostgreSQL runs as another user when we are root, and has to reach its data.
  await chmod(home, 0o755);
  return home;
}

async function ready(
  home: string,
  child: ChildProcess,
  { more = {}, path }: { more: More | undefined; path: string },
): Promise<{ apiUrl: URL; databaseUrl: string }> {
  const until = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`kidjamo up ended with ${child.exitCode ?? child.signalCode} before it was ready`);
    const { value } = await runJson(home, ['doctor'], { signal: AbortSignal.timeout(STARTS_WITHIN_MS), more });
    const { api_url, database_url } = value;
    if (typeof api_url === 'string' && typeof database_url === 'string' && (await isReady(api_url, path))) {
      return { apiUrl: new URL(api_url), databaseUrl: database_url };
    }
    await delay(200);
  }
  throw new Error(`kidjamo up was not ready within ${STARTS_WITHIN_MS / 1000} s`);
}

async function isReady(apiUrl: string, path: string): Promise<boolean> {
  try {
    return (await fetch(`${apiUrl}${path}`, { signal: AbortSignal.timeout(5000) })).ok;
  } catch (error) {
    // Not listening yet; the caller's deadline bounds how long that is waited for.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return false;
    throw error;
  }
}

/** Ends a process, and removes its home if one is given. */
export async function end(child: ChildProcess, home?: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOPS_WITHIN_MS);
    await exited;
    clearTimeout(late);
  }
  if (home !== undefined) await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
}
