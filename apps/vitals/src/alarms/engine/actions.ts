/** What people do to alarms. Who may do what is decided before; here is only what cannot be done. */

import { HOUR } from '../catalogue/numbers.ts';
import type { ActionInput, RefusalReason } from './contract.ts';
import type { Work } from './work.ts';
import { ruleOf } from './rules.ts';
import { alarmId, classOf, give } from './work.ts';

/** ms*: the longest time for which a technical alarm can be snoozed. */
export const SNOOZE_AT_MOST = 24 * HOUR;

/** Takes an action in. */
export function takeAction(work: Work, input: ActionInput): void {
  const reason = act(work, input);
  if (reason === undefined) return;
  const { alarm, action, by } = input;
  work.refusals.push({ alarm, action, reason, by, logTime: work.around.logTime });
}

/** Why it cannot be done, or undefined when it was done. */
function act(work: Work, { action, alarm: id, by, note, until }: ActionInput): RefusalReason | undefined {
  const { state, around } = work;
  const alarm = state.a.find((each) => alarmId(each, work) === id);
  if (alarm === undefined) return 'not_open';
  if (action === 'snooze') {
    if (classOf(ruleOf(alarm.c, around)) !== 'technical') return 'not_technical';
    if (until === undefined || !(until > around.logTime && until <= around.logTime + SNOOZE_AT_MOST)) return 'until_invalid';
  }
  return give(work, alarm.c, { input: action, by, note, until: action === 'snooze' ? until : undefined }) ? undefined : 'not_open';
}
