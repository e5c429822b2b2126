/** What is measured, for how long, and against what. */

export const SCENARIOS = ['baseline', 'single', 'burst', 'sustained', 'latency', 'replay', 'memory', 'idle'] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** What each scenario is, for people. */
export const SCENARIO_TITLES: Readonly<Record<Scenario, string>> = {
  baseline: 'a bare node:http + JSON.parse server',
  single: 'single posts, each answered when it is durable',
  burst: 'batches of 100 as fast as they are answered, then drained',
  sustained: 'batches of 100 at a fixed rate',
  latency: 'from intended sending to the stored alert',
  replay: 'a file of recorded readings through the front door into an empty home',
  memory: 'resident memory over a long run',
  idle: 'resident memory of the idle demo',
};

/** Durations in milliseconds, rates in readings/s. */
export interface Plan {
  readonly runs: number;
  /** Connections of single posts. */
  readonly connections: number;
  /** Connections of batches. */
  readonly batchConnections: number;
  readonly batch: number;
  /** Patients that the readings go round. At a reading each 3 s they are what 1,667 readings/s come from. */
  readonly patients: number;
  readonly warmupMs: number;
  readonly baselineMs: number;
  readonly singleMs: number;
  readonly burstMs: number;
  readonly sustainedMs: number;
  readonly sustainedRate: number;
  readonly latencyMs: number;
  readonly latencyRate: number;
  readonly latencyConnections: number;
  /** Every how many-th reading of the latency run is critical. */
  readonly criticalEvery: number;
  readonly memoryMs: number;
  /** Rate of the long run, as a part of the sustained rate. */
  readonly memoryLoad: number;
  readonly idleSettleMs: number;
  readonly idleMs: number;
  /** Readings of the file to replay; undefined means all. */
  readonly replayReadings?: number;
}

const FULL: Plan = {
  runs: 5,
  connections: 64,
  batchConnections: 16,
  batch: 100,
  patients: 5000,
  warmupMs: 3000,
  baselineMs: 8000,
  singleMs: 15_000,
  burstMs: 10_000,
  sustainedMs: 60_000,
  sustainedRate: 12_000,
  latencyMs: 40_000,
  latencyRate: 1000,
  latencyConnections: 256,
  criticalEvery: 10,
  memoryMs: 600_000,
  memoryLoad: 0.8,
  idleSettleMs: 30_000,
  idleMs: 30_000,
};

const QUICK: Plan = {
  ...FULL,
  runs: 1,
  warmupMs: 1500,
  baselineMs: 3000,
  singleMs: 5000,
  burstMs: 2000,
  sustainedMs: 10_000,
  latencyMs: 8000,
  memoryMs: 20_000,
  idleSettleMs: 6000,
  idleMs: 6000,
  replayReadings: 100_000,
};

/** What a person may ask for. */
export interface BenchOptions {
  readonly only?: readonly Scenario[];
  readonly runs?: number;
  readonly quick: boolean;
  /** Target of the sustained run, readings/s. */
  readonly rate?: number;
}

export function planFor(options: BenchOptions): Plan {
  const plan = options.quick ? QUICK : FULL;
  return { ...plan, runs: options.runs ?? plan.runs, sustainedRate: options.rate ?? plan.sustainedRate };
}

/** The scenarios to run. Those that are ratios bring the baseline with them. */
export function selected(options: BenchOptions): ReadonlySet<Scenario> {
  const names = new Set<Scenario>(options.only ?? SCENARIOS);
  if (names.has('single') || names.has('burst')) names.add('baseline');
  return names;
}

/** Tells whether there is a scenario of this name. */
export function isScenario(name: string): name is Scenario {
  return SCENARIOS.some((scenario) => scenario === name);
}

/** Load average above which the machine counts as busy with something else. */
export const BUSY = 0.5;
