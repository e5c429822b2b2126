/** Levels of escalation: how far a severity goes, and which levels are empty (clinical reference, section 3). */

import type { Reach } from '../catalogue/rule-data.ts';
import { CRITICAL } from '../machine/alarm.ts';

/** The level of the treating clinician. */
export const CLINICIAN_LEVEL = 1;
/** The highest level; a critical is repeated there. */
export const LAST_LEVEL = 3;
/** Bits of all levels. */
export const ALL_LEVELS = 0b1111;

/** The highest level that an alarm may reach: a warn never rises, an alert stops at the treating clinician, and so do surroundings alone*. */
export function capOf(rank: number, reach: Reach): number {
  if (rank >= CRITICAL) return reach === 'clinicians' ? LAST_LEVEL : CLINICIAN_LEVEL;
  return rank === CRITICAL - 1 ? CLINICIAN_LEVEL : 0;
}

/** The first level above `level`, up to `cap`, that is not empty. */
export function nextLevel(level: number, cap: number, audience: number): number | undefined {
  for (let next = level + 1; next <= cap; next += 1) if ((audience & (1 << next)) !== 0) return next;
  return undefined;
}

/** The level that is called first: the lowest that is not empty, lest nobody be called. */
export function lowestLevel(reach: Reach, audience: number): number {
  return nextLevel(-1, reach === 'clinicians' ? LAST_LEVEL : CLINICIAN_LEVEL, audience) ?? 0;
}
