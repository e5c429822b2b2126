/**
 * Partial NEWS2 (Royal College of Physicians, 2017), from 16 years. A score is shown and never alarms. Always partial: a bracelet knows
 * neither blood pressure nor consciousness nor added oxygen.
 */

import type { Vital, Vitals } from '../../contracts/reading.ts';

/** What no bracelet measures. */
const NEVER_MEASURED = ['systolic_blood_pressure', 'consciousness', 'supplemental_oxygen'] as const;
/** Points from the gravest down on each side; the first bound that the value reaches counts. */
type Scale = readonly { readonly from?: number; readonly to?: number; readonly points: number }[];

const SCALES = {
  resp_rate: [
    { to: 8, points: 3 },
    { to: 11, points: 1 },
    { to: 20, points: 0 },
    { to: 24, points: 2 },
    { from: 25, points: 3 },
  ],
  // Scale 1: for everyone without a target of 88-92 %.
  spo2: [
    { to: 91, points: 3 },
    { to: 93, points: 2 },
    { to: 95, points: 1 },
    { from: 96, points: 0 },
  ],
  heart_rate: [
    { to: 40, points: 3 },
    { to: 50, points: 1 },
    { to: 90, points: 0 },
    { to: 110, points: 1 },
    { to: 130, points: 2 },
    { from: 131, points: 3 },
  ],
  temperature: [
    { to: 35, points: 3 },
    { to: 36, points: 1 },
    { to: 38, points: 0 },
    { to: 39, points: 1 },
    { from: 39.1, points: 2 },
  ],
} as const satisfies { readonly [V in Vital]?: Scale };

const SCORED = ['resp_rate', 'spo2', 'heart_rate', 'temperature'] as const satisfies readonly (keyof typeof SCALES)[];

/** A score of part of its items. */
export interface PartialScore<M extends string> {
  readonly points: number;
  /** Points by item that is known. */
  readonly items: { readonly [V in Vital]?: number };
  /** What is not in it. Never empty. */
  readonly missing: readonly (Vital | M)[];
  /** One of its values is of low confidence. */
  readonly lowConfidence: boolean;
}

/** A partial NEWS2. */
export interface News2 extends PartialScore<(typeof NEVER_MEASURED)[number]> {
  /** 5 or more, or any single 3: urgent; 7 or more: emergency. */
  readonly response: 'routine' | 'urgent' | 'emergency';
}

/** The score, or undefined under 16 years or without any of its vital signs. An unknown age counts as adult. */
export function news2(vitals: Vitals, years: number | undefined, lowConfidence: boolean): News2 | undefined {
  if (years !== undefined && years < 16) return undefined;
  const items: Partial<Record<Vital, number>> = {};
  const missing: Vital[] = [];
  for (const vital of SCORED) {
    const value = vitals[vital];
    if (value === undefined) missing.push(vital);
    else items[vital] = pointsOn(SCALES[vital], toResolution(vital, value));
  }
  const each = Object.values(items);
  if (each.length === 0) return undefined;
  const points = each.reduce((sum, item) => sum + item, 0);
  const urgent = points >= 5 || each.includes(3);
  return {
    points,
    items,
    missing: [...missing, ...NEVER_MEASURED],
    lowConfidence,
    response: points >= 7 ? 'emergency' : urgent ? 'urgent' : 'routine',
  };
}

/** Rounds to what the tables of scores are read with: whole numbers, temperature to a tenth. */
export function toResolution(vital: Vital, value: number): number {
  return vital === 'temperature' ? Math.round(value * 10) / 10 : Math.round(value);
}

function pointsOn(scale: Scale, value: number): number {
  const row = scale.find(({ from, to }) => (to === undefined ? value >= (from ?? Number.NEGATIVE_INFINITY) : value <= to));
  return row?.points ?? 0;
}
