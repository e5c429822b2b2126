/** One input under way: the state that it changes, and the effects collected so far. */

import { rankOf } from '../../domain/severity.ts';
import type { AlarmRule } from '../catalogue/rule-data.ts';
import type { Outcome, Satisfied } from '../evaluation/outcome.ts';
import type { Alarm, Turn } from '../machine/alarm.ts';
import { CRITICAL, noAlarm, severityAt, turn } from '../machine/alarm.ts';
import type { MachineInput, MachineState } from '../machine/table.ts';
import { isMember, isUnseen, pages } from './members.ts';
import type { Actor, AlarmClass, Around, Breach, Call, Refusal, ShownState, Transition, TransitionReason } from './contract.ts';
import { manualAlertOf } from './manual.ts';
import { ruleOf } from './rules.ts';
import type { AlarmState } from './state.ts';

/** What an alarm tells its episode. */
export interface EpisodeEvent {
  readonly alarm: Alarm;
  readonly kind: 'raises' | 'rises' | 'returns' | 'reminds';
  /** It was in the episode before. */
  readonly wasMember: boolean;
  /** What people were being called for because of it; -1 for nothing. */
  readonly called: number;
}

/** An input under way. */
export interface Work {
  readonly state: AlarmState;
  readonly around: Around;
  readonly transitions: Transition[];
  readonly breaches: Breach[];
  readonly calls: Call[];
  readonly refusals: Refusal[];
  events: EpisodeEvent[];
  /** Something happened that an episode may have to follow. */
  isChanged: boolean;
  /** Alarms of which the treating clinician has to be told. */
  informs: Alarm[];
}

/** What is told of a transition beside its cause. */
export interface Told {
  readonly outcome?: Outcome | undefined;
  /** The outcome is of log time, so that it has no event time. */
  readonly byLogTime?: boolean;
  readonly age?: number | undefined;
  readonly uncertain?: boolean;
  readonly by?: Actor;
  readonly note?: string | undefined;
  readonly until?: number | undefined;
}

/** Notes a reading on which the rule of an alarm holds. What is wrong with the equipment is not counted: it holds for hours. */
export function noteBreach(work: Work, alarm: Pick<Alarm, 'c' | 'n' | 'g'>, { rule, at, values, limit }: Satisfied): void {
  if (rule.kind === 'technical') return;
  work.breaches.push({ alarm: alarmId(alarm, work), rule: alarm.c, at, values, limit, uncertain: alarm.g === 1 });
}

/** Clinical or technical. */
export function classOf({ kind }: Pick<AlarmRule, 'kind'>): AlarmClass {
  return kind === 'technical' ? 'technical' : 'clinical';
}

/** The id of an alarm; one raised by hand has that of its alert. */
export function alarmId({ c, n }: Pick<Alarm, 'c' | 'n'>, { state, around }: Pick<Work, 'state' | 'around'>): string {
  return manualAlertOf(c) ?? around.newId('alarm', c, String(state.b), String(n));
}

/** Another number for an alarm or an episode. */
export function nextSerial(state: AlarmState): number {
  state.n += 1;
  return state.n;
}

/** Gives `input` to the alarm of a rule, and notes what comes of it. False when it was refused. */
export function give(work: Work, code: string, { input, ...told }: { readonly input: MachineInput } & Told): boolean {
  const { state, around } = work;
  const known = state.a.find(({ c }) => c === code);
  const alarm = known ?? noAlarm(code);
  const rule = ruleOf(code, around);
  const before = {
    wasMember: isMember(alarm, rule),
    called: isMember(alarm, rule) && isUnseen(alarm, around.logTime) && alarm.u === 1 ? alarm.p : -1,
    peak: alarm.p,
  };
  const { outcome } = told;
  const done = turn(alarm, input, {
    logTime: around.logTime,
    rank: outcome !== undefined && 'severity' in outcome ? rankOf(outcome.severity) : undefined,
    at: outcome?.at,
    serial: state.n + 1,
    until: told.until,
  });
  if (done === 'refused') return false;
  if (done.effects.includes('opens')) {
    nextSerial(state);
    if (told.uncertain === true) alarm.g = 1;
  }
  if (known === undefined && done.to !== 'none') state.a.push(alarm);
  if (known !== undefined && done.to === 'none') state.a = state.a.filter((each) => each !== known);
  const isChanged = done.from !== done.to || (done.before !== undefined && done.before !== severityAt(alarm.v));
  // A delay that runs, or ran for nothing, is no step in the life of an alarm: there would be one at every other reading.
  const isTold = done.to !== 'pending' && done.to !== 'none' && (isChanged || done.effects.includes('logs'));
  if (isChanged || done.effects.length > 0) work.isChanged = true;
  if (isTold) work.transitions.push(transitionOf(work, alarm, { turn: done, told }));
  for (const effect of done.effects) {
    if (effect === 'informs') {
      if (told.by?.role !== 'clinician' && before.peak >= CRITICAL && rule.reach === 'clinicians') work.informs.push({ ...alarm });
    } else if (effect === 'raises' || effect === 'rises' || effect === 'returns' || effect === 'reminds') {
      if (pages(rule, alarm.v)) work.events.push({ alarm, kind: effect, wasMember: before.wasMember, called: before.called });
    }
  }
  return true;
}

const SHOWN: Readonly<Record<MachineState, ShownState>> = {
  none: 'none',
  pending: 'pending',
  unconfirmed: 'active',
  active: 'active',
  acknowledged: 'acknowledged',
  cleared: 'cleared',
  unconfirmed_cleared: 'cleared',
  resolved: 'resolved',
  auto_resolved: 'auto_resolved',
  retrospective: 'retrospective',
};

/** A transition, with all that is known of it. */
export function transitionOf(
  work: Work,
  alarm: Alarm,
  { turn: done, told, reason }: { readonly turn: Turn; readonly told: Told; readonly reason?: TransitionReason },
): Transition {
  const { around } = work;
  const rule = ruleOf(alarm.c, around);
  const { outcome } = told;
  const held = outcome !== undefined && 'severity' in outcome ? outcome : undefined;
  return {
    alarm: alarmId(alarm, work),
    rule: alarm.c,
    version: rule.version,
    class: classOf(rule),
    from: SHOWN[done.effects.includes('opens') ? 'none' : done.from],
    to: SHOWN[done.to],
    severity: { before: done.before, after: severityAt(alarm.v) },
    reason: reason ?? done.input,
    values: held?.values,
    limit: held?.limit,
    since: held?.since,
    confidence: held?.confidence,
    points: held?.points,
    missing: outcome?.missing ?? [],
    eventTime: told.byLogTime === true ? undefined : outcome?.at,
    logTime: around.logTime,
    age: told.age,
    uncertain: alarm.g === 1,
    by: told.by,
    note: told.note,
  };
}
