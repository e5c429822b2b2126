/** The bench: measures Kidjamo on this machine and writes docs/performance.md. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { runLoad } from './load/client.ts';
import { BUSY, planFor, selected } from './plan.ts';
import type { BenchOptions, Scenario } from './plan.ts';
import { CATALOGUE } from './report/figures.ts';
import { thisMachine } from './report/machine.ts';
import { toMarkdown } from './report/markdown.ts';
import type { Report } from './report/report.ts';
import { Results } from './report/results.ts';
import { measureBaseline } from './scenarios/baseline.ts';
import { measureBurst } from './scenarios/burst.ts';
import type { Context, System } from './scenarios/context.ts';
import { measureLatency } from './scenarios/latency.ts';
import { measureIdle, measureMemory } from './scenarios/memory.ts';
import { prepareRecording } from './scenarios/recording.ts';
import type { Recording } from './scenarios/recording.ts';
import { measureReplay } from './scenarios/replay.ts';
import { measureSingle } from './scenarios/single.ts';
import { measureSustained } from './scenarios/sustained.ts';
import { Instance } from './system/instance.ts';
import { Ledger } from './system/ledger.ts';

export { isScenario, SCENARIOS } from './plan.ts';
export { toJson } from './report/report.ts';
export type { Report } from './report/report.ts';
export { tableLines } from './report/table.ts';

const ROOT = dirname(import.meta.dirname);
const DOCUMENT = join(ROOT, 'docs/performance.md');
/** Where the recorded readings lie beside a clone; `KIDJAMO_DATA` names another folder. */
const DATA = resolve(ROOT, process.env['KIDJAMO_DATA'] ?? '../shared/data');
const RECORDING = 'vitals_dev.csv.gz';

/** Scenarios on one running system, in this order. */
const ON_ONE_SYSTEM: readonly Scenario[] = ['single', 'burst', 'sustained', 'latency'];

/** What is measured, and who is told. */
export interface BenchRequest extends BenchOptions {
  /** What was typed, for the report. */
  readonly command: string;
  /** Where to write the report instead. Without it docs/performance.md is written, when everything was measured at full size. */
  readonly out?: string;
  readonly say: (line: string) => void;
  /** Ends the bench early; what it started is stopped. */
  readonly signal: AbortSignal;
}

/** Measures, and writes the report. */
export async function runBench(request: BenchRequest): Promise<Report> {
  const began = performance.now();
  const date = new Date().toISOString();
  const bench = new Bench(request);
  await bench.run();
  const { results, plan } = bench;
  for (const line of results.voided()) results.note(line);
  const report: Report = {
    ok: results.ok,
    date,
    command: request.command,
    seconds: Math.round((performance.now() - began) / 1000),
    quick: request.quick,
    plan,
    machine: thisMachine(bench.postgresql),
    results: results.all(),
    reconciliations: results.reconciliations,
    notes: [...results.failures, ...results.notes],
  };
  const complete = request.only === undefined && !request.quick && bench.skipped.length === 0 && results.failures.length === 0;
  const target = request.out ?? (complete ? DOCUMENT : undefined);
  if (target === undefined)
    request.say('docs/performance.md is left as it was: not everything was measured at full size (--out FILE writes this report)');
  else await writeFile(target, toMarkdown(report));
  return report;
}

class Bench {
  readonly results = new Results(CATALOGUE);
  readonly plan: ReturnType<typeof planFor>;
  readonly skipped: Scenario[] = [];
  postgresql: string | undefined;
  readonly #names: ReadonlySet<Scenario>;
  readonly #request: BenchRequest;

  constructor(request: BenchRequest) {
    this.plan = planFor(request);
    this.#names = selected(request);
    this.#request = request;
  }

  async run(): Promise<void> {
    const [load = 0] = loadavg();
    if (load > BUSY) this.results.note(`Other programs were running: the load average was ${load.toFixed(1)} when the bench began.`);
    const folder = await mkdtemp(join(tmpdir(), 'kidjamo-bench-data-'));
    try {
      const recording = await this.#recording(folder);
      for (let run = 1; run <= this.plan.runs; run += 1) await this.#run(this.#context(run), recording);
      const last = this.#context(this.plan.runs);
      await this.#attempt('memory', last, () => this.#withSystem((system) => measureMemory(last, system)));
      await this.#attempt('idle', last, () => measureIdle(last));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #run(context: Context, recording: Recording | undefined): Promise<void> {
    this.#request.say(`run ${context.run} of ${this.plan.runs}`);
    const baseline = this.#names.has('baseline') ? await measureBaseline(context) : { single: Number.NaN, batch: Number.NaN };
    if (ON_ONE_SYSTEM.some((name) => this.#names.has(name))) {
      await this.#withSystem(async (system) => {
        await this.#attempt('single', context, () => measureSingle(context, system, baseline.single));
        await this.#attempt('burst', context, () => measureBurst(context, system, baseline.batch));
        await this.#attempt('sustained', context, () => measureSustained(context, system));
        await this.#attempt('latency', context, () => measureLatency(context, system));
        await this.#checkRows(context, system);
      });
    }
    if (recording !== undefined) await this.#attempt('replay', context, () => measureReplay(context, recording));
  }

  /** Measures one scenario, if it is asked for. What fails is told in the report, and does not cost what was measured before it. */
  async #attempt(name: Scenario, context: Context, measure: () => Promise<void>): Promise<void> {
    if (!this.#names.has(name)) return;
    try {
      await measure();
    } catch (error) {
      if (context.signal.aborted) throw error;
      const failure = `${name}, run ${context.run}, could not be measured: ${error instanceof Error ? error.message : String(error)}`;
      this.results.failures.push(failure);
      context.say(failure);
    }
  }

  /** The counters say how much was stored; the table has to hold as much. */
  async #checkRows({ run }: Context, { ledger }: System): Promise<void> {
    const [rows, { stored }] = [await ledger.measurements(), await ledger.outcomes()];
    if (rows !== stored) throw new Error(`run ${run}: the counters say that ${stored} readings were stored, and the table has ${rows}`);
  }

  async #withSystem(work: (system: System) => Promise<void>): Promise<void> {
    const instance = await Instance.start();
    try {
      const ledger = await Ledger.open(instance.databaseUrl);
      try {
        this.postgresql = await ledger.serverVersion();
        await work({ instance, ledger });
      } finally {
        await ledger.close();
      }
    } finally {
      await instance.stop();
    }
  }

  async #recording(folder: string): Promise<Recording | undefined> {
    if (!this.#names.has('replay')) return undefined;
    const source = join(DATA, RECORDING);
    if (!existsSync(source)) {
      this.skipped.push('replay');
      this.results.note(`The replay was left out: there is no ${RECORDING} in the folder that KIDJAMO_DATA names, nor in ../shared/data.`);
      return undefined;
    }
    return prepareRecording(source, folder, this.plan.replayReadings);
  }

  #context(run: number): Context {
    const { say, signal } = this.#request;
    return { plan: this.plan, results: this.results, run, say, signal, load: (job) => runLoad(job, signal) };
  }
}
