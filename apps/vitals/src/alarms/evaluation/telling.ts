/** Puts into words what a rule shows at a reading. */

import type { Vital, Vitals } from '../../contracts/reading.ts';
import { VITALS } from '../../contracts/reading.ts';
import type { AgeBand } from '../../domain/age.ts';
import { FLOOR_LIMITS } from '../../domain/floors.ts';
import { activityLevel } from '../../domain/hydration.ts';
import type { EffectiveRule } from '../effective.ts';
import { pointsOf } from './conditions.ts';
import type { Outcome } from './outcome.ts';
import type { LevelPlan, RulePlan } from './plan.ts';
import { insideRun, runAt } from './runs.ts';
import type { Shown, Step } from './runs.ts';
import type { Run, Tracker } from './state.ts';
import { PLACE } from './state.ts';
import type { View } from './view.ts';

/** Where outcomes go, and which. */
export interface Telling {
  /** Origin of times, ms since the epoch. */
  readonly origin: number;
  readonly outcomes: Outcome[];
  /** Codes of the rules of which every outcome is wanted, and not only that they hold; undefined for all. */
  readonly interest: ReadonlySet<string> | undefined;
}

/** Whether it is wanted of a rule that it does not hold. */
export function isOfInterest(code: string, { interest }: Telling): boolean {
  return interest === undefined || interest.has(code);
}

/** The vital signs of every set of bits. */
const VITALS_OF: readonly (readonly Vital[])[] = Array.from({ length: 1 << VITALS.length }, (_, bits) =>
  VITALS.filter((_vital, place) => (bits & (1 << place)) !== 0),
);
const NONE: readonly Vital[] = [];

/** Vital signs that the rule reads and that are not known now. */
function missingOf({ reads, vitals }: EffectiveRule, { notWorn, fresh }: View): readonly Vital[] {
  return notWorn ? vitals : (VITALS_OF[reads & ~fresh] ?? NONE);
}

/** A rule at a reading. */
export interface Seen {
  readonly shown: Shown;
  readonly step: Step;
  readonly tracker: Tracker | undefined;
  readonly view: View;
  readonly band: AgeBand;
}

/** The outcome of a rule of which a level holds. */
export function holdingOutcome(seen: Seen, origin: number): Outcome | undefined {
  const { shown, tracker, step } = seen;
  const { levels, rule } = shown.plan;
  let rising: { readonly plan: LevelPlan; readonly run: Run } | undefined;
  for (let i = levels.length - 1; i >= 0; i -= 1) {
    const plan = levels[i] ?? levels[0];
    const run = runAt(tracker, plan.place);
    if ((shown.holding & (1 << i)) === 0 || run === undefined) continue;
    if (step.at - run[0] < plan.level.onDelay) {
      rising ??= { plan, run };
      continue;
    }
    return {
      ...holding(plan, { seen, run, origin }),
      status: 'satisfied',
      confirm: rule.family === 'floor' && needsConfirmation(rule, seen),
      rising: rising === undefined ? undefined : { severity: rising.plan.level.severity, due: dueOf(rising, origin) },
    };
  }
  if (rising === undefined) return undefined;
  return { ...holding(rising.plan, { seen, run: rising.run, origin }), status: 'pending', due: dueOf(rising, origin) };
}

/** The outcome of a rule that does not hold. */
export function restingOutcome({ shown, step, tracker, view }: Omit<Seen, 'band'>, origin: number): Outcome {
  const { rule } = shown.plan;
  const at = origin + step.at;
  const missing = missingOf(rule, view);
  if (shown.inside && step.clears) {
    const since = insideRun(tracker)?.[0];
    return { rule, at, missing, status: 'inside', since: since === undefined ? undefined : origin + since };
  }
  return { rule, at, missing, status: step.good && (shown.failing & 1) !== 0 ? 'between' : 'unknown' };
}

/** The outcome of a rule of which the reading says nothing. */
export function unknownOutcome({ rule }: Pick<RulePlan, 'rule'>, view: View, origin: number): Outcome {
  return { rule, at: origin + view.at, missing: missingOf(rule, view), status: 'unknown' };
}

/** The outcome of a rule that has been back inside for its off-delay, or never was outside. */
export function insideOutcome({ rule }: Pick<RulePlan, 'rule'>, view: View, origin: number): Outcome {
  return { rule, at: origin + view.at, missing: missingOf(rule, view), status: 'inside', since: undefined };
}

function dueOf({ plan, run }: { readonly plan: LevelPlan; readonly run: Run }, origin: number): number {
  return origin + run[0] + plan.level.onDelay;
}

interface Held {
  readonly seen: Seen;
  readonly run: Run;
  readonly origin: number;
}

function holding({ level, check }: LevelPlan, { seen, run, origin }: Held) {
  const { shown, step, view } = seen;
  const { rule } = shown.plan;
  return {
    rule,
    at: origin + step.at,
    missing: missingOf(rule, view),
    severity: level.severity,
    since: origin + run[0],
    values: valuesOf(rule, view),
    limit: level.limit,
    confidence: run[2] === 1 ? ('good' as const) : ('low' as const),
    points: check === undefined ? undefined : pointsOf(check, view),
  };
}

/** The values that the rule reads now. */
function valuesOf({ vitals }: EffectiveRule, { fresh, held }: View): Vitals {
  const values: Partial<Record<Vital, number>> = {};
  for (const vital of vitals) {
    const place = PLACE[vital];
    const value = held[place]?.[1];
    if ((fresh & (1 << place)) !== 0 && value !== undefined) values[vital] = value;
  }
  return values;
}

/** Low confidence, or a fast heart where it may be natural: in an infant, or at high activity (clinical reference, section 1). */
function needsConfirmation({ code }: EffectiveRule, { view, band }: Seen): boolean {
  const { held, fresh, low } = view;
  if (low) return true;
  if (code !== 'CRITICAL_HEART_RATE' || (held[PLACE.heart_rate]?.[1] ?? 0) <= FLOOR_LIMITS.heartRateHigh) return false;
  const activity = held[PLACE.activity]?.[1];
  const known = (fresh & (1 << PLACE.activity)) !== 0;
  return band === 'G1' || (known && activity !== undefined && activityLevel(activity) === 'high');
}
