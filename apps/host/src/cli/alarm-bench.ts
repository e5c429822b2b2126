/** `kidjamo alarm-bench`: how good the alarms are, over simulated patients and recorded readings. */

import { writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { KidjamoError, systemClock } from '@kidjamo/stream';
import { benchmarkDocument, benchmarkFigure, benchmarkRows, loadRows, RecordedLoad, REPORT_SEEDS, runBenchmark } from '@kidjamo/vitals';
import type { BenchOptions, BenchResult, ByDetector, FigureRow, Load, Vital, Vitals } from '@kidjamo/vitals';
import type { Command } from 'commander';

import { print, progressBar, remark, wholeNumber } from './output.ts';
import { fileSize, readRecorded } from './replay-source.ts';
import { table } from './table.ts';

interface Options {
  readonly patients?: number;
  readonly days?: number;
  readonly seed?: readonly number[];
  readonly recorded?: string;
  readonly write: boolean;
  readonly out?: string;
  readonly json: boolean;
}

const DOCS = join(import.meta.dirname, '../../../../docs');
/** A look, unless told; and what is published*. */
const LOOK: BenchOptions = { patients: 20, days: 2, seeds: [1] };
const REPORT: BenchOptions = { patients: 40, days: 10, seeds: REPORT_SEEDS };
/** Seeds in one run. */
const MOST_SEEDS = 10;
/** Recorded readings between two looks at the progress. */
const STEP = 2000;

/** Names that the reader of recorded files has from the gateway, and ours. */
const VITAL_NAMES: Readonly<Record<string, Vital>> = {
  freq_card: 'heart_rate',
  spo2_pct: 'spo2',
  freq_resp: 'resp_rate',
  temp_corp: 'temperature',
};

export function alarmBenchCommand(program: Command, exit: (code: number) => void): void {
  program
    .command('alarm-bench')
    .description('measure the alarms: what they find of what truly is, and how often they call for nothing (docs/alarm-benchmark.md)')
    .option('--patients <n>', `for each seed; ${LOOK.patients} unless given`, wholeNumber('--patients', 1, 10_000))
    .option('--days <n>', `${LOOK.days} unless given`, wholeNumber('--days', 1, 366))
    .option('--seed <n,...>', 'one or several, with commas between; 1 unless given', parseSeeds)
    .option('--recorded <file>', 'alarm load over recorded readings (.csv or .csv.gz); alone, nothing is simulated')
    .option(
      '--write',
      `write docs/alarm-benchmark.md, with the report seeds, ${REPORT.patients} patients and ${REPORT.days} days unless others are given`,
      false,
    )
    .option('--out <file>', 'write the document here instead, its figure beside it')
    .option('--json', 'print the figures as JSON; the same options give the same bytes', false)
    .action(async (options: Options) => {
      await run(options);
      exit(0);
    });
}

async function run(options: Options): Promise<void> {
  const { recorded, write, out, json } = options;
  const writes = write || out !== undefined;
  const onlyRecorded =
    recorded !== undefined && !writes && [options.patients, options.days, options.seed].every((one) => one === undefined);
  // Before the long part, so that a wrong name is told at once.
  const size = recorded === undefined ? 0 : await fileSize(resolve(recorded));
  const usual = writes ? REPORT : LOOK;
  const what = { patients: options.patients ?? usual.patients, days: options.days ?? usual.days, seeds: options.seed ?? usual.seeds };
  const result = onlyRecorded ? undefined : await simulate(what);
  const loads = recorded === undefined ? undefined : await replay({ file: resolve(recorded), size });
  if (writes && result !== undefined)
    await writeDocument({
      result,
      loads,
      command: commandOf(options),
      path: out === undefined ? join(DOCS, 'alarm-benchmark.md') : resolve(out),
    });
  print(json, { ...result, ...(loads === undefined ? {} : { recorded: loads }) }, [
    ...(result === undefined ? [] : ['Simulated patients. Simulated is not clinical.', ...lines(benchmarkRows(result))]),
    ...(loads === undefined ? [] : ['Recorded readings: alarm load alone.', ...lines(loadRows(loads))]),
  ]);
}

async function simulate(what: BenchOptions): Promise<BenchResult> {
  const bar = progressBar('alarm-bench {bar} {percentage}% | {eta_formatted} left', 1000, {});
  try {
    const steps = runBenchmark(what);
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      bar.update(Math.round(step.value * 1000), {});
      // So that Ctrl-C is heard.
      await setImmediate();
    }
  } finally {
    bar.stop();
  }
}

async function replay({ file, size }: { readonly file: string; readonly size: number }): Promise<ByDetector<Load>> {
  const bar = progressBar('recorded {bar} {percentage}% | {readings} readings | {eta_formatted} left', size, { readings: 0 });
  const load = new RecordedLoad();
  let readings = 0;
  try {
    for await (const { subject, t, vitals, bytes } of readRecorded(file)) {
      load.add({ subject, t, vitals: canonical(vitals) });
      readings += 1;
      if (readings % STEP !== 0) continue;
      bar.update(bytes, { readings });
      // So that Ctrl-C is heard.
      await setImmediate();
    }
    return load.finish();
  } finally {
    bar.stop();
  }
}

function canonical(given: Readonly<Record<string, number>>): Vitals {
  const vitals: Partial<Record<Vital, number>> = {};
  for (const [name, value] of Object.entries(given)) {
    const vital = VITAL_NAMES[name];
    if (vital !== undefined) vitals[vital] = value;
  }
  return vitals;
}

function lines(rows: readonly FigureRow[]): readonly string[] {
  return table(rows.map((row) => ({ ...row }))).slice(0, -1);
}

interface Writing {
  readonly result: BenchResult;
  readonly loads: ByDetector<Load> | undefined;
  readonly command: string;
  readonly path: string;
}

async function writeDocument({ result, loads, command, path }: Writing): Promise<void> {
  const inDocs = dirname(path) === resolve(DOCS);
  const figure = join(dirname(path), inDocs ? 'images' : '', `${basename(path, '.md')}.svg`);
  const document = benchmarkDocument({
    result,
    recorded: loads,
    date: new Date(systemClock.now()).toISOString().slice(0, 10),
    command,
    figure: relative(dirname(path), figure),
  });
  await writeFile(figure, benchmarkFigure(result));
  await writeFile(path, document);
  remark(`written: ${basename(path)} and ${basename(figure)}`);
}

/** What was typed, but where files are: that is nobody's business. */
function commandOf({ patients, days, seed, recorded }: Options): string {
  const given = { patients, days, seed: seed?.join(','), recorded: recorded === undefined ? undefined : 'FILE' };
  const words = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`]));
  return ['npm run kidjamo -- alarm-bench --write', ...words].join(' ');
}

function parseSeeds(text: string): readonly number[] {
  const parts = text.split(',').map((part) => part.trim());
  const seeds = parts.map(wholeNumber('--seed', 0, 2 ** 32 - 1));
  if (parts.includes('') || seeds.length > MOST_SEEDS || new Set(seeds).size < seeds.length)
    throw new KidjamoError('CONFIG_INVALID', `--seed takes up to ${MOST_SEEDS} numbers with commas between, each only once`);
  return seeds;
}
