/**
 * The door of evaluation: a reading goes in, the outcomes of all rules come out. Deterministic, on event time alone; nothing is read or
 * written but the history that is handed in.
 */

import { learnBaseline, teachesBaseline } from '../baseline.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import type { LossCondition } from '../catalogue/rule-data.ts';
import type { EffectiveRules } from '../effective.ts';
import { expectedInterval, isRunningLow } from './devices.ts';
import type { DeviceView } from './devices.ts';
import { step } from './fold.ts';
import { advance, besideOf, countAdded, forgetBeside, isLonger } from './head.ts';
import type { Beside } from './head.ts';
import type { Outcome } from './outcome.ts';
import type { WindowPlan } from './plan.ts';
import { entryLength } from './size.ts';
import type { AlarmHistory, AlarmReading, Entry } from './state.ts';
import { compareEntries, deviceHash, entryOf, LOW_CONFIDENCE, NOT_WORN, PLACE, valueOf } from './state.ts';
import { isOfInterest } from './telling.ts';
import type { Telling } from './telling.ts';

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
  /** Outcomes at the newest reading of every rule that readings decide, or of those that were asked for. */
  | { readonly status: 'judged'; readonly outcomes: readonly Outcome[] }
  /** It came too late to be put in its place, and changes nothing here. */
  | { readonly status: 'late' };

/** What is asked of a reading. */
export interface Question {
  readonly rules: EffectiveRules;
  /** Codes of the rules of which every outcome is wanted. Of others only those that hold, `satisfied` and `pending`, are told. */
  readonly interest: ReadonlySet<string> | undefined;
}

const LATE: Observation = { status: 'late' };

/** Adds a reading to `history`, which is changed in place, and judges the rules. */
export function observe(history: AlarmHistory, reading: AlarmReading, rules: EffectiveRules): Observation {
  return observeFor(history, reading, { rules, interest: undefined });
}

/** The same, where not every outcome is wanted: most readings then have nothing to tell. */
export function observeFor(history: AlarmHistory, reading: AlarmReading, { rules, interest }: Question): Observation {
  const entry = entryOf(reading, history.o);
  const { w, q } = history;
  const newest = Math.max(entry[0], q.at(-1)?.[0] ?? w ?? entry[0]);
  if (entry[0] < newest - WAITS || (w !== undefined && entry[0] <= w)) return LATE;
  let beside = besideOf(history, rules);
  const inOrder = insert(q, entry);
  // Until all is done it does not stand, lest a failure leave half of it behind.
  beside.waiting = UNDER_WAY;
  countAdded(beside, entry);
  while ((q[0]?.[0] ?? newest) < newest - WAITS) settle(history, beside);
  while (q.length > 1 && isLonger(beside, history, HISTORY_LIMIT)) settle(history, beside);
  if (newest > FAR_FROM_ORIGIN) {
    moveOrigin(history, q[0]?.[0] ?? newest);
    forgetBeside(history);
    beside = besideOf(history, rules);
  }
  const telling: Telling = { origin: history.o, outcomes: [], interest };
  const seen = advance(beside, inOrder, telling);
  if (seen !== undefined) for (const plan of beside.plan.windows) judgeWindow(plan, { history, seen, telling });
  beside.waiting = history.q.length;
  return { status: 'judged', outcomes: telling.outcomes };
}

/** No number of readings. */
const UNDER_WAY = -1;

/** The interval, ms, that `device` is expected to leave between readings; undefined for one that is not known. */
export function intervalOf(history: AlarmHistory, device: string): number | undefined {
  const known = history.s.d.find(({ d }) => d === deviceHash(device));
  return known === undefined ? undefined : expectedInterval(known);
}

/** Takes the oldest reading that waits into what is settled. */
function settle(history: AlarmHistory, beside: Beside): void {
  const entry = history.q.shift();
  if (entry === undefined) return;
  beside.length -= entryLength(entry);
  step(beside.settled, entry, { plan: beside.plan, telling: undefined });
  history.w = entry[0];
  if (beside.others) forgetOthers(history, beside);
  const spo2 = valueOf(entry, PLACE.spo2);
  if (spo2 === undefined || (entry[2] & (NOT_WORN | LOW_CONFIDENCE)) !== 0) return;
  const shown = {
    spo2,
    temperature: valueOf(entry, PLACE.temperature),
    activity: valueOf(entry, PLACE.activity),
    heart_rate: valueOf(entry, PLACE.heart_rate),
  };
  if (teachesBaseline(shown, beside.plan.band)) learnBaseline(history.b, history.o + entry[0], spo2);
}

/** Forgets rules that are no more in force, so that they begin anew if they come back. */
function forgetOthers({ s }: AlarmHistory, beside: Beside): void {
  s.r = Object.fromEntries(Object.entries(s.r).filter(([code]) => beside.plan.codes.has(code)));
  beside.others = false;
}

/** Puts an entry in its place; most come at the end, and then it is true. */
function insert(entries: Entry[], entry: Entry): boolean {
  let place = entries.length;
  while (place > 0) {
    const before = entries[place - 1];
    if (before === undefined || compareEntries(before, entry) <= 0) break;
    place -= 1;
  }
  if (place === entries.length) {
    entries.push(entry);
    return true;
  }
  entries.splice(place, 0, entry);
  return false;
}

interface Newest {
  readonly history: AlarmHistory;
  readonly seen: DeviceView;
  readonly telling: Telling;
}

/** Judges a rule on what no single reading shows. */
function judgeWindow({ rule, condition }: WindowPlan, { history, seen, telling }: Newest): void {
  const holds = condition.kind === 'loss' ? losesReadings(condition, history.q, seen) : isRunningLow(condition, seen.device);
  if (holds !== true && !isOfInterest(rule.code, telling)) return;
  const judged = { rule, at: history.o + seen.at, missing: [] };
  if (holds === undefined) telling.outcomes.push({ ...judged, status: 'unknown' });
  else if (!holds) telling.outcomes.push({ ...judged, status: 'inside', since: undefined });
  else {
    const { severity, limit } = rule.levels[0];
    telling.outcomes.push({
      ...judged,
      status: 'satisfied',
      severity,
      since: history.o + (condition.kind === 'loss' ? seen.at - condition.window : seen.at),
      values: {},
      limit,
      confidence: 'good',
      points: undefined,
      confirm: false,
      rising: undefined,
    });
  }
}

/** Whether too many readings of a device are lost; undefined where it is not known for long enough, or sends too seldom. */
function losesReadings({ window, above }: LossCondition, entries: readonly Entry[], seen: DeviceView): boolean | undefined {
  const expected = window / seen.interval;
  if (expected < LOSS_NEEDS) return undefined;
  let came = 0;
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const entry = entries[i];
    if (entry === undefined || entry[1] !== seen.device.d) continue;
    if (entry[0] <= seen.at - window) return (100 * (expected - came)) / expected > above;
    came += 1;
  }
  return undefined;
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
