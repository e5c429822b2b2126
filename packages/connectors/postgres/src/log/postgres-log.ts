/** The Log contract on PostgreSQL tables. Offsets are gap-free because the row of the partition is locked from append to commit. */

import { KidjamoError, valueSize } from '@kidjamo/stream';
import type { AppendResult, Log, LogRecord, NewRecord } from '@kidjamo/stream';
import type { Pool } from 'pg';

import { storeError } from '../failure.ts';
import { appendBatches } from './append-batches.ts';
import { decodeBatch, encodeBatches } from './encode.ts';
import type { BatchRow, EncodedBatch } from './encode.ts';
import type { Wakeups } from './wakeups.ts';

/** Rows fetched by one read at most: enough for throughput. */
const ROWS_PER_READ = 64;

/**
 * Text that one read gives at most, in UTF-16 units of values, and bytes as stored that it fetches for it; beyond it only by the one
 * row that crosses it. Whoever reads turns text into several times as much memory, so records with a lot in them come fewer at a time.
 */
const READ_VOLUME = 8 << 20;

/*
 * Offsets have no gaps, so the rows that begin within `max` records of the start hold at least that many: no row is fetched in vain, and
 * at the end of the log none at all. Below the beginning that retention left, reading starts at the first record kept. Times are
 * multiplied before they become floating-point numbers: the other way round, they would not be whole microseconds again. The length of a
 * body is known without fetching it.
 */
const READ = {
  name: 'stream-log-read',
  text: `
  WITH start AS (SELECT greatest($3::bigint, low_offset) AS at FROM stream.log_partition WHERE log = $1 AND partition = $2),
  near AS (
    SELECT base_offset, record_count, appended_at, codec, body
      FROM stream.log_batch
     WHERE log = $1 AND partition = $2
       AND base_offset >= coalesce((SELECT max(base_offset) FROM stream.log_batch
                                     WHERE log = $1 AND partition = $2 AND base_offset <= (SELECT at FROM start)), 0)
       AND base_offset < (SELECT at FROM start) + $4
       AND base_offset + record_count > (SELECT at FROM start)
     ORDER BY base_offset
     LIMIT $5),
  measured AS (
    SELECT *, sum(octet_length(body)) OVER (ORDER BY base_offset ROWS UNBOUNDED PRECEDING) - octet_length(body) AS before FROM near)
  SELECT base_offset, record_count, (extract(epoch FROM appended_at) * 1000)::float8 AS appended_ms, codec, body
    FROM measured WHERE before < $6 ORDER BY base_offset`,
};

/** What the log needs of its surroundings. */
export interface PostgresLogOptions {
  readonly name: string;
  readonly pool: Pool;
  readonly wakeups: Wakeups;
  /** Told before every append; throws LOG_FULL to refuse it. */
  readonly admit?: () => void;
}

export class PostgresLog implements Log {
  readonly name: string;
  readonly partitions: number;
  readonly #options: PostgresLogOptions;
  /** Announcements seen before the last read, by partition: whatever came after it must wake the next wait. */
  readonly #seen = new Map<number, number>();
  /** Rows worth fetching, by partition: fewer where the last ones unfolded to more than a read gives, since the rest would be fetched again. */
  readonly #rows = new Map<number, number>();

  private constructor(options: PostgresLogOptions, partitions: number) {
    this.name = options.name;
    this.partitions = partitions;
    this.#options = options;
  }

  /** Opens a log, making it with `partitions` if it does not exist. An existing log keeps the number it was made with. */
  static async open(options: PostgresLogOptions, partitions: number): Promise<PostgresLog> {
    try {
      await options.pool.query('INSERT INTO stream.log (name, partitions) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
        options.name,
        partitions,
      ]);
      const { rows } = await options.pool.query<{ partitions: number }>('SELECT partitions FROM stream.log WHERE name = $1', [
        options.name,
      ]);
      const actual = rows[0]?.partitions ?? partitions;
      // ON CONFLICT alone would wait for a stopped transaction that has appended to the partition; a plain look does not.
      await options.pool.query(
        `INSERT INTO stream.log_partition (log, partition)
         SELECT $1, n FROM generate_series(0, $2 - 1) AS n
          WHERE NOT EXISTS (SELECT FROM stream.log_partition p WHERE p.log = $1 AND p.partition = n)
             ON CONFLICT DO NOTHING`,
        [options.name, actual],
      );
      return new PostgresLog(options, actual);
    } catch (error) {
      throw storeError(error, 'LOG_UNAVAILABLE');
    }
  }

  async append(records: readonly NewRecord[]): Promise<AppendResult> {
    if (records.length === 0) return { offsets: [] };
    this.#options.admit?.();
    const batches = encodeBatches(records, this.partitions);
    const bases = await this.#insert(batches);
    this.#options.wakeups.announce(batches.map((batch) => wakeupTopic(this.name, batch.partition)));
    return { offsets: positions(records, batches, bases) };
  }

  async read(partition: number, offset: number, max: number): Promise<readonly LogRecord[]> {
    this.#seen.set(partition, this.#options.wakeups.announced(wakeupTopic(this.name, partition)));
    const wanted = this.#rows.get(partition) ?? ROWS_PER_READ;
    try {
      const { rows } = await this.#options.pool.query<BatchRow>({
        ...READ,
        values: [this.name, partition, offset, Math.max(1, max), wanted, READ_VOLUME],
      });
      const records: LogRecord[] = [];
      let used = 0;
      let volume = 0;
      for (const row of rows) {
        if (records.length >= max || volume >= READ_VOLUME) break;
        for (const record of decodeBatch(partition, row, offset)) {
          volume += valueSize(record);
          records.push(record);
        }
        used += 1;
      }
      this.#rows.set(partition, volume >= READ_VOLUME ? used : Math.min(ROWS_PER_READ, wanted * 2));
      return records;
    } catch (error) {
      throw storeError(error, 'LOG_UNAVAILABLE');
    }
  }

  async ends(): Promise<readonly number[]> {
    try {
      const { rows } = await this.#options.pool.query<{ partition: number; next_offset: string }>({
        name: 'stream-log-ends',
        text: 'SELECT partition, next_offset FROM stream.log_partition WHERE log = $1 ORDER BY partition',
        values: [this.name],
      });
      return rows.map((row) => Number(row.next_offset));
    } catch (error) {
      throw storeError(error, 'LOG_UNAVAILABLE');
    }
  }

  async wait(partition: number, ms: number, signal: AbortSignal): Promise<void> {
    const { wakeups } = this.#options;
    const topic = wakeupTopic(this.name, partition);
    const announced = wakeups.announced(topic);
    const seen = this.#seen.get(partition) ?? announced;
    this.#seen.set(partition, announced);
    if (announced === seen) await wakeups.wait(topic, ms, signal);
  }

  async #insert(batches: readonly EncodedBatch[]): Promise<number[]> {
    try {
      return await appendBatches(this.#options.pool, this.name, batches);
    } catch (error) {
      throw storeError(error, 'LOG_UNAVAILABLE');
    }
  }
}

/** The wake-up topic of a partition; commits that append to a log announce the same one. */
export function wakeupTopic(log: string, partition: number): string {
  return `${log}/${partition}`;
}

function positions(records: readonly NewRecord[], batches: readonly EncodedBatch[], bases: readonly number[]): AppendResult['offsets'] {
  const runs = new Map<number, { next: number; left: number }[]>();
  batches.forEach((batch, index) => {
    const base = bases[index];
    if (base === undefined) throw new KidjamoError('LOG_UNAVAILABLE', 'the log did not tell the offset of every batch appended');
    const list = runs.get(batch.partition) ?? [];
    list.push({ next: base, left: batch.count });
    runs.set(batch.partition, list);
  });
  return records.map(({ partition }) => {
    const list = runs.get(partition);
    const run = list?.[0];
    if (list === undefined || run === undefined) throw new KidjamoError('LOG_UNAVAILABLE', 'the log lost count of the records appended');
    const offset = run.next;
    run.next += 1;
    run.left -= 1;
    if (run.left === 0) list.shift();
    return { partition, offset };
  });
}
