/** A database of its own for a test file, with the tables of the stream, and pools that end with it. */
import pg from 'pg';

import { STREAM_MIGRATIONS } from '../src/index.ts';
import { createTestDatabase } from '../src/testing/index.ts';

export interface TestDatabase {
  readonly url: string;
  /** A pool of its own, as another process has it. */
  pool(max?: number): pg.Pool;
  close(): Promise<void>;
}

export async function openDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase([STREAM_MIGRATIONS]);
  const pools: pg.Pool[] = [];
  return {
    url: database.url,
    pool: (max = 10) => {
      const pool = new pg.Pool({ connectionString: database.url, max });
      // Tests end connections on purpose; idle ones are replaced by themselves.
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    },
    close: async () => {
      await Promise.all(pools.filter((pool) => !pool.ended).map((pool) => pool.end()));
      await database.drop();
    },
  };
}
