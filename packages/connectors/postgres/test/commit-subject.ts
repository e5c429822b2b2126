/** Groups on PostgreSQL for the conformance suites of the commit, with connections that break where a test wants them to. */
import { systemClock } from '@kidjamo/stream';
import type { Lease } from '@kidjamo/stream';
import { COMMIT_PARTITIONS, ROW_TABLE } from '@kidjamo/stream/testing';
import type { CommitUnderTest } from '@kidjamo/stream/testing';
import type { Pool, PoolClient } from 'pg';

import { PostgresLog, PostgresMembership, PostgresTaskStore, Wakeups } from '../src/index.ts';
import type { TestDatabase } from './database.ts';
import { intervening } from './intervening.ts';
import type { Intervention } from './intervening.ts';
import { rowsSql, rowWriter } from './row-writer.ts';

/** Statements of a commit that has something for each: BEGIN, offset, rows, two for state, two for timers, two logs, counters, dead letters, COMMIT. */
const STEPS = 12;

/** Long enough for a commit under way to end, short enough for a test. */
const PATIENCE = 50;

let count = 0;

/** A new group in the database. */
export async function openGroup(database: TestDatabase): Promise<CommitUnderTest> {
  count += 1;
  const log = `input-${process.pid}-${count}`;
  const outputs = [`a-${log}`, `b-${log}`];
  const group = `group-${count}`;
  const pool = database.pool();
  await pool.query(rowsSql(ROW_TABLE));
  const wakeups = new Wakeups(log);
  for (const name of [log, ...outputs]) await PostgresLog.open({ name, pool, wakeups }, COMMIT_PARTITIONS);
  const storeOn = (on: Pool): PostgresTaskStore =>
    new PostgresTaskStore({
      pool: on,
      wakeups,
      writer: rowWriter(ROW_TABLE, log),
      outputs: new Map(outputs.map((name) => [name, COMMIT_PARTITIONS])),
    });
  const broken = (before: Intervention): PostgresTaskStore => storeOn(intervening(database.pool(2), before));
  const kill = async (client: PoolClient): Promise<void> => {
    await pool.query('SELECT pg_terminate_backend($1, 10000)', [(client as unknown as { processID: number }).processID]);
  };
  const store = storeOn(pool);

  return {
    log,
    group,
    outputs,
    store,
    steps: STEPS,
    member: (name) =>
      new PostgresMembership({ pool, clock: systemClock, log, group, member: `${name}-${log}`, ttl: 600_000, patience: PATIENCE }),
    lapse: async (name) => {
      const member = `${name}-${log}`;
      await pool.query(`UPDATE stream.consumer_member SET lease_until = now() - interval '1 s' WHERE log = $1 AND member = $2`, [
        log,
        member,
      ]);
      await pool.query(`UPDATE stream.consumer_lease SET lease_until = now() - interval '1 s' WHERE log = $1 AND owner = $2`, [
        log,
        member,
      ]);
    },
    crashBefore: (step) =>
      broken(async ({ client, statement }) => {
        if (statement === step) await kill(client);
      }),
    crashAfterCommit: () =>
      broken(async ({ client, text, send }) => {
        if (text !== 'COMMIT') return;
        await send();
        await kill(client);
      }),
    stopInside: async (lease: Lease, move, changes) => {
      let resume = (): void => undefined;
      const resumed = new Promise<void>((resolve) => (resume = resolve));
      let commit = Promise.resolve();
      await new Promise<void>((stopped) => {
        commit = broken(async ({ statement }) => {
          if (statement !== 4) return;
          stopped();
          await resumed;
        }).commit(lease, move, changes);
        // It is asked for its outcome only after the takeover.
        commit.catch(() => undefined);
      });
      return {
        resume: () => {
          resume();
          return commit;
        },
      };
    },
    offset: async (partition) => {
      const { rows } = await pool.query<{ next: string }>(
        'SELECT next_offset AS next FROM stream.consumer_offset WHERE log = $1 AND consumer_group = $2 AND partition = $3',
        [log, group, partition],
      );
      return Number(rows[0]?.next);
    },
    snapshot: () => snapshot(pool, { log, group, outputs }),
    close: async () => {
      wakeups.close();
      await pool.end();
    },
  };
}

/** Everything that a group's commits made visible. */
export async function snapshot(
  pool: Pool,
  { log, group, outputs }: { log: string; group: string; outputs: readonly string[] },
): Promise<unknown> {
  const all = async (text: string, values: unknown[]): Promise<unknown[]> => (await pool.query<object>(text, values)).rows;
  return {
    rows: await all(`SELECT id, digest, n FROM ${ROW_TABLE} WHERE subject = $1 ORDER BY id, n`, [log]),
    states: await all('SELECT key, partition, state FROM stream.task_state WHERE consumer_group = $1 ORDER BY key', [group]),
    timers: await all('SELECT key, name, partition, due_at FROM stream.task_timer WHERE consumer_group = $1 ORDER BY key, name', [group]),
    outputs: await Promise.all(
      outputs.map((output) =>
        all(
          "SELECT partition, base_offset, record_count, convert_from(body, 'UTF8') AS body FROM stream.log_batch WHERE log = $1 ORDER BY partition, base_offset",
          [output],
        ),
      ),
    ),
    ends: await Promise.all(
      outputs.map((output) => all('SELECT partition, next_offset FROM stream.log_partition WHERE log = $1 ORDER BY partition', [output])),
    ),
    counters: await all('SELECT partition, name, value FROM stream.counter WHERE consumer_group = $1 ORDER BY partition, name', [group]),
    deadLetters: await all(
      'SELECT partition, record_offset, key, value, reason FROM stream.dead_letter WHERE log = $1 AND consumer_group = $2 ORDER BY 1, 2',
      [log, group],
    ),
    positions: await all(
      'SELECT partition, next_offset, log_time FROM stream.consumer_offset WHERE log = $1 AND consumer_group = $2 ORDER BY partition',
      [log, group],
    ),
  };
}
