/**
 * Whether conditions hold, on what is known at a reading. Three answers: yes, no, and undefined where it cannot be told, since a value that
 * is missing is never taken for a normal one.
 */

import { MARGINS } from '../catalogue/numbers.ts';
import type { ResolvedCondition, TrendCondition } from '../catalogue/rule-data.ts';
import { EPSILON, isBackInside, isBreached, limitOf } from './limits.ts';
import type { Limit } from './limits.ts';
import type { TrendPoint } from './state.ts';
import { PLACE } from './state.ts';
import type { View } from './view.ts';

/** Groups that must all hold; of each group, one limit is enough. */
interface LimitsCheck {
  readonly kind: 'limits';
  readonly all: readonly (readonly Limit[])[];
}

/** Points of the limits that are breached, at least so many. */
interface ScoreCheck {
  readonly kind: 'score';
  readonly limits: readonly { readonly limit: Limit; readonly points: number }[];
  readonly atLeast: number;
}

/** A change of a vital sign at a place. Changes are turned as limits are. */
interface TrendCheck extends Pick<TrendCondition, 'vital' | 'window' | 'points'> {
  readonly kind: 'trend';
  readonly place: number;
  readonly sign: 1 | -1;
  readonly change: number;
  readonly clear: number;
}

/** A condition on vital signs in the form in which it is checked; technical ones are judged by device. */
export type Check = LimitsCheck | ScoreCheck | TrendCheck;

/** The check of a condition; undefined where it is not on vital signs. */
export function checkOf(condition: ResolvedCondition): Check | undefined {
  switch (condition.kind) {
    case 'terms':
      return { kind: 'limits', all: condition.all.map((group) => group.map(limitOf)) };
    case 'score':
      return {
        kind: 'score',
        limits: condition.terms.map((term) => ({ limit: limitOf(term), points: term.points })),
        atLeast: condition.atLeast,
      };
    case 'trend': {
      const { vital, window, points } = condition;
      const sign = condition.change > 0 ? 1 : -1;
      const change = sign * condition.change - EPSILON;
      const clear = sign * condition.change - MARGINS[vital] + EPSILON;
      return { kind: 'trend', vital, window, points, place: PLACE[vital], sign, change, clear };
    }
    default:
      return undefined;
  }
}

/** Whether it holds. */
export function holds(check: Check, view: View): boolean | undefined {
  switch (check.kind) {
    case 'limits':
      return allHold(check.all, view);
    case 'score':
      return scoreHolds(check, view);
    case 'trend': {
      const change = trendChange(check, view);
      return change === undefined ? undefined : change >= check.change;
    }
  }
}

/** Whether it is back inside, by the margins, on values of good quality. A combination is when one of its terms is. */
export function isInside(check: Check, view: View): boolean {
  switch (check.kind) {
    case 'limits': {
      for (const group of check.all) if (groupIsInside(group, view)) return true;
      return false;
    }
    case 'score': {
      // What is not back inside still counts, and so does what has not been heard of since.
      let counted = 0;
      for (const { limit, points } of check.limits) if ((view.known & limit.bit) !== 0 && !limitIsInside(limit, view)) counted += points;
      return counted < check.atLeast;
    }
    case 'trend': {
      const change = trendChange(check, view);
      return change !== undefined && change <= check.clear;
    }
  }
}

/** Points of a score, of the limits that are breached; undefined for what is no score. */
export function pointsOf(check: Check, view: View): number | undefined {
  return check.kind === 'score' ? scoreOf(check, view) : undefined;
}

function scoreOf({ limits }: ScoreCheck, view: View): number {
  let score = 0;
  for (const { limit, points } of limits) if ((view.fresh & limit.bit) !== 0 && isBreached(limit, lastOf(limit, view))) score += points;
  return score;
}

function scoreHolds(check: ScoreCheck, view: View): boolean | undefined {
  const score = scoreOf(check, view);
  if (score >= check.atLeast) return true;
  let possible = score;
  for (const { limit, points } of check.limits) {
    const stale = (view.known & ~view.fresh & limit.bit) !== 0;
    // It was so when it was last heard of, and nothing was heard since.
    if (stale && isBreached(limit, lastOf(limit, view))) possible += points;
  }
  return possible >= check.atLeast ? undefined : false;
}

function allHold(all: readonly (readonly Limit[])[], view: View): boolean | undefined {
  let result: boolean | undefined = true;
  for (const group of all) {
    const holds = groupHolds(group, view);
    if (holds === false) return false;
    if (holds === undefined) result = undefined;
  }
  return result;
}

function groupHolds(group: readonly Limit[], view: View): boolean | undefined {
  let result: boolean | undefined;
  let stale = false;
  for (const limit of group) {
    if ((view.fresh & limit.bit) !== 0) {
      if (isBreached(limit, lastOf(limit, view))) return true;
      result = false;
    }
    // What never came has never held; what came and is old may still.
    else if ((view.known & limit.bit) !== 0) stale = true;
  }
  return stale ? undefined : result;
}

function groupIsInside(group: readonly Limit[], view: View): boolean {
  let known = false;
  for (const limit of group) {
    // What never came has never held.
    if ((view.known & limit.bit) === 0) continue;
    if (!limitIsInside(limit, view)) return false;
    known = true;
  }
  return known;
}

function limitIsInside(limit: Limit, view: View): boolean {
  return (view.good & limit.bit) !== 0 && isBackInside(limit, lastOf(limit, view));
}

function lastOf({ place }: Limit, { held }: View): number {
  return held[place]?.[1] ?? Number.NaN;
}

/** From the oldest good value in the window to the present one, turned; undefined with too few of them. */
function trendChange({ vital, place, sign, window, points }: TrendCheck, { at, held, low, trends }: View): number | undefined {
  const last = held[place];
  if (low || last?.[0] !== at) return undefined;
  const trend = trends[vital];
  let oldest: TrendPoint | undefined;
  let count = 1;
  // In order of time, so that those behind the window come first.
  for (let i = 0; i < trend.length && (count < points || oldest === undefined); i += 1) {
    const point = trend[i];
    if (point === undefined || at - point[0] > window) continue;
    oldest ??= point;
    count += point[2];
  }
  return oldest === undefined || count < points ? undefined : sign * (last[1] - oldest[1]);
}
