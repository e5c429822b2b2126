/**
 * A patient's own SpO2 (clinical reference, section 1): a fixed limit alarms for ever on many patients with SS and late on those with SC.
 * The median of the medians of days: neither a bad night nor a run of artefacts moves it. Bounded, and the same for any order within a day.
 */

import type { Genotype } from '../contracts/reading.ts';
import type { AgeBand } from '../domain/age.ts';
import { HEART_RATE_HIGH } from '../domain/age-limits.ts';
import { activityLevel } from '../domain/hydration.ts';

/** What SpO2 is taken to be until it is learned, % (Homi 1997; US children). */
export const BASELINE_PRIORS: Readonly<Record<Genotype, number>> = { SS: 94, Sβ0: 94, SC: 96.7, 'Sβ+': 97, AS: 97 };

/** How far below the prior the learned baseline may fall without a clinician, %*. */
export const BASELINE_MAX_FALL = 4;
/** Days* of which the medians are kept, and over how many days* they may be spread. */
const DAYS_KEPT = 7;
const DAYS_BACK = 14;
/** Days* without which nothing is learned, and readings* without which a day does not count. */
const DAYS_NEEDED = 3;
const READINGS_NEEDED = 30;
/** ms. Days are those of UTC*. */
const DAY = 24 * 60 * 60_000;
/** Steps of the histogram of a day: half a point from 80 to 100 %; what lies below counts as 80. */
const STEP = 0.5;
const LOWEST = 80;
const STEPS = 41;
/** Cel: a fever moves SpO2, so that its readings teach nothing. */
const FEVER = 38;

/** What is remembered, as JSON. */
export interface BaselineState {
  /** The day being counted, in days since the epoch. */
  d: number;
  /** Readings of it by step; empty before the first. */
  c: number[];
  /** Days that count, oldest first. */
  m: [day: number, median: number][];
}

/** A baseline, and where it comes from. */
export interface PersonalBaseline {
  /** %. */
  readonly value: number;
  readonly learned: boolean;
}

/** Nothing learned. */
export function newBaseline(): BaselineState {
  return { d: 0, c: [], m: [] };
}

/** What of a reading tells whether it teaches. */
type Teaching = { readonly [V in 'spo2' | 'temperature' | 'activity' | 'heart_rate']?: number | undefined };

/** Whether a reading of good quality shows the patient at rest: low activity or, where none is sent, a heart rate below its first bound*. */
export function teachesBaseline({ spo2, temperature, activity, heart_rate: heartRate }: Teaching, band: AgeBand): boolean {
  if (spo2 === undefined || (temperature !== undefined && temperature >= FEVER)) return false;
  if (activity !== undefined) return activityLevel(activity) === 'low';
  return heartRate !== undefined && heartRate < HEART_RATE_HIGH.warn[band];
}

/** Adds an SpO2 (%) at event time `at` (ms). Readings come in order. */
export function learnBaseline(state: BaselineState, at: number, spo2: number): void {
  const day = Math.floor(at / DAY);
  if (state.c.length === 0 || day > state.d) {
    closeDay(state, day);
    state.d = day;
    state.c = Array.from({ length: STEPS }, () => 0);
  }
  const step = Math.min(STEPS - 1, Math.max(0, Math.round((spo2 - LOWEST) / STEP)));
  state.c[step] = (state.c[step] ?? 0) + 1;
}

/** The baseline of a patient: the prior until enough is learned; undefined for an unknown genotype. */
export function personalBaseline(state: BaselineState, genotype: Genotype | undefined): PersonalBaseline | undefined {
  if (genotype === undefined) return undefined;
  const prior = BASELINE_PRIORS[genotype];
  if (state.m.length < DAYS_NEEDED) return { value: prior, learned: false };
  const sorted = state.m.map(([, median]) => median).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? prior) + (sorted[Math.floor(middle)] ?? prior)) / 2;
  return { value: Math.max(prior - BASELINE_MAX_FALL, Math.round(median * 10) / 10), learned: true };
}

function closeDay(state: BaselineState, today: number): void {
  const median = medianOf(state.c);
  if (median !== undefined) state.m.push([state.d, median]);
  state.m = state.m.filter(([day]) => today - day <= DAYS_BACK).slice(-DAYS_KEPT);
}

/** The median of a histogram, found within its step; undefined with too few readings. */
function medianOf(counts: readonly number[]): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total < READINGS_NEEDED) return undefined;
  let below = 0;
  for (const [step, count] of counts.entries()) {
    if (count > 0 && below + count >= total / 2) {
      const within = (total / 2 - below) / count - 0.5;
      return Math.round((LOWEST + (step + within) * STEP) * 100) / 100;
    }
    below += count;
  }
  return undefined;
}
