/** Plays readings to the rules. */

import type { Genotype, Vitals } from '../../src/contracts/reading.ts';
import type { AgeBand } from '../../src/domain/age.ts';
import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { effectiveRules } from '../../src/alarms/effective.ts';
import type { EffectiveRules } from '../../src/alarms/effective.ts';
import { observe } from '../../src/alarms/evaluation/observe.ts';
import type { Outcome, Pending, Satisfied } from '../../src/alarms/evaluation/outcome.ts';
import { newHistory } from '../../src/alarms/evaluation/state.ts';
import type { AlarmHistory, AlarmReading } from '../../src/alarms/evaluation/state.ts';
import type { Override } from '../../src/alarms/override.ts';

/** Event time at which every story begins, ms. */
export const BEGIN = Date.parse('2026-03-01T10:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

export interface Who {
  readonly band?: AgeBand;
  readonly genotype?: Genotype;
  readonly baseline?: number;
  readonly overrides?: readonly Override[];
}

/** The rules of a patient. */
export function rulesOf({ band = 'G5', genotype, baseline, overrides = [] }: Who = {}): EffectiveRules {
  return effectiveRules(CATALOGUE, { age: { band, known: true }, genotype, baseline, overrides, now: BEGIN });
}

/** A reading of good quality, `seconds` after the beginning. Devices send every 30 s unless told. */
export function reading(seconds: number, vitals: Vitals, more: Partial<AlarmReading> = {}): AlarmReading {
  return {
    device: 'bracelet',
    at: BEGIN + seconds * SECOND,
    vitals,
    lowConfidence: false,
    notWorn: false,
    findings: [],
    interval: 30 * SECOND,
    ...more,
  };
}

/** Readings of the same vital signs from 0 to `seconds`, each `every` seconds, both ends among them. */
export function steady(vitals: Vitals, seconds: number, { from = 0, every = 30 } = {}): AlarmReading[] {
  const readings: AlarmReading[] = [];
  for (let at = 0; at < seconds; at += every) readings.push(reading(from + at, vitals));
  readings.push(reading(from + seconds, vitals));
  return readings;
}

/** A story that is being told. */
export class Story {
  readonly #rules: EffectiveRules;
  readonly history: AlarmHistory = newHistory(BEGIN);
  #outcomes: readonly Outcome[] = [];

  constructor(who: Who | EffectiveRules = {}) {
    this.#rules = 'rules' in who ? who : rulesOf(who);
  }

  /** Adds readings; tells whether the last one was taken. */
  play(readings: readonly AlarmReading[]): this {
    for (const each of readings) this.add(each);
    return this;
  }

  add(each: AlarmReading): 'judged' | 'late' {
    const observation = observe(this.history, each, this.#rules);
    if (observation.status === 'judged') this.#outcomes = observation.outcomes;
    return observation.status;
  }

  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** The outcome of a rule at the newest reading. */
  of(code: string): Outcome {
    const outcome = this.#outcomes.find(({ rule }) => rule.code === code);
    if (outcome === undefined) throw new Error(`no outcome of ${code}`);
    return outcome;
  }

  satisfied(code: string): Satisfied {
    const outcome = this.of(code);
    if (outcome.status !== 'satisfied') throw new Error(`${code} is ${outcome.status}`);
    return outcome;
  }

  pending(code: string): Pending {
    const outcome = this.of(code);
    if (outcome.status !== 'pending') throw new Error(`${code} is ${outcome.status}`);
    return outcome;
  }

  /** Severity where the rule is satisfied, else its status; `absent` for a rule that is not in force. */
  state(code: string): string {
    const outcome = this.#outcomes.find(({ rule }) => rule.code === code);
    if (outcome === undefined) return 'absent';
    return outcome.status === 'satisfied' ? outcome.severity : outcome.status;
  }
}

/** What a rule says after readings. */
export function stateAfter(code: string, readings: readonly AlarmReading[], who: Who | EffectiveRules = {}): string {
  return new Story(who).play(readings).state(code);
}

/** A generator of the same numbers every time (xorshift32), from 0 to 1. */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
