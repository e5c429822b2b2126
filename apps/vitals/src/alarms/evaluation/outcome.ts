/** What evaluation says of a rule. It decides nothing: what becomes of an alarm is for its state machine. */

import type { Severity, Vital, Vitals } from '../../contracts/reading.ts';
import type { EffectiveRule } from '../effective.ts';

/** What every outcome has. */
interface Judged {
  readonly rule: EffectiveRule;
  /** Event time of the reading that it is about, ms since the epoch. */
  readonly at: number;
  /** Vital signs that the rule reads and that are not known now. */
  readonly missing: readonly Vital[];
}

/** What a level that holds has. */
interface Holding extends Judged {
  readonly severity: Severity;
  /** Event time of the first reading of the stretch in which it has held, ms since the epoch. */
  readonly since: number;
  /** The values that the rule read. */
  readonly values: Vitals;
  /** What the level needs, in words. */
  readonly limit: string;
  /** Low when no reading of the stretch was of good quality. */
  readonly confidence: 'good' | 'low';
  /** Points, of a score. */
  readonly points: number | undefined;
}

/** The rule holds, for long enough. */
export interface Satisfied extends Holding {
  readonly status: 'satisfied';
  /** A floor that pages only at its second breaching reading (clinical reference, section 1). */
  readonly confirm: boolean;
  /** A graver level that holds, and when it will have held for long enough. */
  readonly rising: { readonly severity: Severity; readonly due: number } | undefined;
}

/** The rule holds, and its on-delay is running. */
export interface Pending extends Holding {
  readonly status: 'pending';
  /** Event time at which a further reading that holds satisfies it, ms since the epoch. */
  readonly due: number;
}

/** All values are back inside by their margins, on readings of good quality. */
export interface Inside extends Judged {
  readonly status: 'inside';
  /** Since when, ms since the epoch; undefined when for longer than the off-delay. */
  readonly since: number | undefined;
}

/** The rule does not hold, and its values are not back inside by their margins. */
export interface Between extends Judged {
  readonly status: 'between';
}

/** It cannot be told: values are missing, the reading is of low confidence, or nobody wears the device. Never recovery. */
export interface Unknown extends Judged {
  readonly status: 'unknown';
}

export type Outcome = Satisfied | Pending | Inside | Between | Unknown;
