/** The benchmark over simulated patients (clinical reference, section 4). The same seeds give the same figures, to the last digit. */

import { KidjamoError } from '@kidjamo/stream';

import { inOrderOfReceipt } from '../../simulator/medical/receipt.ts';
import type { Sample } from '../../simulator/medical/simulation.ts';
import { medicalSamples } from '../../simulator/medical/simulation.ts';
import type { ByDetector } from './detectors.ts';
import { newTallies } from './detectors.ts';
import type { BenchSettings } from './patient-bench.ts';
import { PatientBench } from './patient-bench.ts';
import type { Figures, Tally } from './tally.ts';

/** Seeds of the published figures. No limit, delay or rule is ever chosen by them. */
export const REPORT_SEEDS = [48_611, 61_583, 97_429] as const;

/** ms. */
const DAY = 24 * 60 * 60_000;
/** Between two readings of a patient, s. */
export const INTERVAL_S = 30;
/** When every simulation begins, ms: the same for all, so that the same seed gives the same. */
const FROM = Date.UTC(2026, 0, 5);
/** Readings between two reports of progress. */
const STEP = 2000;

/** What is simulated. */
export interface BenchOptions {
  /** For each seed. */
  readonly patients: number;
  readonly days: number;
  readonly seeds: readonly number[];
}

/** Figures of all detectors. */
export interface Compared extends ByDetector<Figures> {
  readonly against_raw_limits: {
    /** How many fewer pages the engine sends, as a part of theirs; null where they raise nothing. */
    readonly reduction: number | null;
    /** The same of paged episodes. */
    readonly reduction_of_episodes: number | null;
    /** Events that they find and the engine does not. */
    readonly events_lost: number;
  };
}

/** What came of it. */
export interface BenchResult extends Compared {
  readonly options: BenchOptions & { readonly interval_s: number; readonly from: string };
  /** Of each seed. */
  readonly by_seed: readonly ({ readonly seed: number } & Compared)[];
}

/** Runs the benchmark; yields how much of it is done, 0 to 1. @throws KidjamoError CONFIG_INVALID without a seed, or with one twice. */
export function* runBenchmark(options: BenchOptions): Generator<number, BenchResult> {
  const { patients, days, seeds } = options;
  if (seeds.length === 0 || new Set(seeds).size < seeds.length)
    throw new KidjamoError('CONFIG_INVALID', 'the benchmark needs at least one seed, and each only once');
  const all = newTallies();
  const bySeed: ({ readonly seed: number } & Compared)[] = [];
  for (const [i, seed] of seeds.entries()) {
    const own = newTallies();
    for (const done of runSeed({ seed, patients, days }, both(own, all))) yield (i + done) / seeds.length;
    bySeed.push({ seed, ...compared(own) });
  }
  return {
    options: { ...options, interval_s: INTERVAL_S, from: new Date(FROM).toISOString() },
    ...compared(all),
    by_seed: bySeed,
  };
}

function both(a: ByDetector<Tally>, b: ByDetector<Tally>): ByDetector<readonly Tally[]> {
  return { engine: [a.engine, b.engine], raw_limits: [a.raw_limits, b.raw_limits], news2: [a.news2, b.news2] };
}

interface SeedRun {
  readonly seed: number;
  readonly patients: number;
  readonly days: number;
}

function* runSeed({ seed, patients, days }: SeedRun, tallies: ByDetector<readonly Tally[]>): Generator<number, void> {
  const until = FROM + days * DAY;
  const settings: BenchSettings = { from: FROM, until, interval: INTERVAL_S * 1000, tallies };
  const benches = new Map<number, PatientBench>();
  const simulation = medicalSamples({ seed, patients, from: FROM, until, intervalS: INTERVAL_S });
  let readings = 0;
  for (const sample of inOrderOfReceipt(watched(simulation, benches, settings))) {
    benches.get(sample.patient.index)?.hear(sample);
    readings += 1;
    if (readings % STEP === 0) yield (sample.at - FROM) / (until - FROM);
  }
  for (const bench of benches.values()) bench.finish();
}

/** Tells the benches what truly is, before anything of it is received. */
function* watched(samples: Iterable<Sample>, benches: Map<number, PatientBench>, settings: BenchSettings): Generator<Sample, void> {
  for (const sample of samples) {
    const { patient } = sample;
    let bench = benches.get(patient.index);
    if (bench === undefined) {
      bench = new PatientBench(patient, settings);
      benches.set(patient.index, bench);
    }
    bench.live(sample);
    yield sample;
  }
}

function compared(tallies: ByDetector<Tally>): Compared {
  const engine = tallies.engine.figures();
  const limits = tallies.raw_limits.figures();
  return {
    engine,
    raw_limits: limits,
    news2: tallies.news2.figures(),
    against_raw_limits: {
      reduction: reductionOf(engine.pages_per_patient_day, limits.pages_per_patient_day),
      reduction_of_episodes: reductionOf(engine.paged_episodes_per_patient_day, limits.paged_episodes_per_patient_day),
      events_lost: engine.lost_to_raw_limits,
    },
  };
}

function reductionOf(ours: number, theirs: number): number | null {
  return theirs === 0 ? null : Math.round((1 - ours / theirs) * 1e4) / 1e4;
}
