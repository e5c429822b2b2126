/** `kidjamo simulate`: the simple simulator against the gateway. */

import { systemClock } from '@kidjamo/stream';
import { SCENARIOS, SIMPLE_INTERVAL_S, SIMPLE_PATIENTS, SimpleSimulator } from '@kidjamo/vitals';
import type { Scenario } from '@kidjamo/vitals';
import type { Command } from 'commander';
import { Option } from 'commander';

import { readSettings } from '../config/settings.ts';
import { withInstance } from '../stack/instance.ts';
import type { Instance } from '../stack/instance.ts';
import { makePool } from '../stack/pool.ts';
import { drain } from './drain.ts';
import { print, progressBar, wholeNumber } from './output.ts';
import { post } from './sender.ts';

interface SimulateOptions {
  readonly minutes: number;
  readonly speed: number;
  readonly seed: number;
  readonly scenario?: Scenario;
  readonly json: boolean;
}

/** What a simulation came to. */
export interface SimulationCounts {
  sent: number;
  acknowledged: number;
  /** Floor breaches that the gateway told of. */
  critical_alerts: number;
  readonly scenarios: Record<Scenario, number>;
}

export function simulateCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('simulate')
    .description('send the readings of three simulated patients, one each 30 s of their time')
    .option('--minutes <n>', 'how long, in the patients\u2019 time', wholeNumber('--minutes', 1, 43_200), 10)
    .option(
      '--speed <n>',
      'how many times faster than life; the patients\u2019 time then ends now',
      wholeNumber('--speed', 1, 1_000_000),
      1,
    )
    .option('--seed <n>', 'the same seed gives the same values', wholeNumber('--seed', 0, 2 ** 32 - 1), 1)
    .addOption(new Option('--scenario <name>', 'only this one, in place of a weighted choice').choices([...SCENARIOS]))
    .option('--json', 'print the summary as JSON', false)
    .action(async (options: SimulateOptions) => {
      const settings = readSettings(process.env);
      exit(
        await withInstance(settings, async (instance) => {
          const stop = new AbortController();
          process.once('SIGINT', () => stop.abort());
          const bar = progressBar('simulate {bar} {percentage}% | {readings} readings | {eta_formatted} left', options.minutes, {
            readings: 0,
          });
          const { minutes, speed, seed, scenario } = options;
          const counts = await simulate(
            {
              minutes,
              speed,
              seed,
              ...(scenario === undefined ? {} : { scenario }),
              api: instance.apiUrl,
              onMinute: (minute, sent) => bar.update(minute, { readings: sent }),
            },
            stop.signal,
          );
          bar.stop();
          if (!stop.signal.aborted) await untilProcessed(instance);
          print(options.json, { ok: counts.sent === counts.acknowledged, ...counts }, [
            `${counts.sent} readings sent, ${counts.acknowledged} acknowledged, ${counts.critical_alerts} floor breaches`,
          ]);
          return counts.sent === counts.acknowledged ? 0 : 1;
        }),
      );
    });
}

/** Waits for the pipeline, so that what was sent can be queried even when the instance ends with this command. */
async function untilProcessed(instance: Instance): Promise<void> {
  const pool = makePool({ url: instance.databaseUrl, name: 'simulate', max: 2 }, () => undefined);
  try {
    await drain({ pool, instance, onLag: () => undefined });
  } finally {
    await pool.end();
  }
}

/** What to simulate. */
export interface Simulation {
  readonly api: string;
  readonly minutes: number;
  readonly speed: number;
  readonly seed: number;
  /** Seconds of the patients' time between two readings. */
  readonly intervalS?: number;
  readonly scenario?: Scenario;
  readonly onMinute?: (minute: number, sent: number) => void;
}

/**
 * Sends readings until the time is over or `signal` aborts. At a speed above 1 the patients' time starts in the past, so that no reading
 * lies in the future of the gateway.
 */
export async function simulate(simulation: Simulation, signal: AbortSignal): Promise<SimulationCounts> {
  const { api, minutes, speed, seed, intervalS = SIMPLE_INTERVAL_S } = simulation;
  const simulator = new SimpleSimulator(seed);
  const counts: SimulationCounts = {
    sent: 0,
    acknowledged: 0,
    critical_alerts: 0,
    scenarios: { normal: 0, stress: 0, activity: 0, crisis: 0 },
  };
  const began = systemClock.now();
  const span = minutes * 60_000;
  const origin = Math.floor(began - span * (1 - 1 / speed));
  for (let elapsed = 0; elapsed < span && !signal.aborted; elapsed += intervalS * 1000) {
    await systemClock.sleep(Math.max(0, began + elapsed / speed - systemClock.now()), signal);
    if (signal.aborted) break;
    for (const patient of SIMPLE_PATIENTS) {
      const { body, scenario } = simulator.reading(patient, origin + elapsed, simulation.scenario);
      counts.sent += 1;
      counts.scenarios[scenario] += 1;
      const answer = await post({ url: `${api}/iot/measurements`, body: JSON.stringify(body), type: 'application/json' }, signal);
      if (answer.status === 200) counts.acknowledged += 1;
      counts.critical_alerts += Number(answer.body['critical_alerts'] ?? 0);
    }
    simulation.onMinute?.(elapsed / 60_000, counts.sent);
  }
  return counts;
}
