/**
 * The door of evaluation: a reading goes in, the outcomes of all rules come out. Deterministic, on event time alone; nothing is read or
 * written but the history that is handed in.
 */

import { learnBaseline, teachesBaseline } from '../baseline.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import type { ForecastCondition, LossCondition } from '../catalogue/rule-data.ts';
import type { EffectiveRule, EffectiveRules } from '../effective.ts';
import { expectedInterval, isRunningLow } from './devices.ts';
import type { DeviceView } from './devices.ts';
import { step } from './fold.ts';
import type { Collector } from './fold.ts';
import type { Outcome } from './outcome.ts';
import type { AlarmHistory, AlarmReading, Entry } from './state.ts';
import { cloneFold, compareEntries, deviceHash, entryOf, LOW_CONFIDENCE, PLACE, valuesOf } from './state.ts';

/** ms: how far behind the newest reading one may be and still be put in its place (clinical reference, section 3). */
const WAITS = 10 * MINUTE;
/** Characters of a history as JSON, all of them ASCII. Readings are settled early rather than let it grow beyond. */
export const HISTORY_LIMIT = 8_000;
/** ms: beyond it the origin is moved, so that times stay short. */
const FAR_FROM_ORIGIN = 9e8;
/** Readings* that a device has to send in a window before a share of them can be said to be lost. */
const LOSS_NEEDS = 5;

/** What a reading brought about. */
export type Observation =
  /** Outcomes of every rule that readings decide, at the newest reading. */
  | { readonly status: 'judged'; readonly outcomes: readonly Outcome[] }
  /** It came too late to be put in its place, and changes nothing here. */
  | { readonly status: 'late' };

/** Adds a reading to `history`, which is changed in place, and judges the rules. */
export function observe(history: AlarmHistory, reading: AlarmReading, rules: EffectiveRules): Observation {
  const entry = entryOf(reading, history.o);
  const newest = Math.max(entry[0], history.q.at(-1)?.[0] ?? history.w ?? entry[0]);
  if (entry[0] < newest - WAITS || entry[0] <= (history.w ?? Number.NEGATIVE_INFINITY)) return { status: 'late' };
  insert(history.q, entry);
  while ((history.q[0]?.[0] ?? newest) < newest - WAITS) settle(history, rules);
  while (history.q.length > 1 && JSON.stringify(history).length > HISTORY_LIMIT) settle(history, rules);
  if (newest > FAR_FROM_ORIGIN) moveOrigin(history, history.q[0]?.[0] ?? newest);
  return { status: 'judged', outcomes: judge(history, rules) };
}

/** The interval, ms, that `device` is expected to leave between readings; undefined for one that is not known. */
export function intervalOf(history: AlarmHistory, device: string): number | undefined {
  const known = history.s.d.find(({ d }) => d === deviceHash(device));
  return known === undefined ? undefined : expectedInterval(known);
}

function judge(history: AlarmHistory, rules: EffectiveRules): readonly Outcome[] {
  const fold = cloneFold(history.s);
  const collector: Collector = { origin: history.o, outcomes: [] };
  let seen: DeviceView | undefined;
  const last = history.q.length - 1;
  for (const [i, entry] of history.q.entries()) seen = step(fold, entry, { rules, collector: i === last ? collector : undefined });
  if (seen === undefined) return collector.outcomes;
  for (const rule of rules.rules) {
    const { condition } = rule.levels[0];
    if (condition.kind === 'loss') collector.outcomes.push(lossOf(rule, condition, { history, seen }));
    else if (condition.kind === 'forecast') collector.outcomes.push(forecastOf(rule, condition, { history, seen }));
  }
  return collector.outcomes;
}

/** Takes the oldest reading that waits into what is settled. */
function settle(history: AlarmHistory, rules: EffectiveRules): void {
  const entry = history.q.shift();
  if (entry === undefined) return;
  const { notWorn } = step(history.s, entry, { rules });
  history.w = entry[0];
  forgetOthers(history, rules);
  const values = valuesOf(entry);
  const spo2 = values[PLACE.spo2];
  if (spo2 === undefined || notWorn || (entry[2] & LOW_CONFIDENCE) !== 0) return;
  const vitals = {
    spo2,
    ...present({ temperature: values[PLACE.temperature], activity: values[PLACE.activity], heart_rate: values[PLACE.heart_rate] }),
  };
  if (teachesBaseline(vitals, rules.band)) learnBaseline(history.b, history.o + entry[0], spo2);
}

/** Forgets rules that are no more in force, so that they begin anew if they come back. */
function forgetOthers({ s }: AlarmHistory, { rules }: EffectiveRules): void {
  const kept = Object.entries(s.r).filter(([code]) => rules.some((rule) => rule.code === code));
  if (kept.length < Object.keys(s.r).length) s.r = Object.fromEntries(kept);
}

/** Puts an entry in its place; most come at the end. */
function insert(entries: Entry[], entry: Entry): void {
  let place = entries.length;
  while (place > 0) {
    const before = entries[place - 1];
    if (before === undefined || compareEntries(before, entry) <= 0) break;
    place -= 1;
  }
  entries.splice(place, 0, entry);
}

interface Seen {
  readonly history: AlarmHistory;
  readonly seen: DeviceView;
}

function lossOf(rule: EffectiveRule, { window, above }: LossCondition, { history, seen }: Seen): Outcome {
  const times = history.q.filter(([, device]) => device === seen.device.d).map(([at]) => at);
  const expected = window / seen.interval;
  const reachesBack = times.some((at) => at <= seen.at - window);
  const lost = (100 * (expected - times.filter((at) => at > seen.at - window).length)) / expected;
  return windowOutcome(rule, reachesBack && expected >= LOSS_NEEDS ? lost > above : undefined, {
    history,
    at: seen.at,
    since: seen.at - window,
  });
}

function forecastOf(rule: EffectiveRule, condition: ForecastCondition, { history, seen }: Seen): Outcome {
  const { at, device } = seen;
  return windowOutcome(rule, isRunningLow(condition, device), { history, at, since: at });
}

function windowOutcome(
  rule: EffectiveRule,
  holds: boolean | undefined,
  { history, at, since }: { readonly history: AlarmHistory; readonly at: number; readonly since: number },
): Outcome {
  const judged = { rule, at: history.o + at, missing: [] };
  if (holds === undefined) return { ...judged, status: 'unknown' };
  if (!holds) return { ...judged, status: 'inside', since: undefined };
  const { severity, limit } = rule.levels[0];
  return {
    ...judged,
    status: 'satisfied',
    severity,
    since: history.o + since,
    values: {},
    limit,
    confidence: 'good',
    points: undefined,
    confirm: false,
    rising: undefined,
  };
}

/** Moves the origin by `by` ms and leaves every time where it is. */
function moveOrigin(history: AlarmHistory, by: number): void {
  const { s } = history;
  history.o += by;
  if (history.w !== undefined) history.w -= by;
  history.q = history.q.map(([at, ...rest]) => [at - by, ...rest]);
  s.d = s.d.map((device) => ({
    ...device,
    n: device.n - by,
    p: device.p.map(([count, last]) => [count, last - by]),
    ...(device.b === undefined ? {} : { b: [device.b[0] - by, device.b[1], device.b[2] - by, device.b[3]] }),
  }));
  s.v = s.v.map((held) => (held === null ? null : [held[0] - by, held[1], held[2]]));
  s.r = Object.fromEntries(
    Object.entries(s.r).map(([code, runs]) => [code, runs.map((run) => (run === 0 ? 0 : [run[0] - by, run[1] - by, run[2]]))]),
  );
  for (const points of Object.values(s.t))
    for (const [i, [at, value, readings]] of points.entries()) points[i] = [at - by, value, readings];
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
