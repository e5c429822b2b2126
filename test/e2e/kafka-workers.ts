/** Worker processes of a test on Kafka, and what each of them says of its partitions. */
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { kill, type Environment, type Home } from './kidjamo.ts';

const GROUP = 'vitals';
/** Rebalancing, on brokers whose sessions last 10 s, with two processors for all of it. */
const MOVES_WITHIN = 90_000;
const CAUGHT_WITHIN = 60_000;
/** Server-side work of a process that was stopped is over by then. */
const SETTLES_WITHIN = 150;

/** A line of a worker's log. */
interface LogLine {
  readonly group?: string;
  readonly partition?: number;
  readonly partitions?: readonly number[];
  readonly role?: string;
  readonly err?: { readonly name: string; readonly code: string };
}

/** Where a worker is stopped. */
export type PausedAt = 'in a commit' | 'between commits';

/** What a worker that was stopped past its session came back to. */
export interface Fenced {
  readonly at: PausedAt;
  readonly partitions: number;
  /** Commits that it tried after that, and that were refused as FENCED. */
  readonly refused: number;
  /** The same, and what failed since a connection was lost meanwhile. */
  readonly failed: number;
  /** Its open transactions, which the new owner had ended before it went on. */
  readonly ended: number;
  readonly seconds: number;
}

/** A worker that was stopped: its partitions, and the server processes in which a transaction of its task is open. */
interface Stopped {
  readonly partitions: readonly number[];
  readonly open: readonly number[];
}

export class Worker {
  readonly child: ChildProcess;
  readonly #home: Home;
  readonly #lines: LogLine[] = [];

  constructor(home: Home, env: Environment) {
    this.#home = home;
    this.child = home.start(['worker', '--json'], { ...env, KIDJAMO_LOG_LEVEL: 'info' }).child;
    if (this.child.stderr === null) throw new TypeError('a worker has a standard error');
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      if (line.startsWith('{')) this.#lines.push(JSON.parse(line) as LogLine);
    });
  }

  /** The partitions of the input that the task of this process works on, as it said last. */
  get partitions(): readonly number[] {
    return this.#lines.findLast(({ group, partitions }) => group === GROUP && partitions !== undefined)?.partitions ?? [];
  }

  /** Resolves when the task of this process has partitions of the input. */
  async working(): Promise<void> {
    await expect.poll(() => this.partitions.length, { timeout: MOVES_WITHIN }).toBeGreaterThan(0);
  }

  /** What it said of errors, by role and code, or name. */
  get errors(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { role = '', err } of this.#lines) {
      if (err === undefined) continue;
      const what = `${role} ${err.code === 'none' ? err.name : err.code}`;
      counts[what] = (counts[what] ?? 0) + 1;
    }
    return counts;
  }

  kill(): Promise<void> {
    return kill(this.child);
  }

  /**
   * Stops the process in the middle of its work for longer than its session lasts, until others own its partitions, and lets it go on.
   * What it had in hand must come to nothing. Readings must be on their way, or come soon.
   * @param behind tells whether records of these partitions wait to be processed.
   */
  async zombie(at: PausedAt, behind: (partitions: readonly number[]) => Promise<boolean>): Promise<Fenced> {
    const began = performance.now();
    const { partitions, open } = at === 'in a commit' ? await this.#stopCommitting() : await this.#stopBetween(behind);
    expect(open.length > 0, 'a transaction is open').toBe(at === 'in a commit');
    const before = await this.#generations(partitions);
    const younger = async (): Promise<boolean> => {
      const now = await this.#generations(partitions).catch(() => new Map<number, number>());
      return partitions.every((partition) => (now.get(partition) ?? 0) > (before.get(partition) ?? Number.NaN));
    };
    await expect.poll(younger, { timeout: MOVES_WITHIN, message: 'the partitions of a stopped worker go to others' }).toBe(true);
    const left = async (): Promise<number[]> => (await this.#transactions()).filter((pid) => open.includes(pid));
    await expect.poll(left, { message: 'transactions of a stopped worker, after its partitions were taken' }).toEqual([]);

    const said = this.#lines.length;
    this.child.kill('SIGCONT');
    const since = (): readonly LogLine[] => this.#lines.slice(said).filter(({ group }) => group === GROUP);
    // It learns that it was put out, and joins anew.
    await expect
      .poll(() => since().findLast((line) => line.partitions !== undefined)?.partitions?.length ?? 0, { timeout: MOVES_WITHIN })
      .toBeGreaterThan(0);
    const failed = since().filter(({ err, partition }) => err !== undefined && partitions.includes(partition ?? -1));
    return {
      at,
      partitions: partitions.length,
      refused: failed.filter(({ err }) => err?.code === 'FENCED').length,
      failed: failed.length,
      ended: open.length,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    };
  }

  /** Stops it between two commits, with records to process: tried until it is there, since nobody outside can know beforehand. */
  async #stopBetween(behind: (partitions: readonly number[]) => Promise<boolean>): Promise<Stopped> {
    for (const until = performance.now() + CAUGHT_WITHIN; performance.now() < until;) {
      this.child.kill('SIGSTOP');
      await delay(SETTLES_WITHIN);
      const { partitions } = this;
      if ((await this.#transactions()).length === 0) {
        await expect.poll(() => behind(partitions), { timeout: CAUGHT_WITHIN, message: 'records wait for the stopped worker' }).toBe(true);
        return { partitions, open: [] };
      }
      this.child.kill('SIGCONT');
      await delay(SETTLES_WITHIN);
    }
    throw new Error('the worker could not be stopped between two commits');
  }

  /** Stops it in a commit, which a lock holds up until it is stopped: then it holds the row that its successor needs. */
  async #stopCommitting(): Promise<Stopped> {
    const client = await this.#home.connect();
    try {
      const { partitions } = this;
      await client.query('BEGIN');
      await client.query('SELECT FROM stream.consumer_offset WHERE consumer_group = $1 AND partition = $2 FOR UPDATE', [
        GROUP,
        partitions[0],
      ]);
      await expect.poll(() => this.#transactions('Lock'), { timeout: CAUGHT_WITHIN, message: 'a commit waits' }).not.toEqual([]);
      this.child.kill('SIGSTOP');
      await client.query('ROLLBACK');
      await delay(SETTLES_WITHIN);
      return { partitions, open: await this.#transactions() };
    } finally {
      await client.end();
    }
  }

  /** Server processes in which a transaction of this process's task is open. */
  async #transactions(waiting?: 'Lock'): Promise<number[]> {
    const ports = await localPorts(this.child.pid ?? 0);
    const rows = await this.#home.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'kidjamo-task' AND xact_start IS NOT NULL AND client_port = ANY ($1::int[])
          AND ($2::text IS NULL OR wait_event_type = $2)`,
      [ports, waiting],
    );
    return rows.map(({ pid }) => pid);
  }

  /** The fence: commits of older generations are refused. */
  async #generations(partitions: readonly number[]): Promise<Map<number, number>> {
    const rows = await this.#home.sql<{ partition: number; generation: number }>(
      `SELECT partition, generation::int FROM stream.consumer_offset WHERE consumer_group = $1 AND partition = ANY ($2::int[])`,
      [GROUP, partitions],
    );
    return new Map(rows.map(({ partition, generation }) => [partition, generation]));
  }
}

/** The local ports of the TCP connections of a process. */
async function localPorts(pid: number): Promise<number[]> {
  const folder = `/proc/${String(pid)}/fd`;
  const links = await Promise.all((await readdir(folder)).map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  const sockets = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const ports: number[] = [];
  for (const line of (await readFile(`/proc/${String(pid)}/net/tcp`, 'utf8')).trim().split('\n').slice(1)) {
    const [, local = '', , , , , , , , inode = ''] = line.trim().split(/\s+/);
    if (sockets.has(inode)) ports.push(Number.parseInt(local.split(':')[1] ?? '', 16));
  }
  return ports;
}
