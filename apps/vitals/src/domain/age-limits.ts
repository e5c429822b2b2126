/**
 * Limits of vital signs by age band (clinical reference, section 1). The one place where these numbers stand: the hydration index, the
 * alarm rules and the documents read them here. Not validated for medical use.
 */

import type { AgeBand } from './age.ts';

/** Something for each age band. */
export type ByBand<T> = Readonly<Record<AgeBand, T>>;

/** The three bounds of one side of a vital sign, gravest last. */
export interface LevelBounds {
  readonly warn: ByBand<number>;
  readonly alert: ByBand<number>;
  /** The emergency bound. */
  readonly critical: ByBand<number>;
}

/** Cel; reached at the bound and above. */
export const TEMPERATURE_HIGH: LevelBounds = {
  warn: { G1: 37.6, G2: 37.5, G3: 37.5, G4: 37.4, G5: 37.4, G6: 37.3 },
  alert: { G1: 38, G2: 38, G3: 38, G4: 38, G5: 38, G6: 38 },
  critical: { G1: 38.5, G2: 39, G3: 39, G4: 39, G5: 39, G6: 38.5 },
};

/** Cel; reached below the bound. */
export const TEMPERATURE_LOW: ByBand<number> = { G1: 36, G2: 36, G3: 36, G4: 35.8, G5: 35.8, G6: 35.8 };

/** %; reached at the bound and below. */
export const SPO2_LOW: LevelBounds = {
  warn: { G1: 94, G2: 94, G3: 94, G4: 93, G5: 93, G6: 93 },
  alert: { G1: 93, G2: 93, G3: 93, G4: 92, G5: 92, G6: 92 },
  critical: { G1: 90, G2: 90, G3: 89, G4: 88, G5: 88, G6: 88 },
};

/** /min; reached at the bound and above. */
export const HEART_RATE_HIGH: LevelBounds = {
  warn: { G1: 161, G2: 141, G3: 119, G4: 101, G5: 101, G6: 101 },
  alert: { G1: 166, G2: 145, G3: 121, G4: 110, G5: 110, G6: 110 },
  critical: { G1: 180, G2: 160, G3: 140, G4: 130, G5: 130, G6: 125 },
};

/** /min; reached below the bound. */
export const HEART_RATE_LOW: ByBand<number> = { G1: 90, G2: 80, G3: 60, G4: 50, G5: 50, G6: 50 };

/** /min; reached at the bound and above. */
export const RESP_RATE_HIGH: LevelBounds = {
  warn: { G1: 54, G2: 38, G3: 29, G4: 21, G5: 21, G6: 23 },
  alert: { G1: 59, G2: 41, G3: 32, G4: 25, G5: 23, G6: 25 },
  critical: { G1: 65, G2: 45, G3: 36, G4: 30, G5: 28, G6: 30 },
};

/** /min; reached below the bound. */
export const RESP_RATE_LOW: ByBand<number> = { G1: 24, G2: 18, G3: 14, G4: 10, G5: 10, G6: 10 };
