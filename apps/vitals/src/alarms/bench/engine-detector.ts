/**
 * The alarm engine as a detector, with the people whom it calls. They are assumed* to answer a call two minutes after it, as a caregiver who looks at the patient:
 * whoever answers acknowledges every alarm of the class that nobody has seen yet. Nobody resolves anything: alarms close by themselves when what they are about is over.
 */

import type { Severity } from '../../contracts/reading.ts';
import { rankOf } from '../../domain/severity.ts';
import { newBaseline, personalBaseline } from '../baseline.ts';
import { CATALOGUE } from '../catalogue/catalogue.ts';
import type { AlarmRule } from '../catalogue/rule-data.ts';
import type { EffectiveRules } from '../effective.ts';
import { effectiveRules } from '../effective.ts';
import type { AlarmClass, AlarmInput, Call, Transition } from '../engine/index.ts';
import { advance, newAlarmState } from '../engine/index.ts';
import type { Patient } from './detectors.ts';
import type { Detector, Evidence, Heard, Sign } from './port.ts';
import { EVIDENCE, NO_SIGNS } from './port.ts';

/** ms* from a call to its answer. */
export const ANSWERED_AFTER = 2 * 60_000;

const RULES: ReadonlyMap<string, AlarmRule> = new Map(CATALOGUE.map((rule) => [rule.code, rule]));
const CAREGIVER = { person: 'caregiver', role: 'caregiver' } as const;
const CLASSES = ['clinical', 'technical'] as const satisfies readonly AlarmClass[];

/** An alarm that is open, as people see it. */
interface Open {
  readonly rule: string;
  readonly about: AlarmClass;
  state: 'active' | 'acknowledged' | 'cleared';
  severity: Severity;
  on: Evidence;
}

export class EngineDetector implements Detector {
  readonly #patient: Omit<Patient, 'years'>;
  readonly #state = newAlarmState();
  readonly #open = new Map<string, Open>();
  /** By class: the episode that people were called for, and when they answer. */
  readonly #episodes = new Map<AlarmClass, string>();
  readonly #answers = new Map<AlarmClass, number>();
  #learned: { readonly day: number; readonly value: number | undefined };
  #rules: EffectiveRules | undefined;
  #due: number | undefined;
  #live = false;

  constructor(patient: Omit<Patient, 'years'>) {
    this.#patient = patient;
    this.#learned = { day: Number.NaN, value: personalBaseline(newBaseline(), patient.genotype)?.value };
  }

  hear({ reading, received, late }: Heard): readonly Sign[] {
    const signs = this.#advance({ kind: 'reading', reading, late, received }, received);
    const baseline = this.#baseline();
    if (baseline === this.#rules?.baseline) return signs;
    this.#rules = this.#rulesFor(baseline, received);
    return [...signs, ...this.#advance({ kind: 'rules' }, received)];
  }

  pass(to: number): readonly Sign[] {
    const signs: Sign[] = [];
    for (let next = this.#next(); next !== undefined && next.at <= to; next = this.#next()) {
      if (next.answers !== undefined) signs.push(...this.#answer(next.answers, next.at));
      else {
        this.#due = undefined;
        signs.push(...this.#advance({ kind: 'timer', name: 'alarms' }, next.at));
      }
    }
    return signs.length === 0 ? NO_SIGNS : signs;
  }

  /** What comes next by log time. */
  #next(): { readonly at: number; readonly answers: AlarmClass | undefined } | undefined {
    let next = this.#due === undefined ? undefined : { at: this.#due, answers: undefined as AlarmClass | undefined };
    for (const [answers, at] of this.#answers) if (next === undefined || at < next.at) next = { at, answers };
    return next;
  }

  #answer(about: AlarmClass, at: number): readonly Sign[] {
    this.#answers.delete(about);
    const unseen = [...this.#open].filter(([, alarm]) => alarm.about === about && alarm.state !== 'acknowledged');
    return unseen.flatMap(([alarm]) => this.#advance({ kind: 'action', action: 'acknowledge', alarm, by: CAREGIVER }, at));
  }

  #advance(input: AlarmInput, logTime: number): readonly Sign[] {
    const rules = (this.#rules ??= this.#rulesFor(this.#baseline(), logTime));
    // The state is of one patient, so that the parts tell ids apart.
    const { transitions, calls, timers } = advance(this.#state, input, { rules, logTime, newId: (...parts) => parts.join('/') });
    for (const { due } of timers) this.#due = due ?? undefined;
    if (transitions.length === 0 && calls.length === 0) return NO_SIGNS;
    const signs: Sign[] = [];
    for (const transition of transitions) if (this.#follow(transition)) signs.push({ kind: 'raised', at: logTime });
    const live = [...this.#open.values()].some(isLive);
    if (live !== this.#live) signs.push({ kind: 'live', at: logTime, live });
    this.#live = live;
    for (const call of calls) signs.push(this.#told(call));
    for (const about of CLASSES) {
      const episode = this.#episodes.get(about);
      if (episode === undefined || [...this.#open.values()].some((alarm) => alarm.about === about && goesOn(alarm))) continue;
      this.#episodes.delete(about);
      signs.push({ kind: 'ended', at: logTime, episode });
    }
    return signs;
  }

  /** Whether it raises an alarm of alert or more on the patient. */
  #follow({ alarm: id, rule, class: about, to, severity, confidence }: Transition): boolean {
    if (to !== 'active' && to !== 'acknowledged' && to !== 'cleared') {
      this.#open.delete(id);
      return false;
    }
    const before = this.#open.get(id);
    const on = confidence === undefined ? (before?.on ?? 'good') : evidenceOf(rule, confidence);
    const now: Open = { rule, about, state: to, severity: severity.after, on };
    this.#open.set(id, now);
    if (to !== 'active' || !isLive(now)) return false;
    return before?.state !== 'active' || rankOf(before.severity) < rankOf(now.severity);
  }

  #told({ episode, class: about, severity, alarms, reason, deadline, logTime: at }: Call): Sign {
    if (deadline === null) return { kind: 'informed', at, episode };
    this.#episodes.set(about, episode);
    if (!this.#answers.has(about)) this.#answers.set(about, at + ANSWERED_AFTER);
    const called = alarms.flatMap((id) => this.#open.get(id) ?? []).sort((a, b) => rankOf(b.severity) - rankOf(a.severity));
    const rule = called[0]?.rule ?? 'unknown';
    const on = EVIDENCE.find((each) => called.some((alarm) => alarm.on === each)) ?? 'good';
    return { kind: 'called', at, episode, severity, about, rule, reason, on };
  }

  #baseline(): number | undefined {
    const { h: history } = this.#state;
    // It changes with the day at the most.
    if (history !== undefined && history.b.d !== this.#learned.day)
      this.#learned = { day: history.b.d, value: personalBaseline(history.b, this.#patient.genotype)?.value };
    return this.#learned.value;
  }

  #rulesFor(baseline: number | undefined, now: number): EffectiveRules {
    const { age, genotype } = this.#patient;
    return effectiveRules(CATALOGUE, { age, genotype, baseline, overrides: [], now });
  }
}

function evidenceOf(rule: string, confidence: 'good' | 'low'): Evidence {
  if (confidence === 'good') return 'good';
  return RULES.get(rule)?.family === 'floor' ? 'low_floor' : 'low_other';
}

function isLive({ about, state, severity }: Open): boolean {
  return about === 'clinical' && state !== 'cleared' && rankOf(severity) >= rankOf('alert');
}

/** Whether its episode goes on because of it: what nobody is called for keeps none open, and what is over waits only to be seen. */
function goesOn({ rule, about, state }: Open): boolean {
  const known = RULES.get(rule);
  if (state === 'cleared' || known === undefined || known.reach === 'nobody') return false;
  return about === 'clinical' || known.levels[0].condition.kind === 'silence';
}
