/** Batches as fast as they are answered, far above what can be processed meanwhile; then the backlog is worked off. */

import { address, BATCH_PATH, phase, rateOf } from './context.ts';
import type { Context, System } from './context.ts';

/** `baseline`: readings/s in batches of the bare server in this run. */
export async function measureBurst(context: Context, system: System, baseline: number): Promise<void> {
  const { plan, results, run, say } = context;
  const population = `burst-${run}`;
  const result = await phase(context, system, {
    name: 'burst',
    population,
    patients: plan.patients,
    measure: async () => {
      const load = await context.load({
        ...address(system.instance),
        path: BATCH_PATH,
        connections: plan.batchConnections,
        readingsPerRequest: plan.batch,
        population,
        patients: plan.patients,
        pace: { kind: 'closed', warmupMs: plan.warmupMs, measureMs: plan.burstMs },
      });
      results.add('burst_drain', (await system.ledger.taskDrained()) / 1000);
      return load;
    },
  });
  const rate = rateOf(result);
  say(`burst: ${Math.round(rate)} readings/s accepted, ${(rate / baseline).toFixed(3)} of the bare server`);
  results.add('burst_rate', rate);
  results.add('burst_ratio', rate / baseline);
}
