/**
 * Writes the records of a log to Parquet files of one table of the lake.
 *
 * | step                                                  | a crash after it leaves            |
 * |-------------------------------------------------------|------------------------------------|
 * | 1. lines of JSON into a scratch file; DuckDB stages it | a scratch file, removed at the next start |
 * | 2. one file per date of the event, under a `.part` name | parts, swept                      |
 * | 3. sync, rename, sync the folder                      | files that nobody lists, swept     |
 * | 4. one statement lists the files and moves the position, under the fence | the batch done, whole |
 */

import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { encoded, KidjamoError, systemClock } from '@kidjamo/stream';
import type { Clock, Lease, Records, Refusal, Sink, SinkBatch, SinkBatching, SinkResult } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { isDataFault, lakeError } from './duckdb-failure.ts';
import type { LakeEngine } from './engine.ts';
import { complete, discard, newPath, partOf } from './files.ts';
import type { WrittenFile } from './files.ts';
import { checkTable } from './lake-table.ts';
import type { LakeTable } from './lake-table.ts';
import type { SinkStep } from './manifest.ts';
import { SinkManifest, surelyUnlisted } from './manifest.ts';
import type { LakeSession } from './session.ts';
import { looksLikeObject, sift } from './sift.ts';
import { checkFolder } from './sql.ts';
import { copySql, datesSql, OFFSET, soundnessSql, stageSql } from './stage-sql.ts';

export interface LakeSinkOptions {
  readonly table: LakeTable;
  /** Folder of the lake. */
  readonly root: string;
  /** Database of the manifest. */
  readonly pool: Pool;
  /** Shared by all sinks of the process; the caller closes it, after the sinks. */
  readonly engine: LakeEngine;
  readonly batching?: Partial<SinkBatching>;
  readonly clock?: Clock;
}

const BATCHING: SinkBatching = { maxRecords: 50_000, maxBytes: 32 << 20, maxDelay: 30_000 };
/** How long an abort waits for the outcome of the last statement, so that it is known, ms. */
const PATIENCE = 5000;
/** Bytes written at a time. */
const BUFFER = 1 << 20;
/** Bytes that a line has at most beside the value of its record: the member with the offset, and the end of the line. */
const BESIDE = 64;
const NEW_LINE = 0x0a;

/** The name of the sink of a table, which is its consumer group, too. */
export function lakeSinkName(table: LakeTable): string {
  return `lake-${table.name.replaceAll('_', '-')}`;
}

export class LakeSink implements Sink {
  readonly name: string;
  readonly log: string;
  readonly batching: SinkBatching;
  readonly #table: LakeTable;
  readonly #root: string;
  readonly #engine: LakeEngine;
  readonly #manifest: SinkManifest;
  readonly #clock: Clock;

  /** @throws KidjamoError CONFIG_INVALID when the table or the folder cannot be used. */
  constructor({ table, root, pool, engine, batching, clock }: LakeSinkOptions) {
    checkTable(table);
    checkFolder(root);
    this.name = lakeSinkName(table);
    this.log = table.log;
    this.batching = { ...BATCHING, ...batching };
    this.#table = table;
    this.#root = root;
    this.#engine = engine;
    this.#manifest = new SinkManifest(pool, this.name);
    this.#clock = clock ?? systemClock;
  }

  async open(lease: Lease): Promise<number> {
    return this.#manifest.takeOver(lease);
  }

  async write(batch: SinkBatch, signal: AbortSignal): Promise<SinkResult> {
    const { lease, from, to } = batch;
    stopIfAborted(signal);
    await this.#patiently(this.#manifest.check(lease, from), signal);
    const files: WrittenFile[] = [];
    let sizes: number[];
    try {
      const refused =
        batch.records.length === 0 ? [] : await this.#engine.inSession(signal, (session) => this.#produce(session, batch, files));
      if (refused.length > 0) return { refused };
      sizes = await complete(
        this.#root,
        files.map(({ path }) => path),
      );
      stopIfAborted(signal);
    } catch (error) {
      await this.#discard(files);
      throw lakeError(error);
    }
    const step: SinkStep = {
      lease,
      from,
      to,
      table: this.#table.name,
      files: files.map((file, index) => ({ ...file, bytes: sizes[index] ?? 0 })),
    };
    try {
      await this.#patiently(this.#manifest.commit(step), signal);
    } catch (error) {
      if (surelyUnlisted(error)) await this.#discard(files);
      throw error;
    }
    return { refused: [] };
  }

  async close(): Promise<void> {
    // Every write is durable when it returns, and DuckDB and the pool belong to the caller: nothing is left to do.
  }

  /** Writes the files of a batch, or tells which records stand in the way. `files` names what may have been written, also after an error. */
  async #produce(session: LakeSession, batch: SinkBatch, files: WrittenFile[]): Promise<readonly Refusal[]> {
    const table = this.#table;
    if (!(await this.#stage(session, batch.records))) {
      // The last thing staged is all that is readable.
      const { refused } = await sift(table, batch.records, (some) => this.#stage(session, some));
      if (refused.length > 0) return refused;
    }
    await session.addPseudonyms(table);
    for (const { date, rows, first, last } of await session.rows<DateRow>(datesSql(table))) {
      const path = newPath(table.folder, date);
      files.push({ date, path, rows, first: `${first}Z`, last: `${last}Z` });
      await session.run(copySql(table, { partition: batch.lease.partition, date, file: await partOf(this.#root, path) }));
    }
    return [];
  }

  /** Stages records; false when DuckDB cannot read one of them, or it lacks what the table requires. */
  async #stage(session: LakeSession, records: Records): Promise<boolean> {
    const file = join(this.#engine.folder, `${randomUUID()}.ndjson`);
    try {
      if (!(await writeLines(file, records))) return false;
      await session.run(stageSql(this.#table, file));
    } catch (error) {
      if (isDataFault(error)) return false;
      throw error;
    } finally {
      await rm(file, { force: true });
    }
    const [found] = await session.rows<{ lines: number; lacking: number }>(soundnessSql(this.#table));
    return found?.lines === records.length && found.lacking === 0;
  }

  async #discard(files: readonly WrittenFile[]): Promise<void> {
    // What cannot be removed now is swept later; the error that led here matters more.
    await discard(
      this.#root,
      files.map(({ path }) => path),
    ).catch(() => undefined);
  }

  /** Waits for the outcome of a statement; after an abort, not for ever. */
  async #patiently<T>(statement: Promise<T>, signal: AbortSignal): Promise<T> {
    const ended = new AbortController();
    const impatience = async (): Promise<never> => {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener('abort', () => resolve(), { once: true, signal: ended.signal });
      });
      await this.#clock.sleep(PATIENCE, ended.signal);
      throw new KidjamoError('SINK_UNAVAILABLE', 'the database of the manifest does not answer, and the lake was told to stop');
    };
    try {
      return await Promise.race([statement, impatience()]);
    } finally {
      ended.abort();
    }
  }
}

/** A date of the staged batch. Times as DuckDB writes them, in UTC. */
interface DateRow extends Readonly<Record<string, string | number>> {
  readonly date: string;
  readonly rows: number;
  readonly first: string;
  readonly last: string;
}

/** Writes a line for each record; false when one cannot be a JSON object. The bytes of the records go through one buffer, and never become text. */
async function writeLines(file: string, records: Records): Promise<boolean> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const buffer = Buffer.allocUnsafe(BUFFER);
    let used = 0;
    for (const { offset, bytes, start, end } of encoded(records)) {
      if (!looksLikeObject(bytes, start, end)) return false;
      if (used + BESIDE + end - start > BUFFER) {
        await handle.appendFile(buffer.subarray(0, used));
        used = 0;
      }
      used += buffer.write(`{"${OFFSET}":${offset},`, used, 'latin1');
      if (BESIDE + end - start > BUFFER) {
        await handle.appendFile(buffer.subarray(0, used));
        await handle.appendFile(bytes.subarray(start + 1, end));
        used = 0;
      } else used += bytes.copy(buffer, used, start + 1, end);
      buffer[used++] = NEW_LINE;
    }
    await handle.appendFile(buffer.subarray(0, used));
    return true;
  } finally {
    await handle.close();
  }
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new KidjamoError('SINK_UNAVAILABLE', 'the lake was told to stop');
}
