/** What a quality check is, and what it may look at. */

import type { HeldReading, Reading } from '../../contracts/reading.ts';
import type { QualityCode } from './codes.ts';

/** What is known around a reading. Numbers that are unknown are NaN, so that no bound is ever crossed by them. */
export interface CheckContext {
  /** Changes since the reading before it and the like; all unknown for a reading older than the newest of its device. */
  readonly history: History;
  /** The device's newest reading so far lies in the same second. */
  readonly sameSecond: boolean;
  /** Another device of the patient has a reading of this very instant. */
  readonly sameInstantElsewhere: boolean;
  /** No reading of this device was stored for this patient before. */
  readonly firstOfDevice: boolean;
  /** Firmware that may run; undefined allows all. */
  readonly allowedFirmware: ReadonlySet<string> | undefined;
}

/** The vital signs whose course is followed. */
export const FOLLOWED = ['heart_rate', 'resp_rate', 'spo2', 'temperature'] as const;
export type Followed = (typeof FOLLOWED)[number];

/** What the last readings of a device show, the present one included. */
export interface History {
  /** Since the reading before, ms. */
  readonly gap: number;
  /** Change since the reading before, without sign. */
  readonly change: { readonly [V in Followed]: number };
  /** How long the value has stayed within its tolerance, ms; NaN with fewer than 3 points. */
  readonly flat: { readonly [V in Followed]: number };
  /** Coefficient of variation of the last 10 values, %; NaN with fewer. */
  readonly heartRateVariation: number;
  readonly respRateVariation: number;
  /** How many of the last 5 SpO2 are 99.5 or more; NaN unless the present one is. */
  readonly perfectSpo2: number;
  /** How many of the last 5 heart rates are multiples of 10; NaN unless the present one is. */
  readonly roundHeartRates: number;
  /** A vital sign that came with each of the three readings before is missing. */
  readonly vitalMissing: boolean;
}

/** A named check. */
export interface QualityCheck {
  readonly name: string;
  /** The quality code that a finding gives the reading; undefined where it is only noted, under the name of the check. */
  readonly code: QualityCode | undefined;
  /** What it finds, with its bounds. A star marks a number that is our own decision, without a source. */
  readonly description: string;
  /** True when it has found something. */
  check(reading: Reading | HeldReading, context: CheckContext): boolean;
}
