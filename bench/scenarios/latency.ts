/** From the time a critical reading was due to the moment its alert is stored, with readings that do not wait for each other. */

import type { LoadJob, Schedule } from '../load/job.ts';
import { Latencies } from '../load/latencies.ts';
import { AlertObserver } from '../system/alert-observer.ts';
import type { SeenAlert } from '../system/alert-observer.ts';
import { address, phase, SINGLE_PATH } from './context.ts';
import type { Context, System } from './context.ts';

/** Normal readings beforehand, so that code that has never run is not what is measured, ms. */
const WARM_UP_MS = 4000;
/** How long the last alerts are waited for, ms. */
const LAST_ALERTS_MS = 30_000;

export async function measureLatency(context: Context, system: System): Promise<void> {
  const { plan, results, run, say } = context;
  const { instance } = system;
  const population = `latency-${run}`;
  const critical = Math.ceil((plan.latencyRate * plan.latencyMs) / 1000 / plan.criticalEvery);
  const job = (durationMs: number): LoadJob => ({
    ...address(instance),
    path: SINGLE_PATH,
    connections: plan.latencyConnections,
    readingsPerRequest: 1,
    population,
    patients: plan.patients,
    pace: { kind: 'open', readingsPerSecond: plan.latencyRate, durationMs },
  });
  say(`latency: ${plan.latencyRate} readings/s for ${plan.latencyMs / 1000} s, ${critical} of them critical`);
  await phase(context, system, {
    name: 'latency',
    population,
    patients: plan.patients + critical,
    measure: async () => {
      const warmUp = await context.load(job(WARM_UP_MS));
      const observer = await AlertObserver.start(instance.databaseUrl);
      try {
        const load = await context.load({ ...job(plan.latencyMs), criticals: { every: plan.criticalEvery, patients: critical } });
        await observer.waitFor(critical, LAST_ALERTS_MS);
        if (load.schedule === undefined) throw new Error('the load client told no schedule');
        const alerts = delays(observer.seen, load.schedule);
        if (alerts.count !== critical) throw new Error(`${critical} critical readings were sent and ${alerts.count} alerts were seen`);
        const { p50, p99, max } = alerts.summary();
        say(
          `latency: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, largest ${max.toFixed(1)} ms; answers p99 ${load.latency.p99.toFixed(1)} ms`,
        );
        results.add('latency_p50', p50);
        results.add('latency_p99', p99);
        results.add('latency_max', max);
        results.add('answer_p99', load.latency.p99);
        return { ...load, acknowledged: load.acknowledged + warmUp.acknowledged };
      } finally {
        await observer.stop();
      }
    },
  });
}

/** How long after its due time each alert was seen. Alerts of readings that are not in the schedule are left out. */
export function delays(seen: readonly SeenAlert[], schedule: Schedule): Latencies {
  const times = new Latencies();
  const begun = BigInt(schedule.monotonicNs);
  const counted = new Set<number>();
  for (const { eventMicros, seenNs } of seen) {
    const due = eventMicros - schedule.wallMicros;
    const index = Math.round(due / schedule.intervalMicros);
    if (index < 0 || counted.has(index)) continue;
    counted.add(index);
    times.add(Number(seenNs - begun) / 1e6 - due / 1000);
  }
  return times;
}
