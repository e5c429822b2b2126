/** What readings show of a device: how often it sends, its battery, and what the technical rules look at. */

import { VITALS } from '../../contracts/reading.ts';
import type { Vitals } from '../../contracts/reading.ts';
import { FOLLOWED } from '../../domain/quality/check.ts';
import { historyFindings } from '../../domain/quality/history-checks.ts';
import { emptyTrail, extendTrail, NO_HISTORY } from '../../domain/quality/trail.ts';
import { HOUR, MINUTE } from '../catalogue/numbers.ts';
import type { ForecastCondition, ResolvedCondition } from '../catalogue/rule-data.ts';
import { breachesLimit, isBackInside } from './conditions.ts';
import type { DeviceFold, Entry, Fold } from './state.ts';
import { ENTRY_FIELDS, FLAGGED_CHECKS, NOT_WORN, PLACE } from './state.ts';

/** Devices of one patient that are remembered*; of more, those heard last. */
const DEVICES = 3;
/** Times between readings of which the median is taken (clinical reference, section 2), and fewer than which say nothing*. */
const GAPS = 20;
const GAPS_NEEDED = 5;
/** ms*: the interval of a device of which too little is known. */
const DEFAULT_INTERVAL = MINUTE;
/** Readings with a vital sign after which more are expected. */
const EXPECTED_AFTER = 3;
/** ms*: a device that has been silent for longer says nothing of the present state. */
export const DEVICE_STANDS = 24 * HOUR;
/** %*: a rise by this much is a charge. */
const CHARGED = 1;
/** What a discharge has to show* before it is carried forward: % and ms. */
const DRAIN_SHOWN = { percent: 2, ms: 30 * MINUTE } as const;

const BATTERY = ENTRY_FIELDS.indexOf('battery');
const SIGNAL = ENTRY_FIELDS.indexOf('signal');
const INTERVAL = ENTRY_FIELDS.indexOf('interval');

/** From here on, flags name checks. */
const FLAGGED = 4;

/** A device at one of its readings. */
export interface DeviceView {
  readonly device: DeviceFold;
  /** ms from the origin. */
  readonly at: number;
  /** Names of the quality checks that found something. */
  readonly findings: readonly string[];
  readonly battery: number | undefined;
  readonly signal: number | undefined;
  readonly notWorn: boolean;
  /** Expected between readings, ms. */
  readonly interval: number;
}

/** The time that a device leaves between readings: as configured, else the median of the last, ms. */
export function expectedInterval(device: DeviceFold): number {
  if (device.i !== undefined) return device.i;
  if (device.g.length < GAPS_NEEDED) return DEFAULT_INTERVAL;
  const sorted = [...device.g].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? DEFAULT_INTERVAL) + (sorted[Math.floor(middle)] ?? DEFAULT_INTERVAL)) / 2;
}

/** Adds a reading to what is known of its device, which is put at the end. */
export function stepDevice(fold: Fold, entry: Entry, values: readonly (number | undefined)[]): DeviceView {
  const [at, hash, flags] = entry;
  const place = fold.d.findIndex(({ d }) => d === hash);
  const known = place < 0 ? undefined : fold.d.splice(place, 1)[0];
  const device = known ?? newDevice(hash);
  fold.d.push(device);
  if (fold.d.length > DEVICES) fold.d.shift();
  const interval = values[INTERVAL];
  if (interval !== undefined) device.i = interval;
  const gap = known === undefined ? Number.NaN : at - device.n;
  if (gap > 0) {
    device.g.push(gap);
    if (device.g.length > GAPS) device.g.shift();
  }
  device.n = at;
  const battery = values[BATTERY];
  const notWorn = (flags & NOT_WORN) !== 0;
  if (battery !== undefined) followBattery(device, at, battery);
  // Off the wrist nothing lives: that it stands still and sends no vital signs is no fault.
  if (!notWorn) followPresence(device, at, values);
  const history = notWorn ? NO_HISTORY : extendTrail(device.t, trailVitals(values), gap);
  const findings = flags < FLAGGED ? historyFindings(history) : [...historyFindings(history), ...flaggedChecks(flags)];
  return { device, at, findings, battery, signal: values[SIGNAL], notWorn, interval: expectedInterval(device) };
}

/** Whether a technical condition holds at the device, and whether it is back inside; undefined where it cannot be told by one reading. */
export function judgeDevice(
  condition: ResolvedCondition,
  view: DeviceView,
): { readonly holds: boolean; readonly inside: boolean } | undefined {
  switch (condition.kind) {
    case 'terms': {
      const term = condition.all[0]?.[0];
      const value = term?.measure === 'battery' ? view.battery : view.signal;
      if (term === undefined || value === undefined) return undefined;
      return { holds: breachesLimit(term, value), inside: isBackInside(term, value) };
    }
    case 'finding': {
      const holds = condition.findings.some((name) => view.findings.includes(name));
      return { holds, inside: !holds };
    }
    case 'absent': {
      if (view.notWorn) return undefined;
      const holds = isAbsent(view, condition.intervals, condition.within);
      return { holds, inside: !holds };
    }
    default:
      return undefined;
  }
}

/** Whether the battery is about to run low; undefined where nothing is known of its drain. */
export function isRunningLow({ below, within }: ForecastCondition, { b }: DeviceFold): boolean | undefined {
  if (b === undefined) return undefined;
  const [from, first, to, last] = b;
  if (last < below) return true;
  if (to - from < DRAIN_SHOWN.ms) return undefined;
  if (first - last < DRAIN_SHOWN.percent) return false;
  return ((last - below) / (first - last)) * (to - from) <= within;
}

function flaggedChecks(flags: number): readonly string[] {
  return FLAGGED_CHECKS.filter((_, i) => (flags & (FLAGGED << i)) !== 0);
}

function newDevice(hash: number): DeviceFold {
  return { d: hash, n: 0, g: [], t: emptyTrail(), p: FOLLOWED.map(() => [0, 0]), h: 0, m: 0 };
}

function followBattery(device: DeviceFold, at: number, battery: number): void {
  const { b } = device;
  if (b === undefined || battery > b[3] + CHARGED) device.b = [at, battery, at, battery];
  else device.b = [b[0], b[1], at, battery];
}

function followPresence(device: DeviceFold, at: number, values: readonly (number | undefined)[]): void {
  for (const [i, vital] of FOLLOWED.entries()) {
    const presence = device.p[i];
    if (presence === undefined) continue;
    if (values[PLACE[vital]] !== undefined) {
      presence[0] = Math.min(EXPECTED_AFTER, presence[0] + 1);
      presence[1] = at;
    } else if (presence[0] < EXPECTED_AFTER) presence[0] = 0;
  }
}

function isAbsent({ device, at, interval }: DeviceView, intervals: number, within: number): boolean {
  const longest = intervals * interval;
  return device.p.some(([count, last]) => count === EXPECTED_AFTER && at - last > longest && at - last <= within);
}

/** To a hundredth, so that what is remembered stays small whatever a device sends. */
function trailVitals(values: readonly (number | undefined)[]): Vitals {
  const vitals: Partial<Record<(typeof VITALS)[number], number>> = {};
  for (const [i, vital] of VITALS.entries()) {
    const value = values[i];
    if (value !== undefined) vitals[vital] = Math.round(value * 100) / 100;
  }
  return vitals;
}
