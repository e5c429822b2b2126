/** A reading as the alarms see it, as small JSON: enough to put it through the engine once more. */

import { VITALS } from '../contracts/reading.ts';
import type { Vital } from '../contracts/reading.ts';
import type { AlarmReading } from './evaluation/state.ts';
import { FLAGGED_CHECKS } from './evaluation/state.ts';

/** Log time, receipt and event time (ms), device, flags, bits of the measures that it has, and these. */
export type PackedReading = readonly [
  logTime: number,
  received: number,
  at: number,
  device: string,
  flags: number,
  mask: number,
  ...values: number[],
];

/** A reading, and what came with it. */
export interface Journalled {
  readonly reading: AlarmReading;
  readonly received: number;
  readonly logTime: number;
}

/** Flags; from the last one on they name checks. */
const LOW_CONFIDENCE = 1;
const NOT_WORN = 2;
const CHECKS_FROM = 4;
/** Measures beside the vital signs. */
const OTHERS = ['battery', 'signal', 'interval'] as const;
const FIRST_VALUE = 6;

/** The small form. Of the findings it keeps those that readings alone do not show, as the engine does. */
export function packReading({ reading, received, logTime }: Journalled): PackedReading {
  let flags = (reading.lowConfidence ? LOW_CONFIDENCE : 0) | (reading.notWorn ? NOT_WORN : 0);
  for (const [i, name] of FLAGGED_CHECKS.entries()) if (reading.findings.includes(name)) flags |= CHECKS_FROM << i;
  let mask = 0;
  const values: number[] = [];
  const add = (place: number, value: number | undefined): void => {
    if (value === undefined) return;
    mask |= 1 << place;
    values.push(value);
  };
  for (const [place, vital] of VITALS.entries()) add(place, reading.vitals[vital]);
  for (const [place, name] of OTHERS.entries()) add(VITALS.length + place, reading[name]);
  return [logTime, received, reading.at, reading.device, flags, mask, ...values];
}

/** The reading of a small form. */
export function unpackReading(packed: PackedReading): Journalled {
  const [logTime, received, at, device, flags, mask] = packed;
  let next = FIRST_VALUE;
  const take = (place: number): number | undefined => {
    if ((mask & (1 << place)) === 0) return undefined;
    const value = packed[next];
    next += 1;
    return typeof value === 'number' ? value : undefined;
  };
  const vitals: { -readonly [V in Vital]?: number } = {};
  for (const [place, vital] of VITALS.entries()) {
    const value = take(place);
    if (value !== undefined) vitals[vital] = value;
  }
  const [battery, signal, interval] = OTHERS.map((_, place) => take(VITALS.length + place));
  return {
    logTime,
    received,
    reading: {
      device,
      at,
      vitals,
      lowConfidence: (flags & LOW_CONFIDENCE) !== 0,
      notWorn: (flags & NOT_WORN) !== 0,
      findings: FLAGGED_CHECKS.filter((_, i) => (flags & (CHECKS_FROM << i)) !== 0),
      battery,
      signal,
      interval,
    },
  };
}
