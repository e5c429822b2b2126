/** What is known of the vital signs at a reading. */

import { VITALS } from '../../contracts/reading.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import type { Entry, Fold, Held } from './state.ts';
import { FIRST_VALUE, LOW_CONFIDENCE, NOT_WORN, PLACE } from './state.ts';

/** Expected intervals that a stretch may leave out (clinical reference, section 2). */
const GAP_INTERVALS = 3;
/** ms*: how long a pain score stands, which a person gives now and then. */
const PAIN_STANDS = 60 * MINUTE;

/** What is known at a reading. Vital signs are bits by their place in VITALS. */
export interface View {
  /** ms from the origin. */
  readonly at: number;
  /** Last values by place in VITALS, those of this reading among them. */
  readonly held: readonly (Held | null)[];
  /** Three expected intervals, ms: a value that is older says nothing of now, and a longer gap ends a stretch. */
  readonly maxGap: number;
  /** The reading itself is of low confidence. */
  readonly low: boolean;
  readonly notWorn: boolean;
  /** What this reading brings as evidence. */
  readonly brought: number;
  /** What ever came. */
  readonly known: number;
  /** Values that still say something of now. */
  readonly fresh: number;
  /** Those of them that are of good quality. */
  readonly good: number;
  /** Good values of the trends before this reading. */
  readonly trends: Fold['t'];
}

/** Puts the vital signs of a reading in the place of the last ones, and tells what is known now. `interval` is that of its device, ms. */
export function look({ v: held, t: trends }: Fold, entry: Entry, interval: number): View {
  const at = entry[0];
  const low = (entry[2] & LOW_CONFIDENCE) !== 0;
  const notWorn = (entry[2] & NOT_WORN) !== 0;
  const brought = notWorn ? 0 : entry[3];
  const maxGap = GAP_INTERVALS * interval;
  let known = 0;
  let fresh = 0;
  let good = 0;
  let next = FIRST_VALUE;
  for (let place = 0; place < VITALS.length; place += 1) {
    const bit = 1 << place;
    let last = held[place] ?? null;
    if ((brought & bit) !== 0) {
      last = hold(last, entry, next);
      held[place] = last;
      next += 1;
    }
    if (last === null) continue;
    known |= bit;
    if (at - last[0] > (place === PLACE.pain ? PAIN_STANDS : maxGap)) continue;
    fresh |= bit;
    if (last[2] === 0) good |= bit;
  }
  return { at, held, maxGap, low, notWorn, brought, known, fresh, good, trends };
}

function hold(held: Held | null, entry: Entry, index: number): Held {
  const at = entry[0];
  const value = entry[index] ?? Number.NaN;
  const low = (entry[2] & LOW_CONFIDENCE) === 0 ? 0 : 1;
  if (held === null) return [at, value, low];
  held[0] = at;
  held[1] = value;
  held[2] = low;
  return held;
}
