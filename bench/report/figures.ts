/** Every figure of the report, once: what it is, and what it has to reach. The bounds and goals are those of the issue that asked for the bench. */

import type { Scenario } from '../plan.ts';

export interface Figure {
  readonly title: string;
  /** What has to be run to get it. */
  readonly scenario: string;
  readonly unit: string;
  /** Digits after the point. */
  readonly digits: number;
  /** Whether more or less is better, what has to be reached, and what is hoped for. */
  readonly target?: { readonly side: 'least' | 'most'; readonly bound: number; readonly goal?: number };
  /** The figure of the baseline that a ratio stands on. */
  readonly against?: string;
}

/** The figures of a report, in its order, and what the baselines of ratios reached on the machine that the bounds were set on. */
export interface Catalogue<Id extends string> {
  readonly figures: Readonly<Record<Id, Figure>>;
  /** A baseline under half of it says that the machine was busy or is of another kind: the ratio then means nothing. */
  readonly quoted: Readonly<Partial<Record<Id, number>>>;
}

const figure = (scenario: Scenario, title: string, rest: Omit<Figure, 'scenario' | 'title'>): Figure => ({ scenario, title, ...rest });
const rate = (target?: Figure['target']): Omit<Figure, 'scenario' | 'title'> => ({
  unit: 'readings/s',
  digits: 0,
  ...(target === undefined ? {} : { target }),
});
const ms = { unit: 'ms', digits: 1 } as const;

export const FIGURES = {
  baseline_single: figure('baseline', 'Bare server, single posts, 64 connections', rate()),
  baseline_batch: figure('baseline', 'Bare server, batches of 100', rate()),
  single_rate: figure('single', 'Single posts, 64 connections', rate()),
  single_ratio: figure('single', 'The same, as a part of the bare server', {
    unit: '',
    digits: 3,
    target: { side: 'least', bound: 0.1, goal: 0.3 },
    against: 'baseline_single',
  }),
  single_p99: figure('single', 'Single posts, answer, p99', ms),
  burst_rate: figure('burst', 'Batches of 100, burst, accepted', rate()),
  burst_ratio: figure('burst', 'The same, as a part of the bare server', {
    unit: '',
    digits: 3,
    target: { side: 'least', bound: 0.04, goal: 0.15 },
    against: 'baseline_batch',
  }),
  burst_drain: figure('burst', 'After the burst, until the task had processed it', { unit: 's', digits: 1 }),
  sustained_rate: figure('sustained', 'Batches of 100, sustained', rate({ side: 'least', bound: 10_000 })),
  sustained_missing: figure('sustained', 'Accepted, and not processed at the end', {
    unit: 'readings',
    digits: 0,
    target: { side: 'most', bound: 0 },
  }),
  sustained_lag: figure('sustained', 'After the last answer, until the task had processed all', {
    unit: 's',
    digits: 2,
    target: { side: 'most', bound: 2 },
  }),
  sustained_max_lag: figure('sustained', 'Largest lag during the run', { unit: 'records', digits: 0 }),
  latency_p50: figure('latency', 'Intended sending to stored alert, p50', ms),
  latency_p99: figure('latency', 'Intended sending to stored alert, p99', { ...ms, target: { side: 'most', bound: 200, goal: 50 } }),
  latency_max: figure('latency', 'Intended sending to stored alert, largest', ms),
  answer_p99: figure('latency', 'Intended sending to the answer, p99', ms),
  replay_file: figure('replay', 'Replay of the file as it is', rate({ side: 'least', bound: 15_000, goal: 40_000 })),
  replay_sorted: figure('replay', 'Replay of the file sorted by t', rate({ side: 'least', bound: 15_000, goal: 40_000 })),
  memory_slope: figure('memory', 'Memory, slope over the second half', { unit: 'MB/min', digits: 2 }),
  memory_growth: figure('memory', 'Memory, growth over the second half by that slope', {
    unit: '%',
    digits: 1,
    // Our own reading of "flat".
    target: { side: 'most', bound: 5 },
  }),
  memory_max: figure('memory', 'Memory, largest', { unit: 'MB', digits: 0 }),
  idle_memory: figure('idle', 'Memory of the idle demo', { unit: 'MB', digits: 0, target: { side: 'most', bound: 400 } }),
} as const satisfies Readonly<Record<string, Figure>>;

export type FigureId = keyof typeof FIGURES;

/** Readings/s. */
export const QUOTED_BASELINES = { baseline_single: 70_000, baseline_batch: 950_000 } as const;

/** The figures of `npm run bench`. */
export const CATALOGUE: Catalogue<FigureId> = { figures: FIGURES, quoted: QUOTED_BASELINES };
