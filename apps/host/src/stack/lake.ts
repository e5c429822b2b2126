/** Reads the lake of an instance. */

import { join } from 'node:path';

import { openLake } from '@kidjamo/connector-lake';
import { LAKE_GROUPS, LAKE_TABLES, LAKE_VIEWS } from '@kidjamo/vitals';

import { untilConsumed } from './consumed.ts';
import { withTopics } from './instance.ts';
import type { Instance } from './instance.ts';
import { makePool } from './pool.ts';

/** How long a query waits for the sinks to write what they hold, ms. */
const FLUSH_WITHIN = 10_000;

type Row = Readonly<Record<string, unknown>>;

/** Runs one read-only query over the views of the lake. With `flush`, what was in the logs when it was asked is in the answer. */
export async function queryLake(instance: Instance, query: { sql: string; flush: boolean }): Promise<readonly Row[]> {
  const pool = makePool({ url: instance.databaseUrl, name: 'query-lake', max: 2 }, () => undefined);
  try {
    if (query.flush) {
      const groups = (group: string): boolean => LAKE_GROUPS.includes(group);
      await withTopics(instance, pool, (topics) =>
        untilConsumed({ pool, topics, groups, expected: LAKE_GROUPS, nudge: instance.flush, giveUp: (waited) => waited > FLUSH_WITHIN }),
      );
    }
    const lake = await openLake({
      root: instance.lakeRoot,
      pool,
      tables: LAKE_TABLES,
      views: LAKE_VIEWS,
      scratch: join(instance.home, 'scratch'),
      memoryLimit: '1GB',
    });
    try {
      return (await lake.query(query.sql)).rows;
    } finally {
      await lake.close();
    }
  } finally {
    await pool.end();
  }
}
