/**
 * What a detector has to find: events, that is stretches in which the artefact-free vital signs meet an alert-level or floor condition for its duration
 * (clinical reference, section 4). The conditions are those of the rules that are no technical ones, at their levels of alert and above; the personal baseline
 * is learned from the artefact-free vital signs. Stretches of several conditions that overlap, or are less than two minutes apart, are one event.
 */

import type { Genotype, Vitals } from '../../contracts/reading.ts';
import type { Age } from '../../domain/age.ts';
import { rankOf } from '../../domain/severity.ts';
import { learnBaseline, newBaseline, personalBaseline, teachesBaseline } from '../baseline.ts';
import { CATALOGUE } from '../catalogue/catalogue.ts';
import { OFF_DELAY } from '../catalogue/numbers.ts';
import type { EffectiveRules } from '../effective.ts';
import { effectiveRules } from '../effective.ts';
import { step } from '../evaluation/fold.ts';
import { runOf } from '../evaluation/runs.ts';
import type { AlarmReading, Fold } from '../evaluation/state.ts';
import { entryOf, newHistory } from '../evaluation/state.ts';

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

/** Rules whose conditions make events. */
const EVENT_RULES = CATALOGUE.filter(({ kind, severity }) => kind !== 'technical' && rankOf(severity) >= rankOf('alert'));

/** Finds the events of one patient. */
export class EventWatch {
  readonly #who: Watched;
  readonly #fold: Fold;
  readonly #baseline = newBaseline();
  #day: number;
  #rules: EffectiveRules;
  #last: TrueEvent | undefined;

  constructor(who: Watched) {
    this.#who = who;
    this.#fold = newHistory(who.from).s;
    this.#day = this.#baseline.d;
    this.#rules = this.#rulesAt(who.from);
  }

  /** The artefact-free vital signs at `at` (ms), in order of time. Gives the event that goes on there. */
  step(at: number, vitals: Vitals): TrueEvent | undefined {
    const reading: AlarmReading = {
      device: '',
      at,
      vitals,
      lowConfidence: false,
      notWorn: false,
      findings: [],
      interval: this.#who.interval,
    };
    // Times count from the beginning, as far as a simulation goes: nothing is stored, so that they need not stay short.
    const entry = entryOf(reading, this.#who.from);
    step(this.#fold, entry, { rules: this.#rules });
    const event = this.#met(entry[0]);
    this.#learn(at, vitals);
    return event;
  }

  #met(at: number): TrueEvent | undefined {
    const { from } = this.#who;
    let event: TrueEvent | undefined;
    for (const { code, levels } of this.#rules.rules) {
      const tracker = this.#fold.r[code];
      if (tracker === undefined) continue;
      for (const { severity, onDelay } of levels) {
        const run = rankOf(severity) < rankOf('alert') ? undefined : runOf(tracker, severity);
        if (run?.[1] !== at || at - run[0] < onDelay) continue;
        event ??= this.#eventSince(from + run[0], from + at);
        event.onset = Math.min(event.onset, from + run[0]);
        event.rules.add(code);
      }
    }
    if (event !== undefined) event.end = from + at;
    return event;
  }

  #eventSince(since: number, at: number): TrueEvent {
    if (this.#last === undefined || since - this.#last.end >= INTERRUPTION) this.#last = { onset: since, end: at, rules: new Set() };
    return this.#last;
  }

  #learn(at: number, vitals: Vitals): void {
    if (vitals.spo2 === undefined || !teachesBaseline(vitals, this.#rules.band)) return;
    learnBaseline(this.#baseline, at, vitals.spo2);
    if (this.#baseline.d === this.#day) return;
    this.#day = this.#baseline.d;
    this.#rules = this.#rulesAt(at);
  }

  #rulesAt(now: number): EffectiveRules {
    const { age, genotype } = this.#who;
    const baseline = personalBaseline(this.#baseline, genotype)?.value;
    return effectiveRules(EVENT_RULES, { age, genotype, baseline, overrides: [], now });
  }
}
