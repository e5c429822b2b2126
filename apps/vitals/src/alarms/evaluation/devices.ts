/** What readings show of a device: how often it sends, its battery, and what the technical rules look at. */

import { FOLLOWED } from '../../domain/quality/check.ts';
import type { History } from '../../domain/quality/check.ts';
import { emptyTrail, extendTrail, NO_HISTORY } from '../../domain/quality/trail.ts';
import type { Measured } from '../../domain/quality/trail.ts';
import { HOUR, MINUTE } from '../catalogue/numbers.ts';
import type { ForecastCondition } from '../catalogue/rule-data.ts';
import { isBackInside, isBreached } from './limits.ts';
import type { DeviceCheck, TechnicalPlan } from './plan.ts';
import type { DeviceFold, Entry, Fold } from './state.ts';
import { BATTERY, INTERVAL, NOT_WORN, PLACE, SIGNAL, valueOf } from './state.ts';

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
const DEVICE_STANDS = 24 * HOUR;
/** %*: a rise by this much is a charge. */
const CHARGED = 1;
/** What a discharge has to show* before it is carried forward: % and ms. */
const DRAIN_SHOWN = { percent: 2, ms: 30 * MINUTE } as const;

/** A device at one of its readings. */
export interface DeviceView {
  readonly device: DeviceFold;
  /** ms from the origin. */
  readonly at: number;
  /** As in the entry. */
  readonly flags: number;
  readonly history: History;
  readonly battery: number | undefined;
  readonly signal: number | undefined;
  readonly notWorn: boolean;
  /** Expected between readings, ms. */
  readonly interval: number;
}

/** The time that a device leaves between readings: as configured, else the median of the last, ms. */
export function expectedInterval({ i, g: gaps }: DeviceFold): number {
  if (i !== undefined) return i;
  if (gaps.length < GAPS_NEEDED) return DEFAULT_INTERVAL;
  const sorted = sortedGaps(gaps);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? DEFAULT_INTERVAL) + (sorted[Math.floor(middle)] ?? DEFAULT_INTERVAL)) / 2;
}

/** By insertion: they are few, and most are the same. */
function sortedGaps(gaps: readonly number[]): readonly number[] {
  const sorted = [...gaps];
  for (let i = 1; i < sorted.length; i += 1) {
    const gap = sorted[i] ?? 0;
    let place = i;
    for (; place > 0; place -= 1) {
      const before = sorted[place - 1] ?? 0;
      if (before <= gap) break;
      sorted[place] = before;
    }
    sorted[place] = gap;
  }
  return sorted;
}

/** Adds a reading to what is known of its device, which is put at the end. */
export function stepDevice({ d: devices }: Fold, entry: Entry): DeviceView {
  const at = entry[0];
  const hash = entry[1];
  const flags = entry[2];
  const known = takeToEnd(devices, hash);
  const device = known ?? newDevice(hash);
  if (known === undefined) {
    devices.push(device);
    if (devices.length > DEVICES) devices.shift();
  }
  const interval = valueOf(entry, INTERVAL);
  if (interval !== undefined) device.i = interval;
  const gap = known === undefined ? Number.NaN : at - device.n;
  if (gap > 0) {
    device.g.push(gap);
    if (device.g.length > GAPS) device.g.shift();
  }
  device.n = at;
  const battery = valueOf(entry, BATTERY);
  const notWorn = (flags & NOT_WORN) !== 0;
  if (battery !== undefined) followBattery(device, at, battery);
  // Off the wrist nothing lives: that it stands still and sends no vital signs is no fault.
  if (!notWorn) followPresence(device, entry);
  const history = notWorn ? NO_HISTORY : extendTrail(device.t, trailVitals(entry), gap);
  return { device, at, flags, history, battery, signal: valueOf(entry, SIGNAL), notWorn, interval: expectedInterval(device) };
}

function takeToEnd(devices: DeviceFold[], hash: number): DeviceFold | undefined {
  const last = devices.at(-1);
  if (last?.d === hash) return last;
  const place = devices.findIndex(({ d }) => d === hash);
  if (place < 0) return undefined;
  const [device] = devices.splice(place, 1);
  if (device !== undefined) devices.push(device);
  return device;
}

/** What the devices of a patient show of the technical rules, as their bits. */
export interface Technical {
  /** It can be told by this reading. */
  readonly told: number;
  /** It holds at a device: of several, one is enough. */
  readonly holding: number;
  /** A device is not back inside: all have to be. */
  readonly outside: number;
}

/** Judges the technical rules at a reading of a device. */
export function judgeDevices(plans: readonly TechnicalPlan[], view: DeviceView, devices: readonly DeviceFold[]): Technical {
  const { device } = view;
  let told = 0;
  for (const { bit, check } of plans) {
    const side = sideOf(check, view);
    if (side === undefined) continue;
    told |= bit;
    device.h = side === 'holds' ? device.h | bit : device.h & ~bit;
    device.m = side === 'inside' ? device.m & ~bit : device.m | bit;
  }
  let holding = 0;
  let outside = 0;
  for (const { n, h, m } of devices) {
    if (view.at - n > DEVICE_STANDS) continue;
    holding |= h;
    outside |= m;
  }
  return { told, holding, outside };
}

/** Whether what a technical rule looks at holds at the device, is back inside, or neither; undefined where one reading cannot tell. */
function sideOf(check: DeviceCheck, view: DeviceView): 'holds' | 'between' | 'inside' | undefined {
  switch (check.kind) {
    case 'limit': {
      const value = check.of === 'battery' ? view.battery : view.signal;
      if (value === undefined) return undefined;
      if (isBreached(check.limit, value)) return 'holds';
      return isBackInside(check.limit, value) ? 'inside' : 'between';
    }
    case 'finding':
      return finds(check, view) ? 'holds' : 'inside';
    case 'absent':
      if (view.notWorn) return undefined;
      return isAbsent(view, check.intervals, check.within) ? 'holds' : 'inside';
  }
}

function finds({ flags, finds }: Extract<DeviceCheck, { kind: 'finding' }>, view: DeviceView): boolean {
  if ((flags & view.flags) !== 0) return true;
  for (const found of finds) if (found(view.history)) return true;
  return false;
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

function newDevice(hash: number): DeviceFold {
  return { d: hash, n: 0, g: [], t: emptyTrail(), p: FOLLOWED.map(() => [0, 0]), h: 0, m: 0 };
}

function followBattery(device: DeviceFold, at: number, battery: number): void {
  const { b } = device;
  if (b === undefined || battery > b[3] + CHARGED) device.b = [at, battery, at, battery];
  else {
    b[2] = at;
    b[3] = battery;
  }
}

function followPresence({ p }: DeviceFold, entry: Entry): void {
  const at = entry[0];
  for (let i = 0; i < FOLLOWED.length; i += 1) {
    const presence = p[i];
    if (presence === undefined) continue;
    if ((entry[3] & (1 << PLACE[FOLLOWED[i] ?? 'heart_rate'])) !== 0) {
      presence[0] = Math.min(EXPECTED_AFTER, presence[0] + 1);
      presence[1] = at;
    } else if (presence[0] < EXPECTED_AFTER) presence[0] = 0;
  }
}

function isAbsent({ device, at, interval }: DeviceView, intervals: number, within: number): boolean {
  const longest = intervals * interval;
  for (const presence of device.p) {
    const away = at - presence[1];
    if (presence[0] === EXPECTED_AFTER && away > longest && away <= within) return true;
  }
  return false;
}

/** To a hundredth, so that what is remembered stays small whatever a device sends. */
function trailVitals(entry: Entry): Measured {
  const rounded = (place: number): number | undefined => {
    const value = valueOf(entry, place);
    return value === undefined ? undefined : Math.round(value * 100) / 100;
  };
  return {
    heart_rate: rounded(PLACE.heart_rate),
    resp_rate: rounded(PLACE.resp_rate),
    spo2: rounded(PLACE.spo2),
    temperature: rounded(PLACE.temperature),
    ambient_temp: rounded(PLACE.ambient_temp),
    hydration: rounded(PLACE.hydration),
    activity: rounded(PLACE.activity),
    heat_index: rounded(PLACE.heat_index),
    pain: rounded(PLACE.pain),
  };
}
