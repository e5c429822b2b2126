/**
 * What is kept of a device's last readings so that checks can look back: small, since it is stored with every batch. Only readings in
 * order of event time extend it.
 */

import type { Vital } from '../../contracts/reading.ts';
import { VITALS } from '../../contracts/reading.ts';
import { FOLLOWED } from './check.ts';
import type { Followed, History } from './check.ts';

/** A stretch in which a vital sign has stayed near its first value: length up to its last point and time since that (ms), points, value. */
type FlatRun = [span: number, idle: number, points: number, value: number];

/** Vital signs of a reading; undefined counts as absent. */
export type Measured = { readonly [V in Vital]?: number | undefined };

/** As JSON. */
export interface Trail {
  /** The followed vital signs of the last reading. */
  v: (number | null)[];
  /** Flat runs of the followed vital signs. */
  f: (FlatRun | null)[];
  /** The last heart rates, 10 at most. */
  h: number[];
  /** The last respiratory rates, 10 at most. */
  r: number[];
  /** One bit for each of the last 5 SpO2, the newest lowest: was it 99.5 or more? */
  x: number;
  /** One bit for each of the last 5 heart rates: was it a multiple of 10? */
  y: number;
  /** Which vital signs came with the last three readings, newest first, as bits. */
  m: number[];
}

/** Tolerances of a flat line (clinical reference, section 2, technical). Units as the vital sign. */
export const FLAT_TOLERANCE: Readonly<Record<Followed, number>> = { heart_rate: 1, resp_rate: 1, spo2: 0.5, temperature: 0.1 };
/** Points that a flat line needs. */
const FLAT_POINTS = 3;
/** Readings further apart than this, ms, are not looked at together*. */
export const LOOK_BACK = 5 * 60_000;
/** Values of which the variation is taken. */
const VARIATION_POINTS = 10;
/** Absorbs the rounding of decimal fractions. */
const EPSILON = 1e-9;
const LAST_FIVE = 0b11111;

const UNKNOWN_EACH = { heart_rate: Number.NaN, resp_rate: Number.NaN, spo2: Number.NaN, temperature: Number.NaN } as const;

/** The history of a reading about which nothing can be said. */
export const NO_HISTORY: History = {
  gap: Number.NaN,
  change: UNKNOWN_EACH,
  flat: UNKNOWN_EACH,
  heartRateVariation: Number.NaN,
  respRateVariation: Number.NaN,
  perfectSpo2: Number.NaN,
  roundHeartRates: Number.NaN,
  vitalMissing: false,
};

/** The trail of a device without readings. */
export function emptyTrail(): Trail {
  return { v: [null, null, null, null], f: [null, null, null, null], h: [], r: [], x: 0, y: 0, m: [] };
}

/** Extends the trail by a reading that came `gap` ms of event time after the one before (NaN for the first), and says what the two show. */
export function extendTrail(trail: Trail, vitals: Measured, gap: number): History {
  const far = !(gap <= LOOK_BACK);
  if (far) {
    trail.h.length = 0;
    trail.r.length = 0;
    trail.x = 0;
    trail.y = 0;
    trail.f.fill(null);
  }
  const change: Record<Followed, number> = { ...UNKNOWN_EACH };
  const flat: Record<Followed, number> = { ...UNKNOWN_EACH };
  for (let i = 0; i < FOLLOWED.length; i += 1) {
    const vital = FOLLOWED[i] ?? 'heart_rate';
    const value = vitals[vital];
    const before = trail.v[i];
    if (value !== undefined && before !== undefined && before !== null) change[vital] = Math.abs(value - before);
    trail.v[i] = value ?? null;
    const run = extendRun(trail.f[i] ?? null, { value, gap, tolerance: FLAT_TOLERANCE[vital] });
    trail.f[i] = run;
    if (run !== null && value !== undefined && run[2] >= FLAT_POINTS) flat[vital] = run[0];
  }
  const { heart_rate: heartRate, resp_rate: respRate, spo2 } = vitals;
  if (heartRate !== undefined) trail.y = ((trail.y << 1) | Number(heartRate % 10 === 0)) & LAST_FIVE;
  if (spo2 !== undefined) trail.x = ((trail.x << 1) | Number(spo2 >= 99.5)) & LAST_FIVE;
  return {
    gap,
    change,
    flat,
    heartRateVariation: variation(trail.h, heartRate),
    respRateVariation: variation(trail.r, respRate),
    perfectSpo2: spo2 !== undefined && (trail.x & 1) === 1 ? ones(trail.x) : Number.NaN,
    roundHeartRates: heartRate !== undefined && (trail.y & 1) === 1 ? ones(trail.y) : Number.NaN,
    vitalMissing: missing(trail.m, vitals),
  };
}

/** Changes `run` in place: what is kept between readings and made anew with each of them is what the collection of garbage costs most for. */
function extendRun(run: FlatRun | null, reading: { value: number | undefined; gap: number; tolerance: number }): FlatRun | null {
  const { value, gap, tolerance } = reading;
  if (run !== null) run[1] += Math.round(gap);
  if (value === undefined) return run;
  if (run === null) return [0, 0, 1, value];
  if (run[1] > LOOK_BACK || Math.abs(value - run[3]) > tolerance + EPSILON) {
    run[0] = 0;
    run[2] = 1;
    run[3] = value;
  } else {
    run[0] += run[1];
    run[2] += 1;
  }
  run[1] = 0;
  return run;
}

/** Adds `value` to the last ones, and gives their coefficient of variation in %. */
function variation(last: number[], value: number | undefined): number {
  if (value === undefined) return Number.NaN;
  if (last.length < VARIATION_POINTS) last.push(value);
  else {
    last.copyWithin(0, 1);
    last[VARIATION_POINTS - 1] = value;
  }
  if (last.length < VARIATION_POINTS) return Number.NaN;
  let sum = 0;
  for (const each of last) sum += each;
  const mean = sum / VARIATION_POINTS;
  let squares = 0;
  for (const each of last) squares += (each - mean) ** 2;
  return (100 * Math.sqrt(squares / VARIATION_POINTS)) / mean;
}

/** Adds the present vital signs to `last`, and tells whether one is missing that the three readings before all had. */
function missing(last: number[], vitals: Measured): boolean {
  let present = 0;
  for (let i = 0; i < VITALS.length; i += 1) if (vitals[VITALS[i] ?? 'heart_rate'] !== undefined) present |= 1 << i;
  const [first, second, third] = last;
  const used = first !== undefined && second !== undefined && third !== undefined ? first & second & third : 0;
  if (third === undefined) last.push(0);
  for (let i = last.length - 1; i > 0; i -= 1) last[i] = last[i - 1] ?? 0;
  last[0] = present;
  return (used & ~present) !== 0;
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
