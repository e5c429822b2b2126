/** One input through the engine: what is due, then the input, then the calls that follow, then what is due by now because of it. */

import { takeAction } from './actions.ts';
import type { AlarmEffects, AlarmInput, Around, TimerChange } from './contract.ts';
import { ALARM_TIMER, nextDueTime, passDue } from './dues.ts';
import { manualAlertOf, manualCode, manualOutcome } from './manual.ts';
import { page, passUnreached } from './paging.ts';
import { takeReading } from './readings.ts';
import { indexOf } from './rules.ts';
import { arm } from './silence.ts';
import type { AlarmState } from './state.ts';
import type { Work } from './work.ts';
import { give } from './work.ts';

/**
 * Takes one input in. `state` is changed in place. Deterministic: the same state, input and surroundings give the same effects; nothing
 * else is read. Throws nothing for any input that satisfies its type.
 */
export function advance(state: AlarmState, input: AlarmInput, around: Around): AlarmEffects {
  state.b ??= around.logTime;
  const work: Work = { state, around, transitions: [], breaches: [], calls: [], refusals: [], events: [], informs: [], isChanged: false };
  passDue(work);
  switch (input.kind) {
    case 'reading':
      leaveForce(work);
      takeReading(work, input);
      break;
    case 'action':
      takeAction(work, input);
      break;
    case 'rules':
      leaveForce(work);
      arm(work);
      work.isChanged = true;
      break;
    case 'manual':
      give(work, manualCode(input.alert), { input: 'holds', outcome: manualOutcome(input) });
      break;
    case 'unreached':
      passUnreached(work, input.step);
      break;
    case 'timer':
      // All that is due has passed already. The timer is spent, so that it has to be armed anew.
      delete state.w;
      break;
  }
  page(work);
  passDue(work);
  const { transitions, breaches, calls, refusals } = work;
  return { transitions, breaches, calls, timers: timersOf(work), refusals };
}

/** Alarms of rules that are no more in force: an override may have begun since the last reading. */
function leaveForce(work: Work): void {
  const { byCode } = indexOf(work.around.rules);
  for (const { c } of [...work.state.a]) if (!byCode.has(c) && manualAlertOf(c) === undefined) give(work, c, { input: 'out_of_force' });
}

function timersOf(work: Work): readonly TimerChange[] {
  const { state } = work;
  const due = nextDueTime(work);
  if (due === state.w) return [];
  if (due === undefined) delete state.w;
  else state.w = due;
  return [{ name: ALARM_TIMER, due: due ?? null }];
}
