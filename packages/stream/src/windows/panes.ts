/**
 * Panes: what was measured of one key in one stretch of event time (a minute), as count, exact sum, least and greatest value of each
 * field. Windows are views over panes, so a record that comes late corrects one pane and not every window that it belongs to.
 *
 * The watermark of a key is the newest event time seen less the allowed lateness; it never moves back. A pane is open until the watermark
 * passes its end, or until its key has been idle and {@link Panes.closeAll} is called. A record older than the watermark is late: it changes
 * no pane. So a pane that is closed never changes again.
 */

import { KidjamoError } from '../errors.ts';
import { addToSum, roundSum, ZERO_SUM } from './exact-sum.ts';
import type { ExactSum } from './exact-sum.ts';

/** Values of a field that are kept one by one; more are kept as a {@link Summary}, since that is then the shorter JSON. */
const KEPT_VALUES = 4;

/** Count, least value, greatest value and sum of many values. */
export interface Summary {
  n: number;
  l: number;
  h: number;
  s: ExactSum;
}

/** What a field came to in a pane: nothing, the only value, a few values, or a summary of many. */
export type Cell = null | number | number[] | Summary;

/** A pane as JSON: which stretch of event time (start divided by width), number of records, cells in the order of the fields. */
export type Pane = [index: number, count: number, cells: Cell[]];

/** Panes of one key, as JSON. Made empty by `{ p: [] }`; members added by the owner are left alone. */
export interface PanesState {
  /** Newest event time, ms; absent before the first record. */
  n?: number;
  /** Panes that end here or before were closed while the key was idle. */
  c?: number;
  /** Open panes, earliest first. */
  p: Pane[];
}

/** Length of panes and how far behind the newest a record may be. */
export interface PanesOptions {
  /** Length of a pane, ms. */
  readonly width: number;
  /** ms. */
  readonly lateness: number;
}

const NO_PANES: readonly Pane[] = [];

export class Panes {
  readonly width: number;
  readonly lateness: number;

  constructor({ width, lateness }: PanesOptions) {
    this.width = width;
    this.lateness = lateness;
  }

  /** Whether a record of event time `at` would come too late to be added. */
  isLate(state: PanesState, at: number): boolean {
    return (state.n !== undefined && at < state.n - this.lateness) || (state.c !== undefined && at < state.c);
  }

  /**
   * Adds a record: `values` by field, undefined where it has none. Moves the watermark, but closes nothing: {@link closePassed} does.
   * Returns the pane it belongs to, or undefined when it is late.
   * @throws KidjamoError INPUT_INVALID for a value that is not finite.
   */
  add(state: PanesState, at: number, values: readonly (number | undefined)[]): Pane | undefined {
    if (this.isLate(state, at)) return undefined;
    if (state.n === undefined || at > state.n) {
      state.n = at;
      if (state.c !== undefined && state.c <= at - this.lateness) delete state.c;
    }
    const pane = findPane(state.p, Math.floor(at / this.width));
    pane[1] += 1;
    const cells = pane[2];
    for (let field = 0; field < values.length; field += 1) {
      const value = values[field];
      if (value === undefined) continue;
      // Fields after the last one with a value are left out of the JSON.
      while (cells.length < field) cells.push(null);
      // -0 would be the least of two equal values or not by the order of arrival, and JSON forgets its sign.
      cells[field] = extend(cells[field] ?? null, value + 0);
    }
    return pane;
  }

  /** Takes the panes out that the watermark has passed, earliest first. */
  closePassed(state: PanesState): readonly Pane[] {
    const first = state.p[0];
    if (first === undefined || state.n === undefined) return NO_PANES;
    const watermark = state.n - this.lateness;
    if (this.end(first) > watermark) return NO_PANES;
    let passed = 1;
    for (let pane = state.p[passed]; pane !== undefined && this.end(pane) <= watermark; pane = state.p[passed]) passed += 1;
    return state.p.splice(0, passed);
  }

  /** Takes all panes out, earliest first, because the key is idle. What belongs to them and still comes is late. */
  closeAll(state: PanesState): readonly Pane[] {
    const last = state.p.at(-1);
    if (last === undefined) return NO_PANES;
    state.c = this.end(last);
    return state.p.splice(0);
  }

  /** Start of a pane, ms since the epoch. */
  start(pane: Pane): number {
    return pane[0] * this.width;
  }

  /** End of a pane, ms since the epoch; not part of it. */
  end(pane: Pane): number {
    return (pane[0] + 1) * this.width;
  }
}

/** Number of values of a field. */
export function cellCount(cell: Cell | undefined): number {
  if (cell === null || cell === undefined) return 0;
  if (typeof cell === 'number') return 1;
  return Array.isArray(cell) ? cell.length : cell.n;
}

/** Sum of the values of a field, rounded once. */
export function cellSum(cell: Cell | undefined): number {
  if (cell === null || cell === undefined) return 0;
  if (typeof cell === 'number') return cell;
  return roundSum(Array.isArray(cell) ? sumOf(cell) : cell.s);
}

/** Least value of a field, or undefined when it has none. */
export function cellMin(cell: Cell | undefined): number | undefined {
  if (cell === null || cell === undefined) return undefined;
  if (typeof cell === 'number') return cell;
  return Array.isArray(cell) ? Math.min(...cell) : cell.l;
}

/** Greatest value of a field, or undefined when it has none. */
export function cellMax(cell: Cell | undefined): number | undefined {
  if (cell === null || cell === undefined) return undefined;
  if (typeof cell === 'number') return cell;
  return Array.isArray(cell) ? Math.max(...cell) : cell.h;
}

function extend(cell: Cell, value: number): Cell {
  if (!Number.isFinite(value)) throw new KidjamoError('INPUT_INVALID', 'only finite numbers can be added to a pane');
  if (cell === null) return value;
  if (typeof cell === 'number') return [cell, value];
  if (!Array.isArray(cell)) {
    cell.n += 1;
    if (value < cell.l) cell.l = value;
    if (value > cell.h) cell.h = value;
    cell.s = addToSum(cell.s, value);
    return cell;
  }
  cell.push(value);
  if (cell.length <= KEPT_VALUES) return cell;
  return { n: cell.length, l: Math.min(...cell), h: Math.max(...cell), s: sumOf(cell) };
}

function sumOf(values: readonly number[]): ExactSum {
  let sum = ZERO_SUM;
  for (const value of values) sum = addToSum(sum, value);
  return sum;
}

/** The open pane with this index, made in its place when it is missing. */
function findPane(panes: Pane[], index: number): Pane {
  let place = panes.length;
  for (; place > 0; place -= 1) {
    const pane = panes[place - 1];
    if (pane === undefined || pane[0] < index) break;
    if (pane[0] === index) return pane;
  }
  const made: Pane = [index, 0, []];
  panes.splice(place, 0, made);
  return made;
}
