/**
 * Partial Bedside PEWS (Parshuram 2009, doi 10.1186/cc7998), under 16 years. A score is shown and never alarms. Always partial: a bracelet
 * knows neither blood pressure nor capillary refill nor the effort of breathing nor added oxygen.
 */

import type { Vital, Vitals } from '../../contracts/reading.ts';
import type { PartialScore } from './news2.ts';
import { toResolution } from './news2.ts';

const NEVER_MEASURED = ['systolic_blood_pressure', 'capillary_refill', 'respiratory_effort', 'oxygen_therapy'] as const;

/** Reached at `high` and above, or at `low` and below. */
interface Row {
  readonly high: number;
  readonly low: number;
  readonly points: 1 | 2 | 4;
}

function rows(one: readonly [number, number], two: readonly [number, number], four: readonly [number, number]): readonly Row[] {
  return [
    { high: four[0], low: four[1], points: 4 },
    { high: two[0], low: two[1], points: 2 },
    { high: one[0], low: one[1], points: 1 },
  ];
}

/** By age, in months that are completed before the band ends. High and low bounds for 1, 2 and 4 points. */
const BANDS: readonly { readonly before: number; readonly heartRate: readonly Row[]; readonly respRate: readonly Row[] }[] = [
  { before: 3, heartRate: rows([150, 110], [180, 90], [190, 80]), respRate: rows([61, 29], [81, 19], [91, 15]) },
  { before: 12, heartRate: rows([150, 100], [170, 80], [180, 70]), respRate: rows([51, 24], [71, 19], [81, 15]) },
  { before: 4 * 12, heartRate: rows([120, 90], [150, 70], [170, 60]), respRate: rows([41, 19], [61, 15], [71, 12]) },
  { before: 12 * 12, heartRate: rows([110, 70], [130, 60], [150, 50]), respRate: rows([31, 19], [41, 14], [51, 10]) },
  // Two points below 50, and not at it: rates are whole numbers.
  { before: 16 * 12, heartRate: rows([100, 60], [120, 49], [140, 40]), respRate: rows([17, 11], [23, 10], [30, 9]) },
];

/** A partial Bedside PEWS. */
export type Pews = PartialScore<(typeof NEVER_MEASURED)[number]>;

/** The score at an age in completed months, or undefined from 16 years on, for an unknown age, or without any of its vital signs. */
export function pews(vitals: Vitals, months: number | undefined, lowConfidence: boolean): Pews | undefined {
  const band = months === undefined || months < 0 ? undefined : BANDS.find(({ before }) => months < before);
  if (band === undefined) return undefined;
  const items: Partial<Record<Vital, number>> = {};
  const missing: Vital[] = [];
  const add = (vital: Vital, points: (value: number) => number): void => {
    const value = vitals[vital];
    if (value === undefined) missing.push(vital);
    else items[vital] = points(toResolution(vital, value));
  };
  add('heart_rate', (value) => pointsIn(band.heartRate, value));
  add('resp_rate', (value) => pointsIn(band.respRate, value));
  add('spo2', spo2Points);
  const each = Object.values(items);
  if (each.length === 0) return undefined;
  return { points: each.reduce((sum, item) => sum + item, 0), items, missing: [...missing, ...NEVER_MEASURED], lowConfidence };
}

/** The highest score of all seven items is 26, which leaves 2 for SpO2. */
function spo2Points(value: number): number {
  if (value <= 90) return 2;
  return value <= 94 ? 1 : 0;
}

function pointsIn(of: readonly Row[], value: number): number {
  return of.find(({ high, low }) => value >= high || value <= low)?.points ?? 0;
}
