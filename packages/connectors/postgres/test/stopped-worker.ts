/**
 * A process that a test stops in the middle of a commit: it takes a lease, sends half of the commit's statements, says "inside" and waits
 * for a line. Then it goes on with the commit, reads the position as a runtime does, and says how both ended.
 */
import { createInterface } from 'node:readline/promises';

import { KidjamoError, systemClock } from '@kidjamo/stream';
import pg from 'pg';

import { PostgresMembership, PostgresTaskStore, Wakeups } from '../src/index.ts';
import { intervening } from './intervening.ts';
import { rowWriter } from './row-writer.ts';

const { url, log, group, output, table, statement } = JSON.parse(process.argv[2] ?? '{}') as {
  url: string;
  log: string;
  group: string;
  output: string;
  table: string;
  statement: number;
};
const input = createInterface({ input: process.stdin });
const pool = new pg.Pool({ connectionString: url });
pool.on('error', () => undefined);
const wakeups = new Wakeups(log);
const storeOn = (on: pg.Pool): PostgresTaskStore =>
  new PostgresTaskStore({ pool: on, wakeups, writer: rowWriter(table, log), outputs: new Map([[output, 4]]) });

const member = new PostgresMembership({ pool, clock: systemClock, log, group, member: 'stopped', ttl: 600_000, patience: 600_000 });
const [lease] = (await member.heartbeat()).leases;
if (lease === undefined) throw new KidjamoError('CONFORMANCE', 'no lease');

const codeOf = (error: unknown): string => (error instanceof KidjamoError ? error.code : String(error));
const halting = intervening(pool, async (at) => {
  if (at.statement !== statement) return;
  process.stdout.write('inside\n');
  await input[Symbol.asyncIterator]().next();
});
const commit = await storeOn(halting)
  .commit(
    lease,
    { from: { offset: 0, logTime: 0 }, to: { offset: 10, logTime: 1 } },
    {
      rows: new Map([[table, [{ id: 'row', digest: 'by the stopped one', n: 1 }]]]),
      states: new Map([['state', '"by the stopped one"']]),
      timers: new Map(),
      outputs: new Map([[output, [{ partition: 0, key: 'k', value: '"by the stopped one"' }]]]),
      counters: new Map([['seen', 10]]),
      deadLetters: [],
      packs: [],
    },
  )
  .then(() => 'committed', codeOf);
const position = await storeOn(pool)
  .position(lease)
  .then(() => 'current', codeOf);
process.stdout.write(`${commit} ${position}\n`);
input.close();
wakeups.close();
await pool.end();
