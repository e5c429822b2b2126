/**
 * DuckDB as all sinks of a process share it: one instance in memory, and a few sessions of it at a time, so that its memory is bounded however
 * many sinks there are.
 *
 * | state  | inSession()                                      | close()                                |
 * |--------|--------------------------------------------------|----------------------------------------|
 * | open   | takes a connection, or waits for one; then runs  | turns away who waits, waits for whoever is running, then closes |
 * | closed | fails with SINK_UNAVAILABLE                      | nothing                                |
 */

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { KidjamoError } from '@kidjamo/stream';
import type { PseudonymKey } from '@kidjamo/stream';
import { DuckDBInstance } from '@duckdb/node-api';

import { lakeError } from './duckdb-failure.ts';
import { LakeConnection } from './session.ts';
import type { LakeSession } from './session.ts';
import { checkFolder } from './sql.ts';

export interface LakeEngineOptions {
  /** A folder for what DuckDB reads and spills; made when missing. Its content is personal data, gone when it was used. */
  readonly scratch: string;
  /** The key of the lake's pseudonyms. */
  readonly key: PseudonymKey;
  /** Memory that DuckDB may use, such as `384MB`. */
  readonly memoryLimit?: string;
  /** How many batches are worked on side by side. Two keep two processors busy when there is a backlog and nothing else to do. */
  readonly sessions?: number;
  /** Identities whose pseudonyms are kept in memory, for each session. */
  readonly maxPseudonyms?: number;
}

const DEFAULTS = { memoryLimit: '384MB', sessions: 2, maxPseudonyms: 100_000 };

/** A batch is worked on by the thread that asks: more threads for one are mostly spent on waiting for each other. */
const THREADS = '1';

/** Folders of engines in the scratch folder: the process that made it, and something random. */
const FOLDER = /^lake-(\d+)-/;

export class LakeEngine {
  /** A folder of this engine's own, on the disk of the scratch folder. */
  readonly folder: string;
  readonly #instance: DuckDBInstance;
  readonly #sessions: number;
  /** The one used last is taken first: it knows the most pseudonyms. */
  readonly #idle: LakeConnection[];
  readonly #waiting: PromiseWithResolvers<LakeConnection>[] = [];
  readonly #allIdle = Promise.withResolvers<undefined>();
  #closed = false;

  private constructor(parts: { folder: string; instance: DuckDBInstance; connections: LakeConnection[] }) {
    this.folder = parts.folder;
    this.#instance = parts.instance;
    this.#sessions = parts.connections.length;
    this.#idle = parts.connections;
  }

  /** Opens DuckDB, and removes what processes that are gone left in the scratch folder. */
  static async open(options: LakeEngineOptions): Promise<LakeEngine> {
    const { scratch, key, memoryLimit, sessions, maxPseudonyms } = { ...DEFAULTS, ...options };
    checkFolder(scratch);
    try {
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      await removeLeftovers(scratch);
      const folder = await mkdtemp(join(scratch, `lake-${process.pid}-`));
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: memoryLimit,
        threads: THREADS,
        temp_directory: join(folder, 'spill'),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const connections: LakeConnection[] = [];
      while (connections.length < sessions) connections.push(await LakeConnection.open(instance, { key, maxPseudonyms }));
      return new LakeEngine({ folder, instance, connections });
    } catch (error) {
      throw lakeError(error);
    }
  }

  /**
   * Runs `action` in a session of its own.
   * @throws KidjamoError SINK_UNAVAILABLE when `signal` aborts, DISK_FULL, SINK_REJECTED.
   */
  async inSession<T>(signal: AbortSignal, action: (session: LakeSession) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await action(connection.session(signal));
    } catch (error) {
      throw lakeError(error);
    } finally {
      await connection.clear();
      this.#giveBack(connection);
    }
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      for (const { reject } of this.#waiting.splice(0)) reject(closed());
      if (this.#idle.length === this.#sessions) this.#allIdle.resolve(undefined);
    }
    await this.#allIdle.promise;
    for (const connection of this.#idle.splice(0)) connection.close();
    this.#instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #take(): Promise<LakeConnection> {
    if (this.#closed) throw closed();
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const turn = Promise.withResolvers<LakeConnection>();
    this.#waiting.push(turn);
    return turn.promise;
  }

  #giveBack(connection: LakeConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.resolve(connection);
      return;
    }
    this.#idle.push(connection);
    if (this.#closed && this.#idle.length === this.#sessions) this.#allIdle.resolve(undefined);
  }
}

function closed(): KidjamoError {
  return new KidjamoError('SINK_UNAVAILABLE', 'the lake is closed');
}

async function removeLeftovers(scratch: string): Promise<void> {
  for (const name of await readdir(scratch)) {
    const pid = FOLDER.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(scratch, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
