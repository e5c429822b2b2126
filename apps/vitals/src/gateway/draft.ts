/** A reading as its sender means it: normalised, but with the identities as they were given. */

import type { Fault } from '../contracts/formats/answers.ts';
import type { Reading, Vitals } from '../contracts/reading.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Everything of a reading that its sender decides, identities and time apart. */
export type ReadingContent = Pick<
  Reading,
  | 'vitals'
  | 'quality_flag'
  | 'confidence'
  | 'completeness'
  | 'contact'
  | 'battery'
  | 'signal'
  | 'firmware'
  | 'device_state'
  | 'last_sync'
  | 'extra'
>;
export type MutableContent = Mutable<ReadingContent>;
export type MutableVitals = Mutable<Vitals>;

/** A reading before its identities are resolved. */
export interface Draft {
  /** As given: a UUID or free text. */
  readonly patient: string;
  /** As given: a UUID or free text. */
  readonly device: string;
  /** Event time, ms since the epoch; the fraction holds microseconds. */
  readonly at: number;
  readonly content: ReadingContent;
}

/** A draft, or what is wrong with the body. */
export type Drafted = Draft | readonly Fault[];

export function isFaulty(drafted: Drafted): drafted is readonly Fault[] {
  return Array.isArray(drafted);
}

/** The fault of a timestamp that cannot be read. */
export const TIMESTAMP_FAULT: readonly Fault[] = [
  { pointer: '/timestamp', detail: 'must be an ISO 8601 date and time that exists, such as 2026-11-20T08:30:00Z' },
];
