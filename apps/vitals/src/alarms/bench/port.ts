/** What the benchmark asks of whatever raises alarms: readings and the passing of time go in, signs come out. One detector serves one patient. */

import type { Severity } from '../../contracts/reading.ts';
import type { AlarmReading } from '../evaluation/state.ts';

/** A reading as it reaches a detector. */
export interface Heard {
  readonly reading: AlarmReading;
  /** Log time, ms. */
  readonly received: number;
  readonly late: Late;
}

/**
 * How it stands to time: on time; late (clinical reference, section 3); late, and yet the newest of the patient; or with a time stamp so far ahead that it
 * waits in quarantine.
 */
export type Late = 'live' | 'late' | 'newest' | 'held';

/** What an episode is about. Classes are never mixed, and published apart. */
export type About = 'clinical' | 'technical';

/** What a call rests on, weakest last. */
export const EVIDENCE = ['good', 'low_other', 'low_floor'] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** What a detector says. `at` is log time, ms. */
export type Sign =
  /** An alarm of alert or more on the patient's vital signs has become live: it is new, has risen to it, or has come back. */
  | { readonly kind: 'raised'; readonly at: number }
  /** Whether an alarm of alert or more stands. Said when it changes. */
  | { readonly kind: 'live'; readonly at: number; readonly live: boolean }
  /** People are called. `on`: for something that good readings show, for floors that only readings of low confidence breach, or for other rules on such. */
  | {
      readonly kind: 'called';
      readonly at: number;
      readonly episode: string;
      readonly severity: Severity;
      readonly about: About;
      readonly rule: string;
      /** What it comes of: something new, a rise, a return, an escalation, or a repetition. */
      readonly reason: string;
      readonly on: Evidence;
    }
  /** Somebody is told, and need not answer. */
  | { readonly kind: 'informed'; readonly at: number; readonly episode: string }
  /** Nothing of an episode goes on. */
  | { readonly kind: 'ended'; readonly at: number; readonly episode: string };

/** Raises alarms for one patient. */
export interface Detector {
  /** Takes a reading. Readings come in order of receipt. */
  hear(heard: Heard): readonly Sign[];
  /** Log time has come to `to` (ms); it never goes back. */
  pass(to: number): readonly Sign[];
}

/** Nothing to say, as with most readings. */
export const NO_SIGNS: readonly Sign[] = [];
