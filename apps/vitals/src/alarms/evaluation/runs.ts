/** Durations: a duration needs two consecutive satisfying readings that span it, with no gap over three expected intervals (clinical reference, section 2). */

import type { Severity } from '../../contracts/reading.ts';
import { rankOf } from '../../domain/severity.ts';
import type { EffectiveRule } from '../effective.ts';
import type { Run, Tracker } from './state.ts';

/** Place of the run of being back inside. */
const INSIDE = 0;

/** A reading, as runs see it. */
export interface Step {
  /** ms from the origin. */
  readonly at: number;
  /** ms: a longer gap begins a new run. */
  readonly maxGap: number;
  /** All that the rule reads is of good quality: only this ends a run, since low confidence is no recovery. */
  readonly good: boolean;
  /** The reading itself is of good quality: only such ones count towards being back inside. */
  readonly clears: boolean;
}

/** What a rule shows at a reading. */
export interface Shown {
  readonly rule: EffectiveRule;
  /** By level: held, held not, or cannot be told. */
  readonly holds: readonly (boolean | undefined)[];
  /** Its values are back inside by their margins. */
  readonly inside: boolean;
}

/** The run of a level. */
export function runOf(tracker: Tracker | undefined, severity: Severity): Run | undefined {
  return tracker?.[1 + rankOf(severity)] || undefined;
}

/** The run of being back inside. */
export function insideRun(tracker: Tracker | undefined): Run | undefined {
  return tracker?.[INSIDE] || undefined;
}

/**
 * The tracker of a rule after a reading, or undefined when there is nothing to remember: the rule has been back inside for its off-delay, or
 * never was outside.
 */
export function track(tracker: Tracker | undefined, { rule, holds, inside }: Shown, step: Step): Tracker | undefined {
  const isOutside = holds.includes(true) || (step.clears && !inside && holds.includes(false));
  if (tracker === undefined && !isOutside) return undefined;
  const next = tracker ?? [0, 0, 0, 0, 0];
  let running = false;
  for (let i = 0; i < holds.length; i += 1) {
    const place = 1 + rankOf(rule.levels[i]?.severity ?? rule.severity);
    if (holds[i] === true) next[place] = extend(next[place], step);
    else if (holds[i] === false && step.good) next[place] = 0;
    if (next[place] !== 0) running = true;
  }
  // A value that breaches the limit ends being back inside, whatever its quality; only good ones count towards it.
  if (isOutside) next[INSIDE] = 0;
  else if (inside && step.clears) next[INSIDE] = extend(next[INSIDE], step);
  const back = insideRun(next);
  return !running && back !== undefined && back[1] - back[0] >= rule.offDelay ? undefined : next;
}

function extend(run: Run | 0 | undefined, { at, maxGap, good }: Step): Run {
  if (run === undefined || run === 0 || at - run[1] > maxGap) return [at, at, good ? 1 : 0];
  return [run[0], at, run[2] === 1 || good ? 1 : 0];
}
