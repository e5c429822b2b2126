/** Single posts as fast as they are answered, each after it is durable. */

import { address, phase, rateOf, SINGLE_PATH } from './context.ts';
import type { Context, System } from './context.ts';

/** `baseline`: single posts/s of the bare server in this run. */
export async function measureSingle(context: Context, system: System, baseline: number): Promise<void> {
  const { plan, results, run, say } = context;
  const population = `single-${run}`;
  const result = await phase(context, system, {
    name: 'single',
    population,
    patients: plan.patients,
    measure: () =>
      context.load({
        ...address(system.instance),
        path: SINGLE_PATH,
        connections: plan.connections,
        readingsPerRequest: 1,
        population,
        patients: plan.patients,
        pace: { kind: 'closed', warmupMs: plan.warmupMs, measureMs: plan.singleMs },
      }),
  });
  const rate = rateOf(result);
  say(`single: ${Math.round(rate)} posts/s, ${(rate / baseline).toFixed(3)} of the bare server`);
  results.add('single_rate', rate);
  results.add('single_ratio', rate / baseline);
  results.add('single_p99', result.latency.p99);
}
