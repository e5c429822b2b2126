/** One connection of DuckDB, and its use by one sink for one batch. */

import { KidjamoError, pseudonymOf } from '@kidjamo/stream';
import type { PseudonymKey } from '@kidjamo/stream';
import type { DuckDBConnection, DuckDBInstance, Json } from '@duckdb/node-api';

import type { LakeTable } from './lake-table.ts';
import { newIdentitiesSql, PSEUDONYMS, STAGE } from './stage-sql.ts';

/** Which pseudonyms a connection makes, and how many of them it keeps. */
export interface PseudonymOptions {
  readonly key: PseudonymKey;
  readonly maxPseudonyms: number;
}

/** A connection with temporary tables of its own: the batch in hand, and the pseudonyms met so far. */
export class LakeConnection {
  readonly #connection: DuckDBConnection;
  readonly #options: PseudonymOptions;
  #pseudonyms = 0;

  private constructor(connection: DuckDBConnection, options: PseudonymOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  static async open(instance: DuckDBInstance, options: PseudonymOptions): Promise<LakeConnection> {
    const connection = await instance.connect();
    await connection.run(MAKE_PSEUDONYMS);
    return new LakeConnection(connection, options);
  }

  /** A session; one at a time. */
  session(signal: AbortSignal): LakeSession {
    return new LakeSession(this.#connection, signal, (session, table) => this.#addPseudonyms(session, table));
  }

  /** Gives the memory of a batch back before the next one takes its own. */
  async clear(): Promise<void> {
    // Where it fails, the next batch replaces the table.
    await this.#connection.run(`DROP TABLE IF EXISTS temp.${STAGE}`).catch(() => undefined);
  }

  close(): void {
    this.#connection.closeSync();
  }

  async #addPseudonyms(session: LakeSession, table: LakeTable): Promise<void> {
    const sql = newIdentitiesSql(table);
    if (sql === undefined) return;
    let identities = await session.texts(sql);
    const { key, maxPseudonyms } = this.#options;
    if (this.#pseudonyms + identities.length > maxPseudonyms && this.#pseudonyms > 0) {
      await session.run(MAKE_PSEUDONYMS);
      this.#pseudonyms = 0;
      identities = await session.texts(sql);
    }
    if (identities.length === 0) return;
    const appender = await this.#connection.createAppender(PSEUDONYMS, 'main', 'temp');
    try {
      for (const identity of identities) {
        appender.appendVarchar(identity);
        appender.appendVarchar(pseudonymOf(key, identity));
        appender.endRow();
      }
    } finally {
      appender.closeSync();
    }
    this.#pseudonyms += identities.length;
  }
}

const MAKE_PSEUDONYMS = `CREATE OR REPLACE TEMP TABLE ${PSEUDONYMS} (identity VARCHAR NOT NULL, pseudonym VARCHAR NOT NULL)`;

/** The use of DuckDB by one sink for one batch. */
export class LakeSession {
  readonly #connection: DuckDBConnection;
  readonly #signal: AbortSignal;
  readonly #addPseudonyms: (session: LakeSession, table: LakeTable) => Promise<void>;

  /** Made by {@link LakeConnection.session}. */
  constructor(connection: DuckDBConnection, signal: AbortSignal, addPseudonyms: (session: LakeSession, table: LakeTable) => Promise<void>) {
    this.#connection = connection;
    this.#signal = signal;
    this.#addPseudonyms = addPseudonyms;
  }

  /** Gives every identity of the staged batch its pseudonym. */
  async addPseudonyms(table: LakeTable): Promise<void> {
    await this.#addPseudonyms(this, table);
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
