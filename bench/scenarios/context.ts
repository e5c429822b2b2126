/** What every scenario is given. */

import type { LoadJob, LoadResult } from '../load/job.ts';
import type { Plan } from '../plan.ts';
import type { FigureId } from '../report/figures.ts';
import type { Results } from '../report/results.ts';
import type { Instance } from '../system/instance.ts';
import type { Ledger } from '../system/ledger.ts';
import { reconcile } from '../system/reconcile.ts';

export interface Context {
  readonly plan: Plan;
  readonly results: Results<FigureId>;
  /** Which run it is, from 1; part of the ids of its patients. */
  readonly run: number;
  /** Runs the load client. */
  readonly load: (job: LoadJob) => Promise<LoadResult>;
  /** Aborts when the person has had enough. */
  readonly signal: AbortSignal;
  /** Tells the person who waits. */
  readonly say: (line: string) => void;
}

/** A running Kidjamo and its counts. */
export interface System {
  readonly instance: Instance;
  readonly ledger: Ledger;
}

export const SINGLE_PATH = '/iot/measurements';
export const BATCH_PATH = '/api/v1/measurements';

/** Where the system listens. */
export function address(instance: Instance): Pick<LoadJob, 'host' | 'port'> {
  return { host: instance.apiUrl.hostname, port: Number(instance.apiUrl.port) };
}

/**
 * Enrols the patients, runs `measure`, waits until the task has processed everything, and compares the sums. Then waits for the lake too, so that
 * one phase does not pay for the one before.
 */
export async function phase(
  context: Context,
  system: System,
  of: { name: string; population: string; patients: number; measure: () => Promise<LoadResult> },
): Promise<LoadResult> {
  const { plan, results, run, say } = context;
  const { instance, ledger } = system;
  const before = await ledger.outcomes();
  say(`${of.name}: enrolling ${of.patients} patients`);
  const enrolled = await context.load({
    ...address(instance),
    path: BATCH_PATH,
    connections: 4,
    readingsPerRequest: plan.batch,
    population: of.population,
    patients: of.patients,
    pace: { kind: 'count', readings: of.patients },
  });
  await ledger.allDrained(() => instance.flush());
  const result = await of.measure();
  instance.assertAlive();
  await ledger.taskDrained();
  const after = await ledger.outcomes();
  const sum = reconcile(`${of.name}, run ${run}`, enrolled.acknowledged + result.acknowledged, { before, after });
  results.reconciliations.push(sum);
  if (result.unanswered > 0) results.note(`${of.name}, run ${run}: ${result.unanswered} readings were never answered.`);
  if (result.rejected > 0) results.note(`${of.name}, run ${run}: ${result.rejected} readings were refused.`);
  if (result.pushedBack > 0)
    results.note(`${of.name}, run ${run}: ${result.pushedBack} requests were pushed back with 429 or 503 and sent again.`);
  say(
    `${of.name}: ${sum.balanced ? 'sums are equal' : 'SUMS ARE NOT EQUAL'}; the client used ${Math.round(result.clientCpu * 100)} % of a core`,
  );
  await ledger.allDrained(() => instance.flush());
  return result;
}

/** Readings per second acknowledged in the measured time. */
export function rateOf({ measured }: LoadResult): number {
  return measured.readings / measured.seconds;
}
