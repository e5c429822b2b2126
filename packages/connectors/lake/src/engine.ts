/**
 * DuckDB as all sinks of a process share it: one instance in memory, one connection, one user of it at a time, so that its memory is bounded
 * however many sinks there are.
 *
 * | state  | exclusive()                          | close()                                |
 * |--------|--------------------------------------|----------------------------------------|
 * | open   | waits for its turn, then runs        | waits for whoever is running, then closes |
 * | closed | fails with SINK_UNAVAILABLE          | nothing                                |
 */

import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { KidjamoError, pseudonymOf } from '@kidjamo/stream';
import type { PseudonymKey } from '@kidjamo/stream';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, Json } from '@duckdb/node-api';

import { lakeError } from './duckdb-failure.ts';
import { checkFolder } from './sql.ts';
import { newIdentitiesSql, PSEUDONYMS, READY, STAGE } from './stage-sql.ts';
import type { LakeTable } from './lake-table.ts';

export interface LakeEngineOptions {
  /** A folder for what DuckDB reads and spills; made when missing. Its content is personal data, gone when it was used. */
  readonly scratch: string;
  /** The key of the lake's pseudonyms. */
  readonly key: PseudonymKey;
  /** Memory that DuckDB may use, such as `256MB`. */
  readonly memoryLimit?: string;
  /** One costs the least for batches of a usual size: more threads are mostly spent on waiting for each other. */
  readonly threads?: number;
  /** Identities whose pseudonyms are kept in memory. */
  readonly maxPseudonyms?: number;
}

const DEFAULTS = { memoryLimit: '256MB', threads: 1, maxPseudonyms: 200_000 };

/** Folders of engines in the scratch folder: the process that made it, and something random. */
const FOLDER = /^lake-(\d+)-/;

export class LakeEngine {
  /** A folder of this engine's own, on the disk of the scratch folder. */
  readonly folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #key: PseudonymKey;
  readonly #maxPseudonyms: number;
  #pseudonyms = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  private constructor(parts: {
    folder: string;
    instance: DuckDBInstance;
    connection: DuckDBConnection;
    key: PseudonymKey;
    maxPseudonyms: number;
  }) {
    this.folder = parts.folder;
    this.#instance = parts.instance;
    this.#connection = parts.connection;
    this.#key = parts.key;
    this.#maxPseudonyms = parts.maxPseudonyms;
  }

  /** Opens DuckDB, and removes what processes that are gone left in the scratch folder. */
  static async open(options: LakeEngineOptions): Promise<LakeEngine> {
    const { scratch, key, memoryLimit, threads, maxPseudonyms } = { ...DEFAULTS, ...options };
    checkFolder(scratch);
    try {
      await mkdir(scratch, { recursive: true, mode: 0o700 });
      await removeLeftovers(scratch);
      const folder = await mkdtemp(join(scratch, `lake-${process.pid}-`));
      const instance = await DuckDBInstance.create(':memory:', {
        memory_limit: memoryLimit,
        threads: String(threads),
        temp_directory: join(folder, 'spill'),
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
      });
      const connection = await instance.connect();
      await connection.run(MAKE_PSEUDONYMS);
      return new LakeEngine({ folder, instance, connection, key, maxPseudonyms });
    } catch (error) {
      throw lakeError(error);
    }
  }

  /**
   * Runs `action` when nobody else does.
   * @throws KidjamoError SINK_UNAVAILABLE when `signal` aborts, DISK_FULL, SINK_REJECTED.
   */
  async exclusive<T>(signal: AbortSignal, action: (session: LakeSession) => Promise<T>): Promise<T> {
    const before = this.#turn;
    const turn = Promise.withResolvers<undefined>();
    this.#turn = turn.promise;
    try {
      await before;
      if (this.#closed) throw new KidjamoError('SINK_UNAVAILABLE', 'the lake is closed');
      return await action(new LakeSession(this.#connection, signal));
    } catch (error) {
      throw lakeError(error);
    } finally {
      // The memory of a batch is given back before the next one takes its own.
      if (!this.#closed)
        await this.#connection.run(`DROP TABLE IF EXISTS temp.${STAGE}; DROP TABLE IF EXISTS temp.${READY}`).catch(() => undefined);
      turn.resolve(undefined);
    }
  }

  /** Gives every identity of the staged batch its pseudonym. Called in a session only. */
  async addPseudonyms(session: LakeSession, table: LakeTable): Promise<void> {
    const sql = newIdentitiesSql(table);
    if (sql === undefined) return;
    let identities = await session.texts(sql);
    if (this.#pseudonyms + identities.length > this.#maxPseudonyms && this.#pseudonyms > 0) {
      await session.run(MAKE_PSEUDONYMS);
      this.#pseudonyms = 0;
      identities = await session.texts(sql);
    }
    if (identities.length === 0) return;
    const appender = await this.#connection.createAppender(PSEUDONYMS);
    try {
      for (const identity of identities) {
        appender.appendVarchar(identity);
        appender.appendVarchar(pseudonymOf(this.#key, identity));
        appender.endRow();
      }
    } finally {
      appender.closeSync();
    }
    this.#pseudonyms += identities.length;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    this.#connection.closeSync();
    this.#instance.closeSync();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const MAKE_PSEUDONYMS = `CREATE OR REPLACE TABLE ${PSEUDONYMS} (identity VARCHAR NOT NULL, pseudonym VARCHAR NOT NULL)`;

/** The use of DuckDB by one sink for one batch. */
export class LakeSession {
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal;

  constructor(connection: DuckDBConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  /** Runs a statement. An abort interrupts it. */
  async run(sql: string): Promise<void> {
    await this.#interruptible(() => this.#connection.run(sql));
  }

  /** The rows of a query, as JSON has them. */
  async rows<Row extends Readonly<Record<string, Json>>>(sql: string): Promise<Row[]> {
    const reader = await this.#interruptible(() => this.#connection.runAndReadAll(sql));
    // The caller names the shape of its own query.
    return reader.getRowObjectsJson() as Row[];
  }

  /** The first column of a query, which is text. */
  async texts(sql: string): Promise<string[]> {
    const reader = await this.#interruptible(() => this.#connection.runAndReadAll(sql));
    return (reader.getColumnsJson()[0] ?? []).map(String);
  }

  async #interruptible<T>(statement: () => Promise<T>): Promise<T> {
    if (this.#signal.aborted) throw new KidjamoError('SINK_UNAVAILABLE', 'the lake was told to stop');
    const interrupt = (): void => this.#connection.interrupt();
    this.#signal.addEventListener('abort', interrupt, { once: true });
    try {
      return await statement();
    } finally {
      this.#signal.removeEventListener('abort', interrupt);
    }
  }
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
