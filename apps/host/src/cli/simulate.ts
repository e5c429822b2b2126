/** `kidjamo simulate`: the simulators against the gateway. */

import { KidjamoError, systemClock } from '@kidjamo/stream';
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
import type { Progress } from './output.ts';
import { parseStart } from './replay-send.ts';
import { post } from './sender.ts';
import { simulateMedical } from './simulate-medical.ts';
import type { Destination, MedicalCounts } from './simulate-medical.ts';

interface SimulateOptions {
  readonly model: 'simple' | 'medical';
  readonly minutes: number;
  readonly speed: number;
  readonly seed: number;
  readonly scenario?: Scenario;
  readonly patients?: number;
  readonly interval?: number;
  readonly start?: string;
  readonly rate?: readonly string[];
  readonly truth?: string;
  readonly out?: string;
  readonly json: boolean;
}

/** Options that mean something to one model only. */
const ONLY = {
  simple: ['scenario'],
  medical: ['patients', 'interval', 'start', 'rate', 'truth', 'out'],
} as const;

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
    .description('send the readings of simulated patients, one each 30 s of their time (docs/guides/simulating.md)')
    .addOption(
      new Option('--model <name>', 'simple: three patients in four scenarios; medical: whole lives, with illness and bad measurements')
        .choices(['simple', 'medical'])
        .default('simple'),
    )
    .option('--minutes <n>', 'how long, in the patients\u2019 time', wholeNumber('--minutes', 1, 5_256_000), 10)
    .option(
      '--speed <n>',
      'how many times faster than life; the patients\u2019 time then ends now',
      wholeNumber('--speed', 1, 1_000_000),
      1,
    )
    .option('--seed <n>', 'the same seed gives the same values', wholeNumber('--seed', 0, 2 ** 32 - 1), 1)
    .addOption(new Option('--scenario <name>', 'simple: only this one, in place of a weighted choice').choices([...SCENARIOS]))
    .option('--patients <n>', 'medical: how many; 12 unless given', wholeNumber('--patients', 1, 100_000))
    .option('--interval <s>', 'medical: seconds between two readings of a patient; 30 unless given', wholeNumber('--interval', 1, 3600))
    .option('--start <time>', 'medical: when the patients\u2019 time begins; the same seed and start give the same bytes')
    .option('--rate <kind=n...>', 'medical: how often per patient and day, of an episode or an artefact')
    .option('--truth <file>', 'medical: write what really happened, as NDJSON')
    .option('--out <file>', 'medical: write the readings as NDJSON in place of sending them, at once and without an instance')
    .option('--json', 'print the summary as JSON', false)
    .action(async (options: SimulateOptions) => {
      const other = options.model === 'simple' ? 'medical' : 'simple';
      for (const name of ONLY[other])
        if (options[name] !== undefined) throw new KidjamoError('CONFIG_INVALID', `--${name} needs --model ${other}`);
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      const bar = progressBar('simulate {bar} {percentage}% | {readings} readings | {eta_formatted} left', options.minutes, {
        readings: 0,
      });
      try {
        exit(await (options.model === 'simple' ? runSimple(options, bar, stop.signal) : runMedical(options, bar, stop.signal)));
      } finally {
        bar.stop();
      }
    });
}

async function runSimple(options: SimulateOptions, bar: Progress, signal: AbortSignal): Promise<number> {
  return withInstance(readSettings(process.env), async (instance) => {
    const { minutes, speed, seed, scenario } = options;
    const onMinute = (minute: number, sent: number): void => bar.update(minute, { readings: sent });
    const counts = await simulate(
      { minutes, speed, seed, ...(scenario === undefined ? {} : { scenario }), api: instance.apiUrl, onMinute },
      signal,
    );
    bar.stop();
    if (!signal.aborted) await untilProcessed(instance);
    print(options.json, { ok: counts.sent === counts.acknowledged, ...counts }, [
      `${counts.sent} readings sent, ${counts.acknowledged} acknowledged, ${counts.critical_alerts} floor breaches`,
    ]);
    return counts.sent === counts.acknowledged ? 0 : 1;
  });
}

async function runMedical(options: SimulateOptions, bar: Progress, signal: AbortSignal): Promise<number> {
  const { out, start, minutes, seed, speed } = options;
  const run = async (to: Destination): Promise<number> => {
    const from = start === undefined ? systemClock.now() - ('out' in to ? 1 : 1 - 1 / speed) * minutes * 60_000 : parseStart(start);
    const counts = await simulateMedical(
      {
        seed,
        minutes,
        from: Math.floor(from),
        patients: options.patients ?? 12,
        intervalS: options.interval ?? SIMPLE_INTERVAL_S,
        rates: options.rate ?? [],
        truth: options.truth,
        onMinute: (minute, readings) => bar.update(minute, { readings }),
      },
      to,
      signal,
    );
    bar.stop();
    return summarise(options.json, counts);
  };
  if (out !== undefined) return run({ out });
  return withInstance(readSettings(process.env), async (instance) => {
    const code = await run({ api: instance.apiUrl, speed });
    if (!signal.aborted) await untilProcessed(instance);
    return code;
  });
}

function summarise(json: boolean, counts: MedicalCounts): number {
  const ok = counts.sent === counts.acknowledged;
  const list = (kinds: Readonly<Record<string, number>>): string =>
    Object.entries(kinds)
      .map(([kind, n]) => `${n} ${kind}`)
      .join(', ') || 'none';
  print(json, { ok, ...counts }, [
    `${counts.sent} readings of ${counts.patients} patients, ${counts.acknowledged} acknowledged, ${counts.quarantined} of them in quarantine, ${counts.critical_alerts} floor breaches`,
    `episodes: ${list(counts.episodes)}`,
    `artefacts: ${list(counts.artefacts)}`,
  ]);
  return ok ? 0 : 1;
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
