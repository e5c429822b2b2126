/** Processes of Kidjamo for end-to-end tests, each started and ended by the test that needs it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const PROGRAM = join(import.meta.dirname, '../../bin/kidjamo.mjs');
const OURS = /^(KIDJAMO_|KAFKA_|NOTIFY_|API_|PG|DATABASE_URL|AUTO_ENROLL|VITEST)/;
/** Less than a hook of a test may take, so that what the process said is told. */
const STARTS_WITHIN = 90_000;
const PROCESSED_WITHIN = 180_000;
const LAG = `SELECT sum(p.next_offset - o.next_offset)::float8 AS lag
               FROM stream.consumer_offset o JOIN stream.log_partition p USING (log, partition) WHERE o.consumer_group = 'vitals'`;

export type Environment = Readonly<Record<string, string>>;

/** How a command ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A home of one's own and the processes on it. */
export class Home {
  readonly path: string;
  readonly port: number;
  readonly #env: Environment;
  readonly #children = new Set<ChildProcess>();
  readonly #urls = new Map<ChildProcess, string>();
  readonly #beforeRemoval: (() => Promise<void> | void)[] = [];

  private constructor(path: string, port: number, env: Environment) {
    this.path = path;
    this.port = port;
    this.#env = env;
  }

  /** `env` holds for every process of this home. */
  static async make(env: Environment = {}): Promise<Home> {
    const path = await mkdtemp(join(tmpdir(), 'kidjamo-e2e-'));
    // The embedded PostgreSQL runs as another user when we are root, and has to reach its data.
    await chmod(path, 0o755);
    return new Home(path, await freePort(), env);
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.port)}`;
  }

  /** Starts `kidjamo up` and waits until its gateway is ready. */
  async up(options: { join?: boolean; env?: Environment } = {}): Promise<ChildProcess> {
    const port = options.join === true ? await freePort() : this.port;
    const env = { API_PORT: String(port), API_PORT_AUTOFALLBACK: 'false', KIDJAMO_LEASE_MS: '2000', ...options.env };
    const child = this.#spawn(['up', '--json', ...(options.join === true ? ['--join'] : [])], env);
    const url = `http://127.0.0.1:${String(port)}`;
    this.#urls.set(child, url);
    await ready(child, url);
    return child;
  }

  /** Where the gateway of a process that {@link up} started listens. */
  urlOf(child: ChildProcess): string {
    return this.#urls.get(child) ?? this.url;
  }

  /** Starts a command that is expected to end by itself. */
  run(args: readonly string[], env: Environment = {}): Promise<Outcome> {
    return this.start(args, env).outcome;
  }

  /** The same, for a test that has to do with the process while it runs. */
  start(args: readonly string[], env: Environment = {}): { readonly child: ChildProcess; readonly outcome: Promise<Outcome> } {
    const child = this.#spawn(args, env);
    return { child, outcome: output(child) };
  }

  /** Runs a command with `--json` and gives what it printed. */
  async json<T>(args: readonly string[]): Promise<T> {
    const { code, out, err } = await this.run([...args, '--json']);
    if (code !== 0) throw new Error(`kidjamo ${args.join(' ')} ended with ${String(code)}: ${out}${err}`);
    return JSON.parse(out.trim().split('\n').at(-1) ?? '') as T;
  }

  store<T>(sql: string): Promise<T[]> {
    return this.json<T[]>(['query', sql]);
  }

  lake<T>(sql: string): Promise<T[]> {
    return this.json<T[]>(['query', '--lake', sql]);
  }

  /** A connection to the database of the running instance, to be ended by the caller. */
  async connect(): Promise<pg.Client> {
    const { database_url: connectionString } = JSON.parse(await readFile(join(this.path, 'instance.json'), 'utf8')) as {
      database_url: string;
    };
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Asks the database of the running instance, on a connection of its own, so that it works whatever befell earlier ones. */
  async sql<T extends object>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const client = await this.connect();
    try {
      return (await client.query<T>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /**
   * Resolves when the task, the notifier and the five tables of the lake have joined their groups. A thread that is still opening its connections when
   * the database dies is started again, which tests that count restarts do not look at.
   */
  async joined(): Promise<void> {
    const groups = (): Promise<{ n: number }[]> => this.sql('SELECT count(DISTINCT consumer_group)::int AS n FROM stream.consumer_member');
    const until = performance.now() + PROCESSED_WITHIN;
    while ((await groups())[0]?.n !== 7) {
      if (performance.now() > until) throw new Error('not all roles have joined their groups');
      await delay(100);
    }
  }

  /** Resolves when the task has processed everything that is in the log. */
  async processed(): Promise<void> {
    const until = performance.now() + PROCESSED_WITHIN;
    let lag: number | undefined;
    while (performance.now() < until) {
      const rows = await this.sql<{ lag: number }>(LAG).catch(() => []);
      lag = rows[0]?.lag;
      if (lag === 0) return;
      await delay(100);
    }
    throw new Error(`the task has not processed everything within ${String(PROCESSED_WITHIN / 1000)} s: ${String(lag)} records are left`);
  }

  /** Has something done when the processes have ended and before the home is removed. */
  beforeRemoval(work: () => Promise<void> | void): void {
    this.#beforeRemoval.push(work);
  }

  /** Ends every process of this home that still runs, politely first, and removes the home. */
  async remove(): Promise<void> {
    await Promise.all([...this.#children].map((child) => stop(child)));
    for (const work of this.#beforeRemoval) await work();
    await rm(this.path, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }

  #spawn(args: readonly string[], env: Environment): ChildProcess {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, KIDJAMO_HOME: this.path, KIDJAMO_LOG_LEVEL: 'error', ...this.#env, ...env },
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

/** Ends a process: SIGTERM, and SIGKILL when that takes too long. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  // One that a test left stopped could not hear it.
  child.kill('SIGCONT');
  const late = setTimeout(() => child.kill('SIGKILL'), 40_000);
  await exited;
  clearTimeout(late);
}

/** Ends a process at once. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function ready(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4000);
  });
  for (const until = performance.now() + STARTS_WITHIN; performance.now() < until;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`kidjamo up ended before it was ready: ${said}`);
    const answer = await fetch(`${url}/ready`).catch(() => undefined);
    if (answer?.ok === true) return;
    await delay(100);
  }
  throw new Error(`kidjamo up was not ready within ${String(STARTS_WITHIN / 1000)} s: ${said}`);
}

async function output(child: ChildProcess): Promise<Outcome> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
