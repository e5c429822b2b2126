/** Which alarms are in an episode: those for which people are called, while they are open. */

import { acknowledgeBy, rankOf } from '../../domain/severity.ts';
import { MINUTE } from '../catalogue/numbers.ts';
import type { Member } from '../episode/episode.ts';
import type { Alarm } from '../machine/alarm.ts';
import { CRITICAL, severityAt, stateOf } from '../machine/alarm.ts';
import { manualAlertOf } from './manual.ts';
import type { AnyRule } from './rules.ts';

/** The lowest severity for which people are called. */
const PAGES_FROM = rankOf('warn');

/** Whether a rule calls anybody at this severity: clinical ones that may reach somebody, and of the technical ones only silence. */
export function pages({ kind, reach, levels }: AnyRule, rank: number): boolean {
  if (rank < PAGES_FROM || reach === 'nobody') return false;
  return kind !== 'technical' || levels[0].condition.kind === 'silence';
}

/** Whether an alarm is in an episode. One raised by hand is until it was seen, and a cleared one only while it is critical and unseen: else yesterday's would silence today's. */
export function isMember(alarm: Alarm, rule: AnyRule): boolean {
  const state = stateOf(alarm);
  if (manualAlertOf(alarm.c) !== undefined && state === 'acknowledged') return false;
  if (state === 'cleared') return alarm.p >= CRITICAL && pages(rule, alarm.p);
  return (state === 'active' || state === 'acknowledged') && pages(rule, Math.max(alarm.v, alarm.p));
}

/** Whether nobody has seen an alarm that is in an episode. */
export function isUnseen(alarm: Alarm, logTime: number): boolean {
  return stateOf(alarm) !== 'acknowledged' && (alarm.z === undefined || alarm.z <= logTime);
}

/** An alarm as its episode sees it. */
export function memberOf(alarm: Alarm, rule: AnyRule, logTime: number): Member {
  const seen = !isUnseen(alarm, logTime);
  const rank = seen ? alarm.v : alarm.p;
  const within = rule.acknowledgeWithin === undefined ? (acknowledgeBy(severityAt(rank), 0) ?? 0) : rule.acknowledgeWithin * MINUTE;
  return { alarm, rank, seen, called: alarm.u === 1, within, reach: rule.reach };
}
