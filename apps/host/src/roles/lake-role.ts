/** Carries the logs to the lake, and keeps its files few and tidy. */

import { compactLake, LakeEngine, sweepLake } from '@kidjamo/connector-lake';
import type { LakeSink } from '@kidjamo/connector-lake';
import { DeadLetterStore } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import { LAKE_TABLES, lakeSinks } from '@kidjamo/vitals/lake';

import { binaryKey, FLUSH_TOPIC } from './context.ts';
import type { RoleSettings } from './context.ts';
import { describeError, loggingObserver, makeLogger } from './logger.ts';
import type { RoleLogger } from './logger.ts';
import type { Meter } from './meter.ts';
import { openPlumbing } from './plumbing.ts';
import type { Plumbing } from './plumbing.ts';
import { runSinkGroup } from './sink-group.ts';

const TIDY_EVERY = 5 * 60_000;
/** Longer than any reader keeps its list of files. */
const GRACE = 60 * 60_000;
/** Small files of one table and date that are worth merging. */
const MIN_FILES = 8;

/** Runs until `signal` aborts. */
export async function runLakeRole(settings: RoleSettings, meter: Meter, signal: AbortSignal): Promise<void> {
  const logger = makeLogger('lake', settings.logLevel);
  const plumbing = await openPlumbing(settings, { name: 'lake', connections: 6 }, { logger, signal });
  const engine = await LakeEngine.open({ scratch: settings.scratch, key: binaryKey(settings.keys.lake) });
  const flush = { requests: 0 };
  const sinks = lakeSinks({ root: settings.lakeRoot, pool: plumbing.pool, engine, batching: { maxDelay: settings.lakeDelayMs } });
  const around = {
    meter,
    observer: meter.watchGroups(loggingObserver(logger)),
    deadLetters: new DeadLetterStore(plumbing.pool),
    flush,
    heartbeatEvery: settings.leaseMs / 5,
    pollEvery: 250,
  };
  const group = (sink: LakeSink): Promise<void> =>
    runSinkGroup(around, { sink, log: plumbing.log(sink.log), membership: plumbing.membership(sink.log, sink.name) }, signal);
  try {
    await Promise.all([...sinks.map(group), countFlushes(plumbing, flush, signal), tidy(settings, { plumbing, engine, logger }, signal)]);
  } finally {
    await engine.close();
    await plumbing.close();
  }
}

/** Wakes every sink of this process that waits for more records. */
async function countFlushes(plumbing: Plumbing, flush: { requests: number }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await plumbing.wakeups.wait(FLUSH_TOPIC, 60_000, signal);
    flush.requests += 1;
  }
}

async function tidy(
  settings: RoleSettings,
  parts: { plumbing: Plumbing; engine: LakeEngine; logger: RoleLogger },
  signal: AbortSignal,
): Promise<void> {
  const { plumbing, engine, logger } = parts;
  const { pool } = plumbing;
  while (!signal.aborted) {
    await systemClock.sleep(TIDY_EVERY, signal);
    if (signal.aborted) return;
    try {
      const common = { pool, root: settings.lakeRoot, tables: LAKE_TABLES, clock: systemClock };
      await compactLake({ ...common, engine, minFiles: MIN_FILES, signal });
      await sweepLake({ ...common, graceMs: GRACE });
    } catch (error) {
      // Tidying is never urgent: it is tried again, and a reason that stays is seen in the log each time.
      logger.warn({ err: describeError(error) }, 'the lake was not tidied; it will be next time');
    }
  }
}
