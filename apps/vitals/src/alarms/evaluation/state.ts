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
type EntryField = (typeof ENTRY_FIELDS)[number];

/** Flags of an entry. */
export const LOW_CONFIDENCE = 1;
export const NOT_WORN = 2;
/** Checks that need more than the readings themselves: kept as bits from 4 on. */
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
  const { device, at, vitals, lowConfidence, notWorn, findings, battery, signal, interval } = reading;
  const all: Readonly<Record<EntryField, number | undefined>> = { ...ABSENT, ...vitals, battery, signal, interval };
  let flags = (lowConfidence ? LOW_CONFIDENCE : 0) | (notWorn ? NOT_WORN : 0);
  for (const [i, name] of FLAGGED_CHECKS.entries()) if (findings.includes(name)) flags |= 4 << i;
  let mask = 0;
  const values: number[] = [];
  for (const [i, field] of ENTRY_FIELDS.entries()) {
    const value = all[field];
    if (value === undefined) continue;
    mask |= 1 << i;
    values.push(value);
  }
  return [Math.round(at - origin), deviceHash(device), flags, mask, ...values];
}

const ABSENT = Object.fromEntries(ENTRY_FIELDS.map((field) => [field, undefined])) as Record<EntryField, undefined>;

/** The values of an entry by their place in ENTRY_FIELDS. */
export function valuesOf(entry: Entry): readonly (number | undefined)[] {
  const values: (number | undefined)[] = [];
  const mask = entry[3];
  let next = 4;
  for (let i = 0; i < ENTRY_FIELDS.length; i += 1) {
    if ((mask & (1 << i)) === 0) values.push(undefined);
    else {
      values.push(entry[next]);
      next += 1;
    }
  }
  return values;
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

/** A copy that can be changed. */
export function cloneFold({ d, v, r, t }: Fold): Fold {
  return {
    d: d.map((device) => ({ ...device, g: [...device.g], t: cloneTrail(device.t), p: device.p.map(([count, last]) => [count, last]) })),
    v: [...v],
    r: Object.fromEntries(Object.entries(r).map(([code, runs]) => [code, runs.map((run) => (run === 0 ? 0 : [...run]))])),
    t: { heart_rate: [...t.heart_rate], temperature: [...t.temperature], spo2: [...t.spo2] },
  };
}

function cloneTrail(trail: Trail): Trail {
  const { v, f, h, r, x, y, m } = trail;
  return { v: [...v], f: f.map((run) => (run === null ? null : [...run])), h: [...h], r: [...r], x, y, m: [...m] };
}

/** The place of a vital sign in VITALS, and its bit. */
export const PLACE: Readonly<Record<Vital, number>> = Object.fromEntries(VITALS.map((vital, place) => [vital, place])) as Record<
  Vital,
  number
>;
