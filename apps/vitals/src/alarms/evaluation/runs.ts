/** Durations: a duration needs two consecutive satisfying readings that span it, with no gap over three expected intervals (clinical reference, section 2). */

import type { RulePlan } from './plan.ts';
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
  readonly plan: RulePlan;
  /** Levels that hold, as bits by their place in the rule; in neither where it cannot be told. */
  readonly holding: number;
  /** Levels that hold not. */
  readonly failing: number;
  /** Its values are back inside by their margins. */
  readonly inside: boolean;
}

/** The run at a place of a tracker. */
export function runAt(tracker: Tracker | undefined, place: number): Run | undefined {
  return tracker?.[place] || undefined;
}

/** The run of being back inside. */
export function insideRun(tracker: Tracker | undefined): Run | undefined {
  return runAt(tracker, INSIDE);
}

/**
 * The tracker of a rule after a reading, changed in place, or undefined when there is nothing to remember: the rule has been back inside
 * for its off-delay, or never was outside.
 */
export function track(tracker: Tracker | undefined, { plan, holding, failing, inside }: Shown, step: Step): Tracker | undefined {
  const isOutside = holding !== 0 || (step.clears && !inside && failing !== 0);
  if (tracker === undefined && !isOutside) return undefined;
  const next = tracker ?? [0, 0, 0, 0, 0];
  const { levels, rule } = plan;
  let running = false;
  for (let i = 0; i < levels.length; i += 1) {
    const { place } = levels[i] ?? levels[0];
    if ((holding & (1 << i)) !== 0) next[place] = extend(next[place], step);
    else if ((failing & (1 << i)) !== 0 && step.good) next[place] = 0;
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
  run[1] = at;
  if (good) run[2] = 1;
  return run;
}
