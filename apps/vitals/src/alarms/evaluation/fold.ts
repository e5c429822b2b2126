/** Folds one reading into what is remembered, and judges the rules at it. */

import { VITALS } from '../../contracts/reading.ts';
import type { Vital, Vitals } from '../../contracts/reading.ts';
import { FLOOR_LIMITS } from '../../domain/floors.ts';
import { activityLevel } from '../../domain/hydration.ts';
import { TREND_RULES } from '../catalogue/courses.ts';
import type { TrendVital } from '../catalogue/rule-data.ts';
import type { EffectiveLevel, EffectiveRule, EffectiveRules } from '../effective.ts';
import { freshValue, holds, isClinical, isInside, pointsOf } from './conditions.ts';
import type { ClinicalCondition, View } from './conditions.ts';
import { DEVICE_STANDS, judgeDevice, stepDevice } from './devices.ts';
import type { DeviceView } from './devices.ts';
import type { Outcome } from './outcome.ts';
import { insideRun, runOf, track } from './runs.ts';
import type { Shown, Step } from './runs.ts';
import type { Entry, Fold, Tracker } from './state.ts';
import { LOW_CONFIDENCE, PLACE, valuesOf } from './state.ts';

/** Expected intervals that a stretch may leave out (clinical reference, section 2). */
const GAP_INTERVALS = 3;
/** Points kept of a trend, so that it stays small whatever a device sends; readings between them are counted. */
const TREND_POINTS = 20;
const TREND_WINDOWS: Readonly<Record<TrendVital, number>> = {
  heart_rate: longestWindow('heart_rate'),
  temperature: longestWindow('temperature'),
  spo2: longestWindow('spo2'),
};

/** Where outcomes go. */
export interface Collector {
  /** Origin of times, ms since the epoch. */
  readonly origin: number;
  readonly outcomes: Outcome[];
}

/** Folds `entry`; with a collector, judges every rule at it. */
export function step(
  fold: Fold,
  entry: Entry,
  { rules, collector }: { readonly rules: EffectiveRules; readonly collector?: Collector | undefined },
): DeviceView {
  const values = valuesOf(entry);
  const seen = stepDevice(fold, entry, values);
  const [at, , flags, mask] = entry;
  const low = (flags & LOW_CONFIDENCE) !== 0;
  if (!seen.notWorn) {
    for (let place = 0; place < VITALS.length; place += 1) {
      const value = values[place];
      if (value !== undefined) fold.v[place] = [at, value, low ? 1 : 0];
    }
  }
  const view: View = { at, held: fold.v, maxGap: GAP_INTERVALS * seen.interval, low, trends: fold.t };
  const judging: Judging = { fold, view, seen, mask: seen.notWorn ? 0 : mask, rules, collector };
  for (const rule of rules.rules) {
    if (rule.kind === 'technical') judgeTechnical(rule, judging);
    else judgeClinical(rule, judging);
  }
  if (!low && !seen.notWorn) followTrends(fold, at);
  return seen;
}

interface Judging {
  readonly fold: Fold;
  readonly view: View;
  readonly seen: DeviceView;
  /** Bits of the vital signs that this reading brings as evidence. */
  readonly mask: number;
  readonly rules: EffectiveRules;
  readonly collector: Collector | undefined;
}

function judgeClinical(rule: EffectiveRule, judging: Judging): void {
  const { fold, view, mask, collector } = judging;
  const lowest = rule.levels[0].condition;
  if (!isClinical(lowest) || (rule.reads & mask) === 0) {
    collector?.outcomes.push({ ...judgedBy(rule, judging, collector), status: 'unknown' });
    return;
  }
  if (collector === undefined && fold.r[rule.code] === undefined && isQuiet(rule, lowest, view)) return;
  const levels = rule.levels.map(({ condition }) => (isClinical(condition) ? holds(condition, view) : undefined));
  const shown: Shown = { rule, holds: levels, inside: isInside(lowest, view) };
  const at: Step = { at: view.at, maxGap: view.maxGap, good: isGood(rule, view), clears: !view.low };
  const tracker = remember(shown, fold, at);
  if (collector !== undefined) collector.outcomes.push(outcomeOf(rule, { judging, shown, tracker, step: at, collector }));
}

/** Whether there is nothing to remember of a rule that has no tracker, as with most readings: it does not hold, and is back inside. */
function isQuiet({ levels }: EffectiveRule, lowest: ClinicalCondition, view: View): boolean {
  for (const { condition } of levels) if (isClinical(condition) && holds(condition, view) === true) return false;
  return isInside(lowest, view);
}

/** All values that the rule reads now are of good quality. */
function isGood({ places }: EffectiveRule, view: View): boolean {
  return !view.low && places.every((place) => freshValue(place, view)?.[2] !== 1);
}

/** Of several devices of a patient, one is enough for a technical rule to hold, and all have to be back inside. */
function judgeTechnical(rule: EffectiveRule, judging: Judging): void {
  const { condition } = rule.levels[0];
  // What no single reading shows is judged elsewhere.
  if (condition.kind !== 'terms' && condition.kind !== 'finding' && condition.kind !== 'absent') return;
  const { fold, view, seen, collector } = judging;
  const { device } = seen;
  const own = judgeDevice(condition, seen);
  if (own !== undefined) {
    device.h = withBit(device.h, rule.bit, own.holds);
    device.m = withBit(device.m, rule.bit, !own.inside);
  }
  let anyHolds = false;
  let allInside = own !== undefined;
  for (const { n, h, m } of fold.d) {
    if (view.at - n > DEVICE_STANDS) continue;
    if (hasBit(h, rule.bit)) anyHolds = true;
    if (hasBit(m, rule.bit)) allInside = false;
  }
  if (collector === undefined && fold.r[rule.code] === undefined && !anyHolds && allInside) return;
  const holds = own !== undefined || anyHolds ? anyHolds : undefined;
  const shown: Shown = { rule, holds: rule.levels.map(() => holds), inside: allInside };
  const at: Step = { at: view.at, maxGap: view.maxGap, good: true, clears: true };
  const tracker = remember(shown, fold, at);
  if (collector !== undefined) collector.outcomes.push(outcomeOf(rule, { judging, shown, tracker, step: at, collector }));
}

function remember(shown: Shown, fold: Fold, at: Step): Tracker | undefined {
  const { code } = shown.rule;
  const before = fold.r[code];
  const after = track(before, shown, at);
  if (after !== undefined) fold.r[code] = after;
  // Rebuilt rather than deleted from, since the code is not known before.
  else if (before !== undefined) fold.r = Object.fromEntries(Object.entries(fold.r).filter(([each]) => each !== code));
  return after;
}

interface Told {
  readonly judging: Judging;
  readonly shown: Shown;
  readonly tracker: Tracker | undefined;
  readonly step: Step;
  readonly collector: Collector;
}

function outcomeOf(rule: EffectiveRule, told: Told): Outcome {
  const { judging, shown, tracker, step: seen, collector } = told;
  const judged = judgedBy(rule, judging, collector);
  const { at } = judging.view;
  let rising: { readonly level: EffectiveLevel; readonly since: number; readonly confident: boolean } | undefined;
  for (let i = rule.levels.length - 1; i >= 0; i -= 1) {
    const level = rule.levels[i] ?? rule.levels[0];
    const run = runOf(tracker, level.severity);
    if (shown.holds[i] !== true || run === undefined) continue;
    if (at - run[0] >= level.onDelay) {
      const due = rising === undefined ? undefined : collector.origin + rising.since + rising.level.onDelay;
      return {
        ...judged,
        ...holding(level, { rule, told, since: run[0], confident: run[2] === 1 }),
        status: 'satisfied',
        confirm: rule.family === 'floor' && needsConfirmation(rule, judging),
        rising: rising === undefined || due === undefined ? undefined : { severity: rising.level.severity, due },
      };
    }
    rising ??= { level, since: run[0], confident: run[2] === 1 };
  }
  if (rising !== undefined) {
    const { level, since, confident } = rising;
    return {
      ...judged,
      ...holding(level, { rule, told, since, confident }),
      status: 'pending',
      due: collector.origin + since + level.onDelay,
    };
  }
  if (shown.inside && seen.clears) {
    const since = insideRun(tracker)?.[0];
    return { ...judged, status: 'inside', since: since === undefined ? undefined : collector.origin + since };
  }
  return { ...judged, status: seen.good && shown.holds[0] === false ? 'between' : 'unknown' };
}

function judgedBy(rule: EffectiveRule, { view, seen }: Judging, { origin }: Collector): Pick<Outcome, 'rule' | 'at' | 'missing'> {
  const missing = rule.vitals.filter((vital) => seen.notWorn || freshValue(PLACE[vital], view) === undefined);
  return { rule, at: origin + view.at, missing };
}

function holding(
  level: EffectiveLevel,
  {
    rule,
    told,
    since,
    confident,
  }: { readonly rule: EffectiveRule; readonly told: Told; readonly since: number; readonly confident: boolean },
) {
  const { view } = told.judging;
  const values: Partial<Record<Vital, number>> = {};
  for (const vital of rule.vitals) {
    const value = freshValue(PLACE[vital], view)?.[1];
    if (value !== undefined) values[vital] = value;
  }
  const { severity, limit, condition } = level;
  return {
    severity,
    since: told.collector.origin + since,
    values: values as Vitals,
    limit,
    confidence: confident ? ('good' as const) : ('low' as const),
    points: condition.kind === 'score' ? pointsOf(condition, view) : undefined,
  };
}

/** Low confidence, or a fast heart where it may be natural: in an infant, or at high activity (clinical reference, section 1). */
function needsConfirmation({ code }: EffectiveRule, { view, rules }: Judging): boolean {
  if (view.low) return true;
  if (code !== 'CRITICAL_HEART_RATE' || (view.held[PLACE.heart_rate]?.[1] ?? 0) <= FLOOR_LIMITS.heartRateHigh) return false;
  const activity = freshValue(PLACE.activity, view)?.[1];
  return rules.band === 'G1' || (activity !== undefined && activityLevel(activity) === 'high');
}

/** Adds the good values of this reading to the trends. */
function followTrends(fold: Fold, at: number): void {
  for (const [vital, points] of Object.entries(fold.t) as [TrendVital, Fold['t'][TrendVital]][]) {
    const held = fold.v[PLACE[vital]];
    if (held?.[0] !== at) continue;
    const window = TREND_WINDOWS[vital];
    const last = points.at(-1);
    if (last !== undefined && at - last[0] < window / TREND_POINTS) points[points.length - 1] = [last[0], last[1], last[2] + 1];
    else points.push([at, Math.round(held[1] * 1000) / 1000, 1]);
    fold.t[vital] = points.filter((point) => at - point[0] <= window);
  }
}

function longestWindow(vital: TrendVital): number {
  const conditions = TREND_RULES.flatMap(({ levels }) => levels.map(({ condition }) => condition));
  return Math.max(...conditions.map((condition) => (condition.kind === 'trend' && condition.vital === vital ? condition.window : 0)));
}

function hasBit(bits: number, bit: number): boolean {
  return (bits & bit) !== 0;
}

function withBit(bits: number, bit: number, on: boolean): number {
  return on ? bits | bit : bits & ~bit;
}
