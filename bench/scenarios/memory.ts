/** Memory over a long run, and of an idle demo. */

import { setTimeout as delay } from 'node:timers/promises';

import { median, slope } from '../report/statistics.ts';
import { Instance } from '../system/instance.ts';
import { MemoryWatch } from '../system/memory.ts';
import type { MemorySample } from '../system/memory.ts';
import { address, BATCH_PATH, phase } from './context.ts';
import type { Context, System } from './context.ts';

const MB = 1e6;
/** A shorter run is still warming up: its slope says nothing, and is not judged. */
const LONG_ENOUGH_MS = 300_000;

/** Runs at a part of the sustained rate and tells whether memory grows. */
export async function measureMemory(context: Context, system: System): Promise<void> {
  const { plan, results, run, say } = context;
  const { instance } = system;
  const population = `memory-${run}`;
  const rate = Math.round(plan.sustainedRate * plan.memoryLoad);
  say(`memory: ${rate} readings/s for ${plan.memoryMs / 1000} s`);
  await phase(context, system, {
    name: 'memory',
    population,
    patients: plan.patients,
    measure: async () => {
      const watch = new MemoryWatch(instance.pid);
      try {
        return await context.load({
          ...address(instance),
          path: BATCH_PATH,
          connections: plan.batchConnections,
          readingsPerRequest: plan.batch,
          population,
          patients: plan.patients,
          pace: { kind: 'open', readingsPerSecond: rate, durationMs: plan.memoryMs },
        });
      } finally {
        const trend = trendOf(watch.stop());
        say(`memory: ${trend.slope.toFixed(2)} MB/min over the second half, ${Math.round(trend.largest)} MB at most`);
        results.add('memory_slope', trend.slope);
        if (plan.memoryMs >= LONG_ENOUGH_MS) results.add('memory_growth', trend.growth);
        else results.note('Whether memory is flat cannot be told from so short a run.');
        results.add('memory_max', trend.largest);
      }
    },
  });
}

/** How memory moved. */
export interface MemoryTrend {
  /** MB per minute, over the second half. */
  readonly slope: number;
  /** What that slope makes of the second half, in percent of its mean. */
  readonly growth: number;
  /** MB. */
  readonly largest: number;
}

export function trendOf(samples: readonly MemorySample[]): MemoryTrend {
  const half = samples.slice(Math.floor(samples.length / 2)).map(({ minutes, bytes }) => ({ x: minutes, y: bytes / MB }));
  const perMinute = slope(half);
  const mean = half.reduce((sum, { y }) => sum + y, 0) / half.length;
  const minutes = (half.at(-1)?.x ?? Number.NaN) - (half[0]?.x ?? Number.NaN);
  return { slope: perMinute, growth: ((perMinute * minutes) / mean) * 100, largest: Math.max(...samples.map(({ bytes }) => bytes / MB)) };
}

/** Starts the demo, lets it settle, and looks. */
export async function measureIdle({ plan, results, say, signal }: Context): Promise<void> {
  const instance = await Instance.start(['--demo']);
  try {
    await delay(plan.idleSettleMs, undefined, { signal });
    const watch = new MemoryWatch(instance.pid);
    await delay(plan.idleMs, undefined, { signal });
    const idle = median(watch.stop().map(({ bytes }) => bytes / MB));
    say(`idle: ${Math.round(idle)} MB`);
    results.add('idle_memory', idle);
  } finally {
    await instance.stop();
  }
}
