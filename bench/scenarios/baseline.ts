/** The bare server, with the same client and the same requests as the system. */

import { startBaseline } from '../baseline/server.ts';
import { BATCH_PATH, rateOf, SINGLE_PATH } from './context.ts';
import type { Context } from './context.ts';

/** Readings/s. */
export interface Baseline {
  readonly single: number;
  readonly batch: number;
}

export async function measureBaseline(context: Context): Promise<Baseline> {
  const { plan, results, say } = context;
  const server = await startBaseline();
  try {
    const job = {
      host: '127.0.0.1',
      port: server.port,
      population: 'baseline',
      patients: plan.patients,
      pace: { kind: 'closed', warmupMs: plan.warmupMs, measureMs: plan.baselineMs },
    } as const;
    const single = await context.load({ ...job, path: SINGLE_PATH, connections: plan.connections, readingsPerRequest: 1 });
    say(`baseline: ${Math.round(rateOf(single))} single posts/s; the client used ${Math.round(single.clientCpu * 100)} % of a core`);
    const batch = await context.load({ ...job, path: BATCH_PATH, connections: plan.batchConnections, readingsPerRequest: plan.batch });
    say(`baseline: ${Math.round(rateOf(batch))} readings/s in batches; the client used ${Math.round(batch.clientCpu * 100)} % of a core`);
    results.add('baseline_single', rateOf(single));
    results.add('baseline_batch', rateOf(batch));
    return { single: rateOf(single), batch: rateOf(batch) };
  } finally {
    await server.stop();
  }
}
