/**
 * How long a history is as JSON, by counting: it is asked for at every reading, and to write it out each time would take longer than to judge
 * the reading. Exact, so that what is kept does not depend on how it was counted.
 */

import type { AlarmHistory, DeviceFold, Entry, Fold, Tracker } from './state.ts';

/** Characters of a history, of which `queue` are those of the readings that wait ({@link entryLength} of each). */
export function historyLength({ o, q, s, w, b }: AlarmHistory, queue: number): number {
  let length = '{"o":,"q":[],"s":,"b":{"d":,"c":,"m":}}'.length + numberLength(o) + queue + commas(q.length) + foldLength(s);
  if (w !== undefined) length += ',"w":'.length + numberLength(w);
  return length + numberLength(b.d) + numbersLength(b.c) + rowsLength(b.m);
}

/** What a bound on the length of a history is found from. */
export interface Extent {
  /** Characters of the readings that wait. */
  readonly queue: number;
  /** Rules that have trackers, and the most characters of a code among them. */
  readonly trackers: number;
  readonly code: number;
  /** Characters of the longest number among what is settled. */
  readonly number: number;
}

/** Numbers of a device, and characters around them; the same of a tracker beside its code; of the baseline; of the last values and the rest. */
const DEVICE = { numbers: 85, text: 140 } as const;
const TRACKER = { numbers: 15, text: 20 } as const;
const BASELINE = { numbers: 56, text: 60 } as const;
const REST = { numbers: 2 + 27, text: 160 } as const;

/**
 * A bound on the characters of a history, without a look at its numbers, which takes several times as long as all the rest: as if every number
 * were as long as the longest one.
 */
export function historyBound({ q, s: { d, t } }: AlarmHistory, { queue, trackers, code, number }: Extent): number {
  const points = t.heart_rate.length + t.temperature.length + t.spo2.length;
  const numbers = REST.numbers + BASELINE.numbers + d.length * DEVICE.numbers + points * 3 + trackers * TRACKER.numbers;
  const text = REST.text + BASELINE.text + d.length * DEVICE.text + points * 2 + trackers * (TRACKER.text + code);
  return text + numbers * (number + 1) + queue + q.length;
}

/** Longest number that is made here, of readings whose own are no longer: counts, and times that are near the origin. */
const OWN_LONGEST = 10;

/** Characters of the longest number of a reading, or of what follows from it. */
export function longestNumber(numbers: readonly (number | null)[]): number {
  let longest = OWN_LONGEST;
  for (let i = 0; i < numbers.length; i += 1) {
    const value = numbers[i] ?? null;
    // Rounding may write it in another way.
    longest = Math.max(longest, value !== null && Math.abs(value) >= PLAIN ? LONGEST : numberLength(value));
  }
  return longest;
}

/** Characters of the longest number among what is settled, or of what follows from it. */
export function longestSettled({ s, w, b }: AlarmHistory): number {
  // Names and codes among them are cut into short pieces, if not left out.
  const found = JSON.stringify([s, w ?? null, b]).match(/[-+.eE\d]+/g) ?? [];
  return found.reduce((longest, each) => Math.max(longest, each.length), OWN_LONGEST);
}

/** Characters of the longest number there is, such as -1.7976931348623157e+308. */
const LONGEST = 25;

/** Characters of a reading that waits. */
export function entryLength(entry: Entry): number {
  return numbersLength(entry);
}

function foldLength({ d, v, r, t }: Fold): number {
  let length = '{"d":[],"v":,"r":{},"t":{"heart_rate":,"temperature":,"spo2":}}'.length;
  for (const device of d) length += deviceLength(device);
  length += commas(d.length) + rowsLength(v) + rowsLength(t.heart_rate) + rowsLength(t.temperature) + rowsLength(t.spo2);
  let trackers = 0;
  for (const code in r) {
    length += '"":'.length + code.length + trackerLength(r[code] ?? []);
    trackers += 1;
  }
  return length + commas(trackers);
}

function deviceLength({ d, n, g, i, t, p, h, m, b }: DeviceFold): number {
  let length = '{"d":,"n":,"g":,"t":{"v":,"f":,"h":,"r":,"x":,"y":,"m":},"p":,"h":,"m":}'.length;
  length += numberLength(d) + numberLength(n) + numbersLength(g) + rowsLength(p) + numberLength(h) + numberLength(m);
  if (i !== undefined) length += ',"i":'.length + numberLength(i);
  if (b !== undefined) length += ',"b":'.length + numbersLength(b);
  length += numbersLength(t.v) + rowsLength(t.f) + numbersLength(t.h) + numbersLength(t.r);
  return length + numberLength(t.x) + numberLength(t.y) + numbersLength(t.m);
}

function trackerLength(tracker: Tracker): number {
  let length = '[]'.length + commas(tracker.length);
  for (const run of tracker) length += run === 0 ? 1 : numbersLength(run);
  return length;
}

function rowsLength(rows: readonly (readonly number[] | null)[]): number {
  let length = '[]'.length + commas(rows.length);
  for (const row of rows) length += row === null ? 'null'.length : numbersLength(row);
  return length;
}

function numbersLength(numbers: readonly (number | null)[]): number {
  let length = '[]'.length + commas(numbers.length);
  for (let i = 0; i < numbers.length; i += 1) length += numberLength(numbers[i] ?? null);
  return length;
}

function commas(members: number): number {
  return members === 0 ? 0 : members - 1;
}

/** Beyond it, numbers are written in ways that only the engine knows. */
const PLAIN = 1e9;

/** Characters of a number as JSON. */
function numberLength(value: number | null): number {
  if (value === null || !Number.isFinite(value)) return 'null'.length;
  const magnitude = Math.abs(value);
  if (magnitude >= PLAIN) return String(value).length;
  const whole = Math.floor(magnitude);
  const length = (value < 0 ? 1 : 0) + digits(whole);
  if (whole === magnitude) return length;
  // What has that many decimals is written with them.
  if (Math.round(magnitude * 10) / 10 === magnitude) return length + 2;
  if (Math.round(magnitude * 100) / 100 === magnitude) return length + 3;
  if (Math.round(magnitude * 1000) / 1000 === magnitude) return length + 4;
  return String(value).length;
}

/** Of a whole number below {@link PLAIN}. */
function digits(whole: number): number {
  if (whole < 100) return whole < 10 ? 1 : 2;
  if (whole < 10_000) return whole < 1000 ? 3 : 4;
  if (whole < 1_000_000) return whole < 100_000 ? 5 : 6;
  if (whole < 100_000_000) return whole < 10_000_000 ? 7 : 8;
  return 9;
}
