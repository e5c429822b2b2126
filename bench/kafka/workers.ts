/** Workers of the vitals task: processes as `kidjamo worker` starts them. */

import type { ChildProcess } from 'node:child_process';

import { end } from '../system/instance.ts';
import { start } from '../system/kidjamo.ts';
import { Ledger } from '../system/ledger.ts';
import { reconcile } from '../system/reconcile.ts';
import type { KafkaContext, Prepared } from './context.ts';
import { cpuSeconds } from './cpu.ts';
import { allOwned, committed, looksOf, owners, Positions } from './positions.ts';
import { steadyRate, wholeRate } from './rate.ts';

/** What became of draining the topic. */
export interface Drained {
  /** Readings/s from the first claim of a partition to the last commit. */
  readonly whole: number;
  /** Readings/s in full swing. */
  readonly steady: number;
  /** Processor time of the workers, and of everything, s. */
  readonly workerCpu: number;
  readonly cpu: number;
}

type DrainContext = Pick<KafkaContext, 'home' | 'settings' | 'signal' | 'broker' | 'databases'> & Pick<Prepared, 'ends' | 'records'>;

/** Starts a worker that runs the task alone. */
export function startWorker({ home, settings }: Pick<KafkaContext, 'home' | 'settings'>, databaseUrl: string): ChildProcess {
  return start(home, ['worker', '--roles', 'task'], settings(databaseUrl));
}

/** Has workers consume the whole topic, from their start to the last commit. */
export async function drain(context: DrainContext, on: { databaseUrl: string; workers: number }): Promise<Drained> {
  const { ends, records, signal, broker, databases } = context;
  const positions = await Positions.open(on.databaseUrl, signal);
  const others = [databases.pid, ...broker.pids];
  const before = await cpuSeconds(others);
  const children = Array.from({ length: on.workers }, () => startWorker(context, on.databaseUrl));
  try {
    await positions.until((seen) => (committed(seen, ends) >= records ? true : undefined));
    const workerCpu = await cpuSeconds(children.flatMap(({ pid }) => pid ?? []));
    const cpu = workerCpu + (await cpuSeconds(others)) - before;
    const { seen } = positions;
    const began = seen.find(({ places }) => places.some(({ owner }) => owner !== undefined))?.at ?? Number.NaN;
    const joined = seen.find((each) => owners(each) === on.workers && allOwned(each))?.at ?? Number.NaN;
    const looks = looksOf(seen, ends);
    return { whole: wholeRate(looks, records, began), steady: steadyRate(looks, records, joined), workerCpu, cpu };
  } finally {
    await Promise.all(children.map((child) => end(child)));
    await positions.close();
  }
}

/** Measures workers on a database of their own, and compares what was stored with what was acknowledged. */
export async function measureWorkers(context: KafkaContext, prepared: Prepared, workers: number): Promise<Drained> {
  const { databases, results, run, say } = context;
  const name = `bench_workers_${workers}`;
  const phase = `${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  const databaseUrl = await databases.copy(prepared.before, name);
  try {
    const drained = await drain({ ...context, ...prepared }, { databaseUrl, workers });
    const ledger = await Ledger.open(databaseUrl);
    const nothing = { stored: 0, duplicate: 0, quarantined: 0, quarantineRows: 0 };
    const after = await ledger.outcomes().finally(() => ledger.close());
    const sum = reconcile(`${phase}, run ${run}`, prepared.acknowledged, { before: nothing, after });
    results.reconciliations.push(sum);
    const rates = `${Math.round(drained.whole)} readings/s, in full swing ${Math.round(drained.steady)}`;
    say(`${phase}: ${rates}; ${sum.balanced ? 'sums are equal' : 'SUMS ARE NOT EQUAL'}`);
    return drained;
  } finally {
    await databases.drop(name);
  }
}
