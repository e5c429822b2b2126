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
