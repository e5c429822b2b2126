/** The bench of the pipeline on Kafka: measures and writes docs/performance-kafka.md. */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { dirname, join } from 'node:path';

import { BUSY } from '../plan.ts';
import { thisMachine } from '../report/machine.ts';
import type { Report } from '../report/report.ts';
import { Results } from '../report/results.ts';
import { newHome } from '../system/instance.ts';
import type { More } from '../system/kidjamo.ts';
import { Ledger } from '../system/ledger.ts';
import { measureBaseline } from './baseline.ts';
import { Broker } from './broker.ts';
import type { KafkaContext, Prepared } from './context.ts';
import { Databases } from './databases.ts';
import { KAFKA_CATALOGUE } from './figures.ts';
import { toMarkdown } from './markdown.ts';
import { buildPeer } from './peer-build.ts';
import { measurePeer } from './peer.ts';
import { kafkaPlan } from './plan.ts';
import type { KafkaBenchOptions, KafkaPlan } from './plan.ts';
import { prepare } from './prepare.ts';
import { measureRebalance } from './rebalance.ts';
import { measureWorkers } from './workers.ts';

const DOCUMENT = join(dirname(dirname(import.meta.dirname)), 'docs/performance-kafka.md');
/** Readings that figures of processor time are for. */
const CPU_READINGS = 100_000;

/** What a finished measurement says beside what every report says. */
export interface KafkaReport extends Report<KafkaPlan> {
  readonly kafka: string;
}

/** What is measured, and who is told. */
export interface KafkaBenchRequest extends KafkaBenchOptions {
  /** What was typed, for the report. */
  readonly command: string;
  /** Where to write the report instead. Without it docs/performance-kafka.md is written, when everything was measured at full size. */
  readonly out?: string;
  readonly say: (line: string) => void;
  /** Told how many of how many steps are done. */
  readonly progress: (done: number, of: number) => void;
  readonly signal: AbortSignal;
}

/** One measurement of a round. */
type Step = (context: KafkaContext, prepared: Prepared, round: Round) => Promise<void>;

/** What figures of a round stand on. */
interface Round {
  bare?: number;
  one?: { readonly whole: number; readonly steady: number };
  three?: number;
  peer?: number;
}

/** Measures, and writes the report. */
export async function runKafkaBench(request: KafkaBenchRequest): Promise<KafkaReport> {
  const began = performance.now();
  const date = new Date().toISOString();
  const plan = kafkaPlan(request);
  const results = new Results(KAFKA_CATALOGUE);
  const [load = 0] = loadavg();
  if (load > BUSY) results.note(`Other programs were running: the load average was ${load.toFixed(1)} when the bench began.`);
  const versions = await measureAll(request, plan, results);
  const report: KafkaReport = {
    ok: results.ok,
    date,
    command: request.command,
    seconds: Math.round((performance.now() - began) / 1000),
    quick: request.quick,
    plan,
    machine: thisMachine(versions.postgresql),
    kafka: versions.kafka,
    results: results.all(),
    reconciliations: results.reconciliations,
    notes: [...results.failures, ...results.notes],
  };
  const complete = !request.quick && request.readings === undefined && results.failures.length === 0;
  const target = request.out ?? (complete ? DOCUMENT : undefined);
  if (target === undefined)
    request.say('docs/performance-kafka.md is left as it was: not everything was measured at full size (--out FILE writes this report)');
  else await writeFile(target, toMarkdown(report));
  return report;
}

async function measureAll(
  request: KafkaBenchRequest,
  plan: KafkaPlan,
  results: KafkaContext['results'],
): Promise<{ kafka: string; postgresql: string }> {
  const { say, signal, progress } = request;
  const peer = await buildPeer(say);
  const home = await newHome();
  const stop: (() => Promise<void>)[] = [() => rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 })];
  try {
    const broker = await Broker.start(join(home, 'kafka'));
    stop.push(() => broker.stop());
    await mkdir(join(home, 'postgres'), { mode: 0o755 });
    const databases = await Databases.start(join(home, 'postgres'));
    stop.push(() => databases.stop());
    const settings = (databaseUrl: string): More => ({
      DATABASE_URL: databaseUrl,
      KAFKA_SERVERS: broker.servers,
      KIDJAMO_GATEWAY_MODE: 'direct',
      KIDJAMO_PARTITIONS: String(plan.partitions),
    });
    const context = { plan, results, broker, databases, home, settings, peer, signal, say };
    const steps = plan.runs * STEPS.length + 1;
    const prepared = await prepare({ ...context, run: 0 });
    progress(1, steps);
    for (let run = 1; run <= plan.runs; run += 1) {
      say(`round ${run} of ${plan.runs}`);
      const round: Round = {};
      for (const [done, [name, step]] of inOrder(run).entries()) {
        await attempt(name, { ...context, run }, () => step({ ...context, run }, prepared, round));
        progress(1 + (run - 1) * STEPS.length + done + 1, steps);
      }
      ratios(results, round);
    }
    const ledger = await Ledger.open(databases.first.url);
    return { kafka: broker.version, postgresql: await ledger.serverVersion().finally(() => ledger.close()) };
  } finally {
    for (const each of stop.reverse()) await each();
  }
}

const STEPS: readonly (readonly [string, Step])[] = [
  [
    'the bare loop',
    async (context, prepared, round) => {
      const { results, plan } = context;
      const { whole, steady, cpu } = await measureBaseline(context, prepared, 1);
      results.add('baseline_rate', whole);
      results.add('loops_rate', (await measureBaseline(context, prepared, plan.partitions)).whole);
      results.add('baseline_steady', steady);
      addCpu(results, prepared, { baseline_cpu: cpu });
      round.bare = whole;
    },
  ],
  [
    'one worker',
    async (context, prepared, round) => {
      const { whole, steady, cpu, workerCpu } = await measureWorkers(context, prepared, 1);
      const { results } = context;
      results.add('task_rate', whole);
      results.add('task_steady', steady);
      addCpu(results, prepared, { task_cpu: cpu, task_worker_cpu: workerCpu });
      round.one = { whole, steady };
    },
  ],
  [
    'Kafka Streams',
    async (context, prepared, round) => {
      const { whole, steady, cpu } = await measurePeer(context, prepared);
      const { results } = context;
      results.add('peer_rate', whole);
      results.add('peer_steady', steady);
      addCpu(results, prepared, { peer_cpu: cpu });
      round.peer = steady;
    },
  ],
  [
    'three workers',
    async (context, prepared, round) => {
      const { whole, cpu } = await measureWorkers(context, prepared, context.plan.workers);
      context.results.add('three_rate', whole);
      addCpu(context.results, prepared, { three_cpu: cpu });
      round.three = whole;
    },
  ],
  ['the rebalance', (context, prepared) => measureRebalance(context, prepared)],
];

/** Every round begins with another step, so that none is always the one after the same. */
function inOrder(run: number): readonly (readonly [string, Step])[] {
  const first = (run - 1) % STEPS.length;
  return [...STEPS.slice(first), ...STEPS.slice(0, first)];
}

/** Ratios of figures of the same round. */
function ratios(results: KafkaContext['results'], { bare, one, three, peer }: Round): void {
  if (one === undefined) return;
  if (bare !== undefined) results.add('task_ratio', one.whole / bare);
  if (peer !== undefined) results.add('peer_ratio', one.steady / peer);
  if (three !== undefined) results.add('three_ratio', three / one.whole);
  if (three !== undefined && bare !== undefined) results.add('three_bare', three / bare);
}

/** Where the system does not tell processor time, there is no figure. */
function addCpu(
  results: KafkaContext['results'],
  { records }: Prepared,
  seconds: Partial<Record<'baseline_cpu' | 'task_cpu' | 'task_worker_cpu' | 'three_cpu' | 'peer_cpu', number>>,
): void {
  for (const id of ['baseline_cpu', 'task_cpu', 'task_worker_cpu', 'three_cpu', 'peer_cpu'] as const) {
    const used = seconds[id];
    if (used !== undefined && Number.isFinite(used)) results.add(id, (used * CPU_READINGS) / records);
  }
}

/** Measures a step. What fails is told in the report, and does not cost what was measured before it. */
async function attempt(name: string, { results, run, say, signal }: KafkaContext, measure: () => Promise<void>): Promise<void> {
  try {
    await measure();
  } catch (error) {
    if (signal.aborted) throw error;
    const failure = `${name}, round ${run}, could not be measured: ${error instanceof Error ? error.message : String(error)}`;
    results.failures.push(failure);
    say(failure);
  }
}
