/** A worker process that the system stops (SIGSTOP) in the middle of a commit, and wakes when its partition has long had another owner. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { systemClock } from '@kidjamo/stream';
import type { Changes } from '@kidjamo/stream';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { PostgresLog, PostgresMembership, PostgresTaskStore, Wakeups } from '../src/index.ts';
import { snapshot } from './commit-subject.ts';
import { openDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { rowsSql, rowWriter } from './row-writer.ts';

const TABLE = 'conformance_row';

let database: TestDatabase;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

/** The statements of the worker's commit: BEGIN, offset, rows, state, output, counters, COMMIT. It is stopped before one of the later ones. */
test.each([3, 5, 7])(
  'a process stopped before statement %i of its commit holds nobody up, and doubles nothing when it wakes',
  async (statement) => {
    const log = `input-${statement}`;
    const output = `output-${statement}`;
    const group = `group-${statement}`;
    const pool = database.pool();
    await pool.query(rowsSql(TABLE));
    const wakeups = new Wakeups(log);
    for (const name of [log, output]) await PostgresLog.open({ name, pool, wakeups }, 4);

    const script = fileURLToPath(new URL('stopped-worker.ts', import.meta.url));
    const worker = spawn(process.execPath, [script, JSON.stringify({ url: database.url, log, group, output, table: TABLE, statement })], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    try {
      const lines = createInterface({ input: worker.stdout })[Symbol.asyncIterator]();
      expect(await lines.next()).toMatchObject({ value: 'inside' });
      worker.kill('SIGSTOP');
      await pool.query(`UPDATE stream.consumer_member SET lease_until = now() - interval '1 s' WHERE log = $1`, [log]);
      await pool.query(`UPDATE stream.consumer_lease SET lease_until = now() - interval '1 s' WHERE log = $1`, [log]);

      // Another process opens the same logs and takes the partition over, although the stopped one holds locks on all that it has touched.
      for (const name of [log, output]) await PostgresLog.open({ name, pool, wakeups }, 4);
      const heir = new PostgresMembership({ pool, clock: systemClock, log, group, member: 'heir', ttl: 600_000, patience: 50 });
      const { leases } = await heir.heartbeat();
      expect(leases.map((lease) => lease.partition)).toEqual([0, 1, 2, 3]);
      const [lease] = leases;
      if (lease === undefined) return;
      const store = new PostgresTaskStore({ pool, wakeups, writer: rowWriter(TABLE, log), outputs: new Map([[output, 4]]) });
      expect(await store.position(lease)).toEqual({ offset: 0, logTime: 0 });
      await store.commit(lease, { from: { offset: 0, logTime: 0 }, to: { offset: 10, logTime: 1 } }, changes(output));
      const before = await snapshot(pool, { log, group, outputs: [output] });

      worker.kill('SIGCONT');
      worker.stdin.write('go on\n');
      expect(await lines.next()).toMatchObject({ value: 'STORE_UNAVAILABLE FENCED' });
      await once(worker, 'exit');
      expect(worker.exitCode).toBe(0);

      expect(await snapshot(pool, { log, group, outputs: [output] })).toEqual(before);
      expect(before).toMatchObject({
        rows: [{ id: 'row', digest: 'by the heir', n: 1 }],
        states: [{ key: 'state', state: '"by the heir"' }],
        outputs: [[{ base_offset: '0', record_count: 1, body: expect.stringMatching(/"by the heir"$/) as string }]],
        counters: [{ name: 'seen', value: '10' }],
      });
    } finally {
      if (worker.exitCode === null) worker.kill('SIGKILL');
      wakeups.close();
    }
  },
);

function changes(output: string): Changes {
  return {
    rows: new Map([[TABLE, [{ id: 'row', digest: 'by the heir', n: 1 }]]]),
    states: new Map([['state', '"by the heir"']]),
    timers: new Map(),
    outputs: new Map([[output, [{ partition: 0, key: 'k', value: '"by the heir"' }]]]),
    counters: new Map([['seen', 10]]),
    deadLetters: [],
    packs: [],
  };
}
