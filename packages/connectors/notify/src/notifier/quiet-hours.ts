/** Quiet hours in the recipient's own time zone, over changes of the clocks too. */

import { clockFormat } from '../templates/local.ts';
import type { QuietHours } from './call.ts';

const MINUTE = 60_000;
const DAY = 24 * 60;
/** Clocks are put forward or back by less than this, min. */
const SHIFT = 3 * 60;

/**
 * When the quiet hours that hold at `now` (ms) end, or undefined when none hold. Hours or a zone that cannot be read hold nothing back: a
 * message too many is better than one too late.
 */
export function quietUntil(now: number, quiet: QuietHours, timeZone: string): number | undefined {
  const from = minutesOf(quiet.from);
  const to = minutesOf(quiet.to);
  const format = clockFormat('en', timeZone, false);
  if (from === undefined || to === undefined || from === to || format === undefined) return undefined;
  // Minutes since midnight on a clock on the wall there.
  const wall = (at: number): number => minutesOf(format.format(at)) ?? 0;
  const isQuiet = (at: number): boolean => {
    const minute = wall(at);
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
  };
  if (!isQuiet(now)) return undefined;
  const begun = Math.floor(now / MINUTE) * MINUTE;
  // Where no clock is changed meanwhile the end is here; a change moves it by no more than the shift.
  const expected = (to - wall(now) + DAY) % DAY;
  for (let minutes = Math.max(1, expected - SHIFT); minutes < expected + SHIFT; minutes += 1) {
    const at = begun + minutes * MINUTE;
    if (!isQuiet(at)) return at;
  }
  return begun + expected * MINUTE;
}

function minutesOf(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined || minutes === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}
