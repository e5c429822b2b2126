/** Batches at a fixed rate that does not wait for answers. */

import { address, BATCH_PATH, phase, rateOf } from './context.ts';
import type { Context, System } from './context.ts';

/** How often the lag is looked at, ms. */
const LOOK_EVERY_MS = 500;

export async function measureSustained(context: Context, system: System): Promise<void> {
  const { plan, results, run, say } = context;
  const { instance, ledger } = system;
  const population = `sustained-${run}`;
  say(`sustained: ${plan.sustainedRate} readings/s for ${plan.sustainedMs / 1000} s`);
  const result = await phase(context, system, {
    name: 'sustained',
    population,
    patients: plan.patients,
    measure: async () => {
      const before = await ledger.outcomes();
      const watch = watchLag(() => ledger.taskLag());
      const load = await context.load({
        ...address(instance),
        path: BATCH_PATH,
        connections: plan.batchConnections,
        readingsPerRequest: plan.batch,
        population,
        patients: plan.patients,
        pace: { kind: 'open', readingsPerSecond: plan.sustainedRate, durationMs: plan.sustainedMs },
      });
      const lag = (await ledger.taskDrained()) / 1000;
      const after = await ledger.outcomes();
      const processed = after.stored + after.duplicate + after.quarantined - before.stored - before.duplicate - before.quarantined;
      results.add('sustained_lag', lag);
      results.add('sustained_max_lag', await watch.stop());
      results.add('sustained_missing', load.acknowledged - processed);
      return load;
    },
  });
  say(`sustained: ${Math.round(rateOf(result))} readings/s`);
  results.add('sustained_rate', rateOf(result));
}

/** Looks at the lag now and then, and remembers the largest. */
function watchLag(look: () => Promise<number>): { stop: () => Promise<number> } {
  let largest = 0;
  let pending = Promise.resolve();
  const timer = setInterval(() => {
    pending = pending.then(async () => {
      largest = Math.max(largest, await look());
    });
    // Thrown by stop(); until then it is not unhandled.
    pending.catch(() => undefined);
  }, LOOK_EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await pending;
      return largest;
    },
  };
}
