/**
 * What is remembered of a patient's readings so that rules can look back, as JSON. Names are short because it is written with every batch.
 *
 * Readings wait in order of event time until they are ten minutes behind the newest one; only then are they settled, that is folded into
 * what is remembered. Between the two everything is found by folding the ones that wait over a copy. So a reading that comes out of order
 * gives what it would have given in order.
 */

import { VITALS } from '../../contracts/reading.ts';
import type { Vital, Vitals } from '../../contracts/reading.ts';
import type { Trail } from '../../domain/quality/trail.ts';
import type { BaselineState } from '../baseline.ts';
import { newBaseline } from '../baseline.ts';
import type { TrendVital } from '../catalogue/rule-data.ts';

/** A stretch in which a level held: its first and last reading (ms from the origin), and whether one of them was of good quality. */
export type Run = [since: number, last: number, good: 0 | 1];

/** Runs of a rule: back inside, then by severity from info to critical; 0 for none. */
export type Tracker = (Run | 0)[];

/** Last value of a vital sign: when (ms from the origin), what, and whether it was of low confidence. */
export type Held = [at: number, value: number, low: 0 | 1];

/** A value of a trend, and how many readings it stands for. */
export type TrendPoint = [at: number, value: number, readings: number];

/** How long a vital sign came with each reading of a device: readings, 3 at most, and the last time. */
export type Presence = [readings: number, last: number];

/** What is remembered of a device. */
export interface DeviceFold {
  /** Short hash of its id. */
  d: number;
  /** Newest reading. */
  n: number;
  /** Times between its last readings, ms, oldest first. */
  g: number[];
  /** Expected interval as configured, ms. */
  i?: number;
  /** For flat lines and the like. */
  t: Trail;
  /** Of the followed vital signs. */
  p: Presence[];
  /** Bits of the technical rules that hold at its last reading, and of those that are not back inside. */
  h: number;
  m: number;
  /** Where the present discharge of the battery began, and the last value: [at, %, at, %]. */
  b?: [number, number, number, number];
}

/** Everything that follows from the readings up to some time. */
export interface Fold {
  /** Devices, the one heard last at the end. */
  d: DeviceFold[];
  /** By place in VITALS. */
  v: (Held | null)[];
  /** Trackers by code of the rule; a rule that is back inside for good has none. */
  r: Record<string, Tracker>;
  t: { [V in TrendVital]: TrendPoint[] };
}

/** A reading that waits: time, device, flags, bits of the measures that it has, and these. Only numbers, so that it is small. */
export type Entry = readonly [at: number, device: number, flags: number, mask: number, ...values: number[]];

/** What is remembered of a patient. */
export interface AlarmHistory {
  /** Origin of times, ms since the epoch. */
  o: number;
  /** Readings that are not settled, in order. */
  q: Entry[];
  /** What is settled. */
  s: Fold;
  /** Time of the last reading that was settled; absent before. */
  w?: number;
  b: BaselineState;
}

/** A reading, as the alarms see it. */
export interface AlarmReading {
  readonly device: string;
  /** Event time, ms since the epoch; time of receipt where a fast clock puts it after that, lest other devices of the patient be late. */
  readonly at: number;
  readonly vitals: Vitals;
  /**
   * Of the grade of its quality, but not because of a flat line alone: by the tolerances in use nearly every temperature is flat, and then
   * no alarm would ever clear. Flat lines are looked for here too, as technical rules.
   */
  readonly lowConfidence: boolean;
  /** The device says that nobody wears it: its vital signs are no evidence. */
  readonly notWorn: boolean;
  /** Names of the quality checks that found something. */
  readonly findings: readonly string[];
  /** %. */
  readonly battery?: number | undefined;
  /** 0-100. */
  readonly signal?: number | undefined;
  /** Time that the device is configured to leave between readings, ms; else it is learned. */
  readonly interval?: number | undefined;
}

/** What an entry may hold, in the order of its bits. */
export const ENTRY_FIELDS = [...VITALS, 'battery', 'signal', 'interval'] as const;
/** Where in an entry its values begin. */
export const FIRST_VALUE = 4;
export const BATTERY = ENTRY_FIELDS.indexOf('battery');
export const SIGNAL = ENTRY_FIELDS.indexOf('signal');
export const INTERVAL = ENTRY_FIELDS.indexOf('interval');

/** Flags of an entry. */
export const LOW_CONFIDENCE = 1;
export const NOT_WORN = 2;
/** From here on, flags name checks. */
export const FLAGGED = 4;
/** Checks that need more than the readings themselves: kept as bits from {@link FLAGGED} on. */
export const FLAGGED_CHECKS = ['clock_skew', 'firmware_not_allowed', 'not_worn'] as const;

/** Nothing remembered yet. `at` is the event time of the first reading, ms. */
export function newHistory(at: number): AlarmHistory {
  return {
    o: Math.floor(at),
    q: [],
    s: { d: [], v: VITALS.map(() => null), r: {}, t: { heart_rate: [], temperature: [], spo2: [] } },
    b: newBaseline(),
  };
}

/** The entry of a reading, with times from `origin` on. */
export function entryOf(reading: AlarmReading, origin: number): Entry {
  const { vitals, findings } = reading;
  let flags = (reading.lowConfidence ? LOW_CONFIDENCE : 0) | (reading.notWorn ? NOT_WORN : 0);
  if (findings.length > 0) for (const [i, name] of FLAGGED_CHECKS.entries()) if (findings.includes(name)) flags |= FLAGGED << i;
  const entry: MutableEntry = [Math.round(reading.at - origin), deviceHash(reading.device), flags, 0];
  for (let place = 0; place < VITALS.length; place += 1) addValue(entry, place, vitals[VITALS[place] ?? 'heart_rate']);
  addValue(entry, BATTERY, reading.battery);
  addValue(entry, SIGNAL, reading.signal);
  addValue(entry, INTERVAL, reading.interval);
  return entry;
}

type MutableEntry = [at: number, device: number, flags: number, mask: number, ...values: number[]];

/** Values come in the order of their places. */
function addValue(entry: MutableEntry, place: number, value: number | undefined): void {
  if (value === undefined) return;
  entry[3] |= 1 << place;
  entry.push(value);
}

/** The value at a place in ENTRY_FIELDS; undefined where the reading has none. */
export function valueOf(entry: Entry, place: number): number | undefined {
  const bit = 1 << place;
  const mask = entry[3];
  if ((mask & bit) === 0) return undefined;
  let index = FIRST_VALUE;
  for (let before = mask & (bit - 1); before !== 0; before &= before - 1) index += 1;
  return entry[index];
}

/** Order of event time; the rest of the numbers decide between readings of one instant, so that every order of arrival gives the same. */
export function compareEntries(a: Entry, b: Entry): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A short number for a device (FNV-1a): two devices of one patient share it once in a hundred thousand, and then count as one. */
export function deviceHash(device: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < device.length; i += 1) hash = Math.imul(hash ^ device.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % 100_000;
}

/** A copy that shares nothing with it, since all of it is changed in place. */
export function cloneFold({ d, v, r, t }: Fold): Fold {
  const points = (trend: readonly TrendPoint[]): TrendPoint[] => trend.map(([at, value, readings]) => [at, value, readings]);
  return {
    d: d.map(cloneDevice),
    v: v.map((held) => (held === null ? null : [held[0], held[1], held[2]])),
    r: Object.fromEntries(Object.entries(r).map(([code, runs]) => [code, runs.map((run) => (run === 0 ? 0 : [run[0], run[1], run[2]]))])),
    t: { heart_rate: points(t.heart_rate), temperature: points(t.temperature), spo2: points(t.spo2) },
  };
}

function cloneDevice({ g, t, p, b, ...rest }: DeviceFold): DeviceFold {
  const device: DeviceFold = { ...rest, g: [...g], t: cloneTrail(t), p: p.map(([count, last]) => [count, last]) };
  if (b !== undefined) device.b = [...b];
  return device;
}

function cloneTrail(trail: Trail): Trail {
  const { v, f, h, r, x, y, m } = trail;
  return { v: [...v], f: f.map((run) => (run === null ? null : [...run])), h: [...h], r: [...r], x, y, m: [...m] };
}

/** The place of a vital sign in VITALS, which is that in ENTRY_FIELDS too. */
export const PLACE: Readonly<Record<Vital, number>> = Object.fromEntries(VITALS.map((vital, place) => [vital, place])) as Record<
  Vital,
  number
>;
