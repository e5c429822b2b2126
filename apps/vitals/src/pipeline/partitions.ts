/** Weekly partitions of `measurements` (ISO weeks, UTC), made when a reading of a week first comes, whatever its year. */

import type { Pool } from 'pg';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** A Monday, 1970-01-05, in ms since the epoch. */
const FIRST_MONDAY = 4 * DAY;
/** Held while partitions are made, so that two processes do not make the same one. */
const ADVISORY_LOCK = 7_163_001;

/** Start of the ISO week that `ms` lies in, ms since the epoch. */
export function weekOf(ms: number): number {
  return Math.floor((ms - FIRST_MONDAY) / WEEK) * WEEK + FIRST_MONDAY;
}

/** Name of the partition of the week that starts at `week`, like measurements_2024w01. */
export function partitionName(week: number): string {
  // The ISO year and number of a week are those of its Thursday.
  const thursday = new Date(week + 3 * DAY);
  const year = thursday.getUTCFullYear();
  const number = Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / WEEK) + 1;
  return `measurements_${String(year)}w${String(number).padStart(2, '0')}`;
}

/** A half-open week, as literals for SQL. */
export function weekBounds(week: number): { from: string; to: string } {
  return { from: new Date(week).toISOString(), to: new Date(week + WEEK).toISOString() };
}

/** Weeks outside these years share the default partition: a clock that is wrong by centuries must not make thousands of tables. */
const FIRST_YEAR = Date.UTC(2000, 0, 1);
const LAST_YEAR = Date.UTC(2100, 0, 1);

/** Remembers which partitions exist and makes those that are missing. */
export class MeasurementPartitions {
  readonly #known = new Set<number>();

  async ensure(pool: Pool, weeks: ReadonlySet<number>): Promise<void> {
    const missing = [...weeks].filter((week) => week >= FIRST_YEAR && week < LAST_YEAR && !this.#known.has(week)).sort((a, b) => a - b);
    for (const week of missing) {
      await makePartition(pool, week);
      this.#known.add(week);
    }
  }
}

/** Makes the partition apart and attaches it, which blocks neither readers nor writers of the others. */
async function makePartition(pool: Pool, week: number): Promise<void> {
  const name = partitionName(week);
  const { from, to } = weekBounds(week);
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_inherits WHERE inhparent = $1::regclass AND inhrelid = to_regclass($2)', [
      'measurements',
      name,
    ]);
    if (rowCount === 0) {
      await client.query(`CREATE TABLE ${name} (LIKE measurements INCLUDING ALL)`);
      await client.query(`ALTER TABLE measurements ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}')`);
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
