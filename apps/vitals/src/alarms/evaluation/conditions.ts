/**
 * Whether conditions hold, on what is known at a reading. Three answers: yes, no, and undefined where it cannot be told, since a value that
 * is missing is never taken for a normal one.
 */

import type { Vital } from '../../contracts/reading.ts';
import { MARGINS, MINUTE } from '../catalogue/numbers.ts';
import type {
  ResolvedCondition,
  ResolvedScoredTerm,
  ResolvedTerm,
  ScoreCondition,
  TermsCondition,
  TrendCondition,
} from '../catalogue/rule-data.ts';
import type { Held, TrendPoint } from './state.ts';
import { PLACE } from './state.ts';

/** Absorbs the rounding of decimal fractions in differences. */
const EPSILON = 1e-9;
/** ms*: how long a pain score stands, which a person gives now and then. */
const PAIN_STANDS = 60 * MINUTE;

/** What is known at a reading. */
export interface View {
  /** ms from the origin. */
  readonly at: number;
  /** Last values by place in VITALS, those of this reading among them. */
  readonly held: readonly (Held | null)[];
  /** Three expected intervals, ms: a value that is older says nothing of now. */
  readonly maxGap: number;
  /** The reading itself is of low confidence. */
  readonly low: boolean;
  /** Good values of the trends before this reading. */
  readonly trends: Readonly<Record<TrendCondition['vital'], readonly TrendPoint[]>>;
}

/** Conditions on vital signs; technical ones are judged by device. */
export type ClinicalCondition = TermsCondition<ResolvedTerm> | ScoreCondition<ResolvedScoredTerm> | TrendCondition;

/** Whether a condition is on vital signs. */
export function isClinical(condition: ResolvedCondition): condition is ClinicalCondition {
  return condition.kind === 'terms' || condition.kind === 'score' || condition.kind === 'trend';
}

/** Whether it holds. */
export function holds(condition: ClinicalCondition, view: View): boolean | undefined {
  switch (condition.kind) {
    case 'terms':
      return allHold(condition, view);
    case 'score':
      return scoreHolds(condition, view);
    case 'trend': {
      const change = trendChange(condition, view);
      if (change === undefined) return undefined;
      return condition.change > 0 ? change >= condition.change - EPSILON : change <= condition.change + EPSILON;
    }
  }
}

/** Whether it is back inside, by the margins, on values of good quality. A combination is when one of its terms is. */
export function isInside(condition: ClinicalCondition, view: View): boolean {
  switch (condition.kind) {
    case 'terms':
      return condition.all.some((group) => groupIsInside(group, view));
    case 'score': {
      // What is not back inside still counts, and so does what has not been heard of since.
      let points = 0;
      for (const term of condition.terms) if (isKnown(term, view) && !termIsInside(term, view)) points += term.points;
      return points < condition.atLeast;
    }
    case 'trend': {
      const change = trendChange(condition, view);
      if (change === undefined) return false;
      const margin = MARGINS[condition.vital];
      return condition.change > 0 ? change <= condition.change - margin + EPSILON : change >= condition.change + margin - EPSILON;
    }
  }
}

/** Points of a score, of the terms that hold. */
export function pointsOf({ terms }: ScoreCondition<ResolvedScoredTerm>, view: View): number {
  let points = 0;
  for (const term of terms) if (termHolds(term, view) === true) points += term.points;
  return points;
}

/** The value of the vital sign at a place in VITALS that still says something of now. */
export function freshValue(place: number, { at, held, maxGap }: View): Held | undefined {
  const last = held[place];
  if (last === null || last === undefined) return undefined;
  return at - last[0] <= (place === PLACE.pain ? PAIN_STANDS : maxGap) ? last : undefined;
}

/** Whether a value breaches a limit. */
export function breachesLimit({ op, value: limit }: Pick<ResolvedTerm, 'op' | 'value'>, value: number): boolean {
  switch (op) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
  }
}

/** Whether a value is back inside a limit by its margin. */
export function isBackInside(term: ResolvedTerm, value: number): boolean {
  if (breachesLimit(term, value)) return false;
  return term.op === '<' || term.op === '<=' ? value >= term.clearAt - EPSILON : value <= term.clearAt + EPSILON;
}

function allHold({ all }: TermsCondition<ResolvedTerm>, view: View): boolean | undefined {
  let result: boolean | undefined = true;
  for (const group of all) {
    const holds = groupHolds(group, view);
    if (holds === false) return false;
    if (holds === undefined) result = undefined;
  }
  return result;
}

function groupHolds(group: readonly ResolvedTerm[], view: View): boolean | undefined {
  let result: boolean | undefined;
  let stale = false;
  for (const term of group) {
    const holds = termHolds(term, view);
    if (holds === true) return true;
    if (holds === false) result = false;
    // What never came has never held; what came and is old may still.
    else if (isKnown(term, view)) stale = true;
  }
  return stale ? undefined : result;
}

function scoreHolds(condition: ScoreCondition<ResolvedScoredTerm>, view: View): boolean | undefined {
  const points = pointsOf(condition, view);
  if (points >= condition.atLeast) return true;
  let possible = points;
  for (const term of condition.terms) {
    const last = view.held[PLACE[term.measure as Vital]];
    // It was so when it was last heard of, and nothing was heard since.
    if (last !== null && last !== undefined && termHolds(term, view) === undefined && breachesLimit(term, last[1])) possible += term.points;
  }
  return possible >= condition.atLeast ? undefined : false;
}

function termHolds(term: ResolvedTerm, view: View): boolean | undefined {
  const last = freshValue(PLACE[term.measure as Vital], view);
  return last === undefined ? undefined : breachesLimit(term, last[1]);
}

function groupIsInside(group: readonly ResolvedTerm[], view: View): boolean {
  let known = false;
  for (const term of group) {
    // What never came has never held.
    if (!isKnown(term, view)) continue;
    if (!termIsInside(term, view)) return false;
    known = true;
  }
  return known;
}

function isKnown({ measure }: ResolvedTerm, { held }: View): boolean {
  const last = held[PLACE[measure as Vital]];
  return last !== null && last !== undefined;
}

function termIsInside(term: ResolvedTerm, view: View): boolean {
  const last = freshValue(PLACE[term.measure as Vital], view);
  return last?.[2] === 0 && isBackInside(term, last[1]);
}

/** From the oldest good value in the window to the present one; undefined with too few of them. */
function trendChange({ vital, window, points }: TrendCondition, { at, held, low, trends }: View): number | undefined {
  const last = held[PLACE[vital]];
  if (low || last?.[0] !== at) return undefined;
  let oldest: TrendPoint | undefined;
  let count = 1;
  for (const point of trends[vital]) {
    if (at - point[0] > window) continue;
    oldest ??= point;
    count += point[2];
  }
  return oldest === undefined || count < points ? undefined : last[1] - oldest[1];
}
