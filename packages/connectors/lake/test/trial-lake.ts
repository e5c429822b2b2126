/** A lake of a test's own: a database, a folder, and a small table. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { createTestDatabase } from '@kidjamo/connector-postgres/testing';
import { STREAM_MIGRATIONS } from '@kidjamo/connector-postgres';
import { LAKE_MIGRATIONS, LakeEngine, LakeSink, openLake } from '@kidjamo/connector-lake';
import type { Lake, LakeAnswer, LakeSinkOptions, LakeTable } from '@kidjamo/connector-lake';
import type { Lease, LogRecord, SinkBatch } from '@kidjamo/stream';
import pg from 'pg';

export const SAMPLES: LakeTable = {
  name: 'lake_samples',
  folder: 'lake/samples',
  log: 'samples',
  only: { from: 'kind', oneOf: ['sample'] },
  eventTime: 'taken_at',
  sort: ['patient', 'taken_at'],
  columns: [
    { name: 'i', type: 'integer', required: true },
    { name: 'id', type: 'uuid' },
    { name: 'patient', type: 'pseudonym', required: true },
    { name: 'taken_at', type: 'time', from: 'at' },
    { name: 'seen_at', type: 'time', from: 'seen' },
    { name: 'heart_rate', type: 'double', from: 'vitals.heart_rate' },
    { name: 'spo2', type: 'double', from: 'vitals.spo2' },
    { name: 'codes', type: 'texts', pattern: '[a-z_]{1,16}' },
    { name: 'flag', type: 'text', pattern: '[a-z_]{1,16}' },
    { name: 'worn', type: 'boolean' },
  ],
};

/** 2024-01-01, ms. */
export const START = Date.UTC(2024, 0, 1);
export const MINUTE = 60_000;

export function patient(i: number): string {
  return `0f8fad5b-d9cb-469f-a165-${String(70_867_728_950 + (i % 7)).padStart(12, '0')}`;
}

/** Record number `i`, one a minute. */
export function value(i: number, more: object = {}): string {
  return JSON.stringify({
    kind: 'sample',
    i,
    patient: patient(i),
    at: START + i * MINUTE,
    vitals: { heart_rate: 60 + (i % 50) + 0.5 },
    codes: ['ok'],
    ...more,
  });
}

export function lease(generation = 1, partition = 0): Lease {
  return { log: SAMPLES.log, group: 'lake-lake-samples', partition, generation };
}

/** A batch whose records have consecutive offsets. */
export function batch(values: readonly string[], at: { from?: number; lease?: Lease } = {}): SinkBatch {
  const from = at.from ?? 0;
  const held = at.lease ?? lease();
  const records = values.map((text, index): LogRecord => ({
    partition: held.partition,
    offset: from + index,
    key: 'k',
    value: text,
    time: START,
  }));
  return { lease: held, from, to: from + values.length, records };
}

export const NEVER = new AbortController().signal;

export class TrialLake {
  readonly root: string;
  readonly scratch: string;
  readonly url: string;
  readonly pool: pg.Pool;
  readonly engine: LakeEngine;
  readonly #home: string;
  readonly #drop: () => Promise<void>;

  private constructor(home: string, database: { url: string; drop: () => Promise<void> }, engine: LakeEngine) {
    this.#home = home;
    this.root = join(home, 'lake');
    this.scratch = join(home, 'scratch');
    this.url = database.url;
    this.pool = new pg.Pool({ connectionString: database.url, max: 8 });
    this.pool.on('error', () => undefined);
    this.engine = engine;
    this.#drop = database.drop;
  }

  static async open(maxPseudonyms = 1000): Promise<TrialLake> {
    const home = await mkdtemp(join(tmpdir(), 'kidjamo-lake-'));
    const engine = await LakeEngine.open({ scratch: join(home, 'scratch'), key: { id: 't1', key: randomBytes(32) }, maxPseudonyms });
    return new TrialLake(home, await createTestDatabase([STREAM_MIGRATIONS, LAKE_MIGRATIONS]), engine);
  }

  /** Takes everything out. */
  async clear(): Promise<void> {
    await this.pool.query('TRUNCATE lake.file, lake.position');
    await rm(this.root, { recursive: true, force: true });
  }

  sink(options: Partial<LakeSinkOptions> = {}): LakeSink {
    return new LakeSink({ table: SAMPLES, root: this.root, pool: this.pool, engine: this.engine, ...options });
  }

  reader(tables: readonly LakeTable[] = [SAMPLES]): Promise<Lake> {
    return openLake({ root: this.root, pool: this.pool, tables, scratch: this.scratch });
  }

  async query(sql: string): Promise<LakeAnswer['rows']> {
    const lake = await this.reader();
    try {
      return (await lake.query(sql)).rows;
    } finally {
      await lake.close();
    }
  }

  /** Paths of all files on the disk, relative to the root. */
  async files(): Promise<string[]> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .sort();
  }

  /** Paths of the files that are part of the lake. */
  async listed(): Promise<string[]> {
    const { rows } = await this.pool.query<{ path: string }>('SELECT path FROM lake.file WHERE replaced_at IS NULL ORDER BY path');
    return rows.map(({ path }) => path);
  }

  /** Everything on the disk of the lake, as one text of bytes. */
  async bytes(): Promise<string> {
    const contents = await Promise.all((await this.files()).map((file) => readFile(join(this.root, file), 'latin1')));
    return contents.join('\n');
  }

  async close(): Promise<void> {
    await this.engine.close();
    await this.pool.end();
    await this.#drop();
    await rm(this.#home, { recursive: true, force: true });
  }
}
