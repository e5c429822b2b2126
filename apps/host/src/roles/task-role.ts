/** Runs the vitals task on every partition that this worker holds. */

import { PostgresTaskStore } from '@kidjamo/connector-postgres';
import { runGroup, systemClock, TaskRunner } from '@kidjamo/stream';
import { Cipher, createVitalsTask, LOGS, VitalsStore } from '@kidjamo/vitals/pipeline';

import { binaryKey, VITALS_GROUP } from './context.ts';
import type { RoleSettings } from './context.ts';
import { loggingObserver, makeLogger } from './logger.ts';
import type { Meter } from './meter.ts';
import { openPlumbing } from './plumbing.ts';

/** Records per commit at most: enough to spread its cost, and that of states written once for all of them; a commit takes about a second then. */
const MAX_BATCH = 16_000;
const PIECE = 2000;

/** Runs until `signal` aborts. */
export async function runTaskRole(settings: RoleSettings, meter: Meter, signal: AbortSignal): Promise<void> {
  const logger = makeLogger('task', settings.logLevel);
  const plumbing = await openPlumbing(settings, { name: 'task', connections: settings.partitions + 4 }, { logger, signal });
  const observer = meter.watchTask(meter.watchGroups(loggingObserver(logger)));
  const store = new PostgresTaskStore({
    pool: plumbing.pool,
    wakeups: plumbing.wakeups,
    writer: new VitalsStore(new Cipher(binaryKey(settings.keys.quarantine))),
    outputs: new Map([...plumbing.outputs].map(([name, log]) => [name, log.partitions])),
  });
  const options = {
    task: createVitalsTask(),
    log: plumbing.input,
    store,
    clock: systemClock,
    observer,
    random: Math.random,
    maxBatch: MAX_BATCH,
    piece: PIECE,
    pollEvery: 100,
    pace: 25,
    cachedStates: 20_000,
    backoff: { initial: 50, max: 2000 },
  };
  try {
    await runGroup(
      {
        group: VITALS_GROUP,
        membership: plumbing.membership(LOGS.input, VITALS_GROUP),
        clock: systemClock,
        observer,
        heartbeatEvery: settings.leaseMs / 5,
        work: (lease, stop) => new TaskRunner(options, lease).run(stop),
      },
      signal,
    );
  } finally {
    await plumbing.close();
  }
}
