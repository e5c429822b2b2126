/**
 * What a detector has to find: events, that is stretches in which the artefact-free vital signs meet an alert-level or floor condition for its duration
 * (clinical reference, section 4). The conditions are those of the rules that are no technical ones, at their levels of alert and above; the personal baseline
 * is learned from the artefact-free vital signs. Stretches of several conditions that overlap, or are less than two minutes apart, are one event.
 */

import type { Genotype, Vitals } from '../../contracts/reading.ts';
import type { Age } from '../../domain/age.ts';
import { rankOf } from '../../domain/severity.ts';
import { personalBaseline } from '../baseline.ts';
import { CATALOGUE } from '../catalogue/catalogue.ts';
import { OFF_DELAY } from '../catalogue/numbers.ts';
import type { AlarmRule } from '../catalogue/rule-data.ts';
import type { EffectiveRules } from '../effective.ts';
import { effectiveRules } from '../effective.ts';
import { observe } from '../evaluation/observe.ts';
import type { AlarmHistory } from '../evaluation/state.ts';
import { newHistory } from '../evaluation/state.ts';

/** A stretch. Times are ms since the epoch. */
export interface TrueEvent {
  /** Its first reading: not the one at which the duration was over. */
  onset: number;
  /** The last reading so far at which a condition was met. */
  end: number;
  /** Rules whose conditions were met. */
  readonly rules: Set<string>;
}

/** Who is watched. */
export interface Watched {
  readonly age: Age;
  readonly genotype: Genotype | undefined;
  /** Between readings, ms. */
  readonly interval: number;
  /** Begin of the simulation, ms. */
  readonly from: number;
}

/** ms: an interruption that is shorter ends no event, since no alarm clears within it. The same as in the ground truth of floors. */
const INTERRUPTION = OFF_DELAY;

/** Between the code of a rule and a level of it. */
const OF_LEVEL = '/';

/** Each level of alert and above as a rule of its own, so that each tells since when it has been met. */
const EVENT_RULES: readonly AlarmRule[] = CATALOGUE.filter(({ kind }) => kind !== 'technical').flatMap((rule) =>
  rule.levels
    .filter(({ severity }) => rankOf(severity) >= rankOf('alert'))
    .map((level) => ({ ...rule, code: `${rule.code}${OF_LEVEL}${level.severity}`, severity: level.severity, levels: [level] as const })),
);

/** Finds the events of one patient. */
export class EventWatch {
  readonly #who: Watched;
  readonly #history: AlarmHistory;
  #day: number;
  #rules: EffectiveRules;
  #last: TrueEvent | undefined;

  constructor(who: Watched) {
    this.#who = who;
    this.#history = newHistory(who.from);
    this.#day = this.#history.b.d;
    this.#rules = rulesOf(who, personalBaseline(this.#history.b, who.genotype)?.value, who.from);
  }

  /** The artefact-free vital signs at `at` (ms), in order of time. Gives the event that goes on there. */
  step(at: number, vitals: Vitals): TrueEvent | undefined {
    const { interval } = this.#who;
    const reading = { device: '', at, vitals, lowConfidence: false, notWorn: false, findings: [], interval };
    const observation = observe(this.#history, reading, this.#rules);
    const outcomes = observation.status === 'judged' ? observation.outcomes : [];
    let event: TrueEvent | undefined;
    for (const outcome of outcomes) {
      if (outcome.status !== 'satisfied') continue;
      event ??= this.#eventSince(outcome.since, at);
      event.onset = Math.min(event.onset, outcome.since);
      event.end = at;
      event.rules.add(outcome.rule.code.split(OF_LEVEL, 1)[0] ?? outcome.rule.code);
    }
    const { d: day } = this.#history.b;
    if (day !== this.#day) {
      this.#day = day;
      const baseline = personalBaseline(this.#history.b, this.#who.genotype)?.value;
      if (baseline !== this.#rules.baseline) this.#rules = rulesOf(this.#who, baseline, at);
    }
    return event;
  }

  #eventSince(since: number, at: number): TrueEvent {
    if (this.#last === undefined || since - this.#last.end >= INTERRUPTION) this.#last = { onset: since, end: at, rules: new Set() };
    return this.#last;
  }
}

function rulesOf({ age, genotype }: Watched, baseline: number | undefined, now: number): EffectiveRules {
  return effectiveRules(EVENT_RULES, { age, genotype, baseline, overrides: [], now });
}
