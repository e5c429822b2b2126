/** Folds one reading into what is remembered, and judges the rules at it. */

import { TREND_RULES } from '../catalogue/courses.ts';
import type { TrendVital } from '../catalogue/rule-data.ts';
import { holds, isInside } from './conditions.ts';
import { judgeDevices, stepDevice } from './devices.ts';
import type { DeviceView, Technical } from './devices.ts';
import type { ClinicalPlan, Plan, RulePlan, TechnicalPlan } from './plan.ts';
import { track } from './runs.ts';
import type { Shown, Step } from './runs.ts';
import type { Entry, Fold, Tracker } from './state.ts';
import { PLACE } from './state.ts';
import { isQuick } from './quick.ts';
import { holdingOutcome, insideOutcome, isOfInterest, restingOutcome, unknownOutcome } from './telling.ts';
import type { Telling } from './telling.ts';
import { look } from './view.ts';
import type { View } from './view.ts';

/** Points kept of a trend, so that it stays small whatever a device sends; readings between them are counted. */
const TREND_POINTS = 20;
const TRENDS: readonly { readonly vital: TrendVital; readonly place: number; readonly window: number }[] = (
  ['heart_rate', 'temperature', 'spo2'] as const
).map((vital) => ({ vital, place: PLACE[vital], window: longestWindow(vital) }));

/** A fold, and its trackers by the index of their rules: nearly no rule has one, and to find that out by its code takes time. */
export interface Course {
  readonly fold: Fold;
  readonly trackers: (Tracker | undefined)[];
}

/** The course of a fold under the rules of `plan`. */
export function courseOf(fold: Fold, { rules }: Plan): Course {
  return { fold, trackers: rules.map(({ code }) => fold.r[code]) };
}

/** How a reading is folded. */
export interface Stepping {
  readonly plan: Plan;
  /** Where outcomes go; undefined where none are wanted. */
  readonly telling: Telling | undefined;
}

/** Folds `entry`, and tells the outcomes of the rules that have trackers. */
export function step(course: Course, entry: Entry, { plan, telling }: Stepping): DeviceView {
  const { fold, trackers } = course;
  const seen = stepDevice(fold, entry);
  const view = look(fold, entry, seen.interval);
  const judging: Judging = { course, view, technical: judgeDevices(plan.technical, seen, fold.d), plan, telling };
  for (let index = 0; index < plan.rules.length; index += 1) {
    const answer = trackers[index] === undefined ? quickAnswer(index, judging) : undefined;
    if (answer === undefined) judge(index, judging);
    else if (telling !== undefined && telling.interest?.size !== 0) tellQuickly(index, answer, judging);
  }
  if (!view.low && !view.notWorn) followTrends(fold, entry[0]);
  return seen;
}

interface Judging {
  readonly course: Course;
  readonly view: View;
  readonly technical: Technical;
  readonly plan: Plan;
  readonly telling: Telling | undefined;
}

/** What can be said of a rule that has no tracker, and will have none by this reading, as of most; undefined where it has to be looked at. */
function quickAnswer(index: number, { view, technical, plan: { quick } }: Judging): 'unknown' | 'inside' | undefined {
  const bit = quick.technical[index] ?? 0;
  if (bit !== 0) return (technical.told & ~technical.holding & ~technical.outside & bit) === 0 ? undefined : 'inside';
  if (((quick.reads[index] ?? 0) & view.brought) === 0) return 'unknown';
  return !view.low && (isQuick(quick.first, index, view) || isQuick(quick.second, index, view)) ? 'inside' : undefined;
}

function tellQuickly(index: number, answer: 'unknown' | 'inside', { view, plan: { rules }, telling }: Judging): void {
  const plan = rules[index];
  if (plan === undefined || telling === undefined || !isOfInterest(plan.code, telling)) return;
  const { origin, outcomes } = telling;
  outcomes.push(answer === 'unknown' ? unknownOutcome(plan, view, origin) : insideOutcome(plan, view, origin));
}

function judge(index: number, judging: Judging): void {
  const plan = judging.plan.rules[index];
  if (plan?.kind === 'technical') judgeTechnical(plan, judging);
  else if (plan?.kind === 'clinical') judgeClinical(plan, judging);
}

function judgeClinical(plan: ClinicalPlan, judging: Judging): void {
  const { course, view, telling } = judging;
  if ((plan.reads & view.brought) === 0) {
    if (telling !== undefined && isOfInterest(plan.code, telling)) telling.outcomes.push(unknownOutcome(plan, view, telling.origin));
    return;
  }
  const { levels } = plan;
  let holding = 0;
  let failing = 0;
  for (let i = 0; i < levels.length; i += 1) {
    const check = levels[i]?.check;
    const held = check === undefined ? undefined : holds(check, view);
    if (held === true) holding |= 1 << i;
    else if (held === false) failing |= 1 << i;
  }
  const inside = levels[0].check !== undefined && isInside(levels[0].check, view);
  // It does not hold, is back inside, and nothing is to be remembered or told.
  const isQuiet = holding === 0 && inside && course.trackers[plan.index] === undefined;
  if (isQuiet && (telling === undefined || !isOfInterest(plan.code, telling))) return;
  // All values that the rule reads now are of good quality.
  const good = !view.low && (plan.reads & view.fresh & ~view.good) === 0;
  settle({ plan, holding, failing, inside }, { at: view.at, maxGap: view.maxGap, good, clears: !view.low }, judging);
}

function judgeTechnical(plan: TechnicalPlan, judging: Judging): void {
  const { view, technical } = judging;
  const { bit, levels } = plan;
  const told = (technical.told & bit) !== 0;
  const held = (technical.holding & bit) !== 0;
  const every = (1 << levels.length) - 1;
  const inside = told && (technical.outside & bit) === 0;
  const shown: Shown = { plan, holding: held ? every : 0, failing: told && !held ? every : 0, inside };
  settle(shown, { at: view.at, maxGap: view.maxGap, good: true, clears: true }, judging);
}

/** Remembers what a rule shows, and tells it. */
function settle(shown: Shown, step: Step, judging: Judging): void {
  const { course, view, plan, telling } = judging;
  const tracker = remember(shown, step, course);
  if (telling === undefined || (shown.holding === 0 && !isOfInterest(shown.plan.code, telling))) return;
  const seen = { shown, step, tracker, view, band: plan.band };
  const outcome = shown.holding === 0 ? undefined : holdingOutcome(seen, telling.origin);
  if (outcome !== undefined) telling.outcomes.push(outcome);
  else if (isOfInterest(shown.plan.code, telling)) telling.outcomes.push(restingOutcome(seen, telling.origin));
}

function remember(shown: Shown, step: Step, { fold, trackers }: Course): Tracker | undefined {
  const { index, code }: RulePlan = shown.plan;
  const before = trackers[index];
  const after = track(before, shown, step);
  if (after === before) return after;
  trackers[index] = after;
  if (after !== undefined) fold.r[code] = after;
  // Rebuilt rather than deleted from, since the code is not known before.
  else fold.r = Object.fromEntries(Object.entries(fold.r).filter(([each]) => each !== code));
  return after;
}

/** Adds the good values of this reading to the trends. */
function followTrends(fold: Fold, at: number): void {
  for (const { vital, place, window } of TRENDS) {
    const held = fold.v[place];
    if (held?.[0] !== at) continue;
    const points = fold.t[vital];
    const last = points.at(-1);
    if (last !== undefined && at - last[0] < window / TREND_POINTS) last[2] += 1;
    else points.push([at, Math.round(held[1] * 1000) / 1000, 1]);
    let gone = 0;
    while (at - (points[gone]?.[0] ?? at) > window) gone += 1;
    if (gone > 0) points.splice(0, gone);
  }
}

function longestWindow(vital: TrendVital): number {
  const conditions = TREND_RULES.flatMap(({ levels }) => levels.map(({ condition }) => condition));
  return Math.max(...conditions.map((condition) => (condition.kind === 'trend' && condition.vital === vital ? condition.window : 0)));
}
