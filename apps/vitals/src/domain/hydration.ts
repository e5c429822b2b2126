/** Hydration index, 0-100 (reference systems, A2.1). A proxy of our predecessors, not validated for medical use. */

import type { AgeBand } from './age.ts';
import { HEART_RATE_HIGH, RESP_RATE_HIGH } from './age-limits.ts';

/** Activity from low to high: at most 2, at most 6, above (scale 0-10; clinical reference, section 1). */
export type ActivityLevel = 'low' | 'moderate' | 'high';

export function activityLevel(activity: number): ActivityLevel {
  if (activity <= 2) return 'low';
  return activity <= 6 ? 'moderate' : 'high';
}

/** ml a day at rest in the cool. */
const BASAL: Readonly<Record<AgeBand, number>> = { G1: 1000, G2: 1400, G3: 1800, G4: 2000, G5: 2000, G6: 1700 };
/** ml a day per kg. */
const PER_KG: Readonly<Record<AgeBand, number>> = { G1: 100, G2: 80, G3: 60, G4: 40, G5: 32.5, G6: 27.5 };
const ACTIVITY_FACTOR: Readonly<Record<ActivityLevel, number>> = { low: 1, moderate: 1.1, high: 1.2 };

/** What the proxy needs. Vitals that are missing cost no points; without a heat index or activity there is no index at all. */
export interface HydrationProxyInput {
  readonly band: AgeBand;
  /** Cel. */
  readonly heatIndex: number | undefined;
  /** 0-10. */
  readonly activity: number | undefined;
  readonly heartRate: number | undefined;
  readonly respRate: number | undefined;
  readonly spo2: number | undefined;
  readonly temperature: number | undefined;
}

/** Hydration from what a bracelet measures, assuming that 70 % of the need was drunk; 0-100, or undefined where it cannot be told. */
export function hydrationProxy(input: HydrationProxyInput): number | undefined {
  const { band, heatIndex, activity } = input;
  if (heatIndex === undefined || activity === undefined) return undefined;
  const level = activityLevel(activity);
  const target = BASAL[band] * climateFactor(heatIndex) * ACTIVITY_FACTOR[level];
  const intake = 0.7 * target;
  const deficit = Math.max(0, sweat(heatIndex, level) + 300 - intake);
  return clamp(100 - (deficit / (0.9 * target)) * 100 - proxyPenalties(input));
}

function sweat(heatIndex: number, level: ActivityLevel): number {
  if (heatIndex >= 41 && level === 'high') return 1500;
  if (heatIndex >= 37 && level !== 'low') return 800;
  return heatIndex >= 32 ? 400 : 200;
}

function proxyPenalties({ band, heartRate, respRate, spo2, temperature }: HydrationProxyInput): number {
  let points = 0;
  if (heartRate !== undefined && heartRate > HEART_RATE_HIGH.alert[band] + 10) points += 5;
  if (respRate !== undefined && respRate > RESP_RATE_HIGH.alert[band] + 5) points += 5;
  if (spo2 !== undefined && spo2 < (isChild(band) ? 95 : 94)) points += 5;
  if (temperature !== undefined && temperature >= 38) points += 10;
  return points;
}

/** What the formula with volumes needs. */
export interface HydrationVolumeInput {
  readonly band: AgeBand;
  readonly weightKg: number;
  /** Drunk in 24 h, ml. */
  readonly intake: number;
  /** Urine of the last 6 h, ml. */
  readonly urine?: number;
  /** Times in 24 h; used where the volume is unknown. */
  readonly urinations?: number;
  /** Cel. */
  readonly heatIndex: number;
  /** 0-10. */
  readonly activity: number;
  readonly temperature?: number;
}

/** Hydration from volumes drunk and passed, 0-100. */
export function hydrationFromVolumes(input: HydrationVolumeInput): number {
  const { band, intake, heatIndex, temperature } = input;
  const level = activityLevel(input.activity);
  const target = input.weightKg * PER_KG[band] * climateFactor(heatIndex) * ACTIVITY_FACTOR[level];
  let penalties = 0;
  if (heatIndex >= 37 && intake < 0.5 * target) penalties += 10;
  if (level !== 'low' && intake < 0.7 * target) penalties += 5;
  if (temperature !== undefined && temperature >= 38) penalties += 5;
  return clamp(0.6 * Math.min(100, (intake / target) * 100) + 0.4 * diuresis(input) - penalties);
}

/** 0-100; 85 where nothing is known of it. */
function diuresis({ band, weightKg, urine, urinations }: HydrationVolumeInput): number {
  if (urine !== undefined) return Math.min(100, (urine / (weightKg * (isChild(band) ? 1 : 0.5) * 6)) * 100);
  if (urinations !== undefined) return Math.min(100, (urinations / (isChild(band) ? 6 : 4)) * 100);
  return 85;
}

function climateFactor(heatIndex: number): number {
  if (heatIndex < 32) return 1;
  if (heatIndex < 37) return 1.1;
  return heatIndex < 41 ? 1.2 : 1.3;
}

function isChild(band: AgeBand): boolean {
  return band === 'G1' || band === 'G2' || band === 'G3';
}

function clamp(value: number): number {
  return Math.min(100, Math.max(0, value));
}
