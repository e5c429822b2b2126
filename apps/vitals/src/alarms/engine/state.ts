/** What the engine remembers of a patient, as JSON. Names are short because it is written with every batch. */

import type { AlarmHistory } from '../evaluation/state.ts';
import type { Episode } from '../episode/episode.ts';
import type { Alarm } from '../machine/alarm.ts';

/** A stretch of late data in which a rule held: code, number of the alarm, event times of its first and last reading, imported. */
export type LateStretch = [code: string, serial: number, from: number, to: number, imported: 0 | 1];

/** All that is remembered of one patient. JSON-safe: nothing is lost when it is written and read between two inputs. Times are ms. */
export interface AlarmState {
  /** Log time of the first input: part of all ids, so that a patient who is forgotten and comes back gets new ones. */
  b?: number;
  /** Numbers given to alarms and episodes so far. */
  n: number;
  /** What evaluation remembers; absent before the first reading. */
  h?: AlarmHistory;
  /** Alarms that are open or, while their episode lasts, closed; in the order in which they were opened. */
  a: Alarm[];
  /** The clinical episode, and the technical one. */
  e?: Episode;
  t?: Episode;
  /** Log time at which the patient was last heard of; the interval between readings expected then; when silence is looked at next. */
  l?: number;
  x?: number;
  s?: number;
  /** The last stretches of late data. */
  r?: LateStretch[];
  /** Log time at which the timer is armed. */
  w?: number;
}

/** Nothing remembered yet. */
export function newAlarmState(): AlarmState {
  return { n: 0, a: [] };
}
