/** The rules in force for one patient: limits of the age, the genotype and the baseline, and what a clinician changed. */

import type { Genotype } from '../contracts/reading.ts';
import { VITALS } from '../contracts/reading.ts';
import type { Age, AgeBand } from '../domain/age.ts';
import { MARGINS } from './catalogue/numbers.ts';
import type { AlarmRule, Level, Measure, ResolvedCondition, ResolvedTerm, Term } from './catalogue/rule-data.ts';
import { conditionText, levelText } from './catalogue/text.ts';
import type { Override } from './override.ts';

/** A level as it is in force. */
export interface EffectiveLevel {
  readonly severity: Level['severity'];
  readonly condition: ResolvedCondition;
  /** ms of event time. */
  readonly onDelay: number;
  /** What has to hold, in words. */
  readonly limit: string;
}

/** A rule as it is in force. */
export interface EffectiveRule extends Omit<AlarmRule, 'levels'> {
  /** By rising severity. */
  readonly levels: readonly [EffectiveLevel, ...EffectiveLevel[]];
  /** What a clinician changed in it. */
  readonly overrides: readonly Override[];
  /** A bit that names a technical rule among its kind; 0 for others. */
  readonly bit: number;
  /** Places in VITALS of what the rule reads, and their bits. */
  readonly places: readonly number[];
  readonly reads: number;
}

/** What the rules depend on. */
export interface RulePatient {
  readonly age: Age;
  readonly genotype: Genotype | undefined;
  /** Personal SpO2 baseline, %; undefined when the genotype is unknown. */
  readonly baseline: number | undefined;
  readonly overrides: readonly Override[];
  /** Event time, ms. */
  readonly now: number;
}

/** The rules of a patient. Good until one of the things in {@link RulePatient} changes, or an override begins or ends. */
export interface EffectiveRules {
  readonly band: AgeBand;
  /** False when the band is only assumed; an alarm then says so. */
  readonly ageKnown: boolean;
  /** In use, %. */
  readonly baseline: number | undefined;
  readonly rules: readonly EffectiveRule[];
}

/** The rules of `catalogue` for a patient. */
export function effectiveRules(catalogue: readonly AlarmRule[], patient: RulePatient): EffectiveRules {
  const { age, genotype } = patient;
  const active = activeOverrides(patient);
  const set = active.findLast((each) => each.kind === 'baseline');
  const baseline = set?.value ?? patient.baseline;
  const isInForce = (rule: AlarmRule): boolean => {
    const last = active.findLast((each) => (each.kind === 'disable' || each.kind === 'enable') && each.rule === rule.code);
    if (last !== undefined) return last.kind === 'enable';
    return rule.genotypes === undefined || (genotype !== undefined && rule.genotypes.includes(genotype));
  };
  const follows = baseline !== undefined && catalogue.some((rule) => rule.family === 'baseline' && isInForce(rule));
  const floorChanged = active.some((each) => 'rule' in each && each.rule === 'CRITICAL_TEMPERATURE');
  const holds: Record<Level['inForce'], boolean> = { always: true, without_baseline: !follows, floor_changed: floorChanged };
  const technical = catalogue.filter(({ kind }) => kind === 'technical');
  const rules: EffectiveRule[] = [];
  for (const rule of catalogue) {
    if (!isInForce(rule) || (rule.family === 'baseline' && !follows)) continue;
    const overrides = active.filter((each) => 'rule' in each && each.rule === rule.code);
    const [first, ...rest] = rule.levels
      .filter(({ inForce }) => holds[inForce])
      .map((level) => resolveLevel(level, { band: age.band, baseline, overrides }));
    if (first === undefined) continue;
    const levels = [first, ...rest] as const;
    const severity = (rest.at(-1) ?? first).severity;
    const place = technical.indexOf(rule);
    // A floor that nobody changed keeps the words that its alerts have always had.
    const limit = rule.family === 'floor' && overrides.length === 0 ? rule.limit : levels.map(levelText).join('; ');
    rules.push({ ...rule, severity, levels, overrides, limit, bit: place < 0 ? 0 : 2 ** place, ...readsOf(rule) });
  }
  return { band: age.band, ageKnown: age.known, baseline, rules };
}

/**
 * Hands out the rules of patients, the same ones to all for whom they are the same: to make them takes far longer than to judge a reading, and
 * those of one patient are as large as a dozen histories. Keeps those used last.
 */
export class RuleBook {
  readonly #catalogue: readonly AlarmRule[];
  readonly #most: number;
  readonly #kept = new Map<string, EffectiveRules>();

  /** `most` is how many are kept at the most. */
  constructor(catalogue: readonly AlarmRule[], most: number) {
    this.#catalogue = catalogue;
    this.#most = most;
  }

  /** As {@link effectiveRules}. */
  of(patient: RulePatient): EffectiveRules {
    const { age, genotype, baseline } = patient;
    const key = JSON.stringify([age.band, age.known, genotype, baseline, activeOverrides(patient)]);
    const rules = this.#kept.get(key) ?? effectiveRules(this.#catalogue, patient);
    this.#kept.delete(key);
    this.#kept.set(key, rules);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest);
    return rules;
  }
}

function activeOverrides({ overrides, now }: RulePatient): readonly Override[] {
  return overrides.filter(({ from, expires }) => from <= now && now < expires).sort((a, b) => a.from - b.from);
}

function readsOf({ vitals }: AlarmRule): Pick<EffectiveRule, 'places' | 'reads'> {
  const places = vitals.map((vital) => VITALS.indexOf(vital));
  return { places, reads: places.reduce((bits, place) => bits | (1 << place), 0) };
}

interface Resolving {
  readonly band: AgeBand;
  readonly baseline: number | undefined;
  readonly overrides: readonly Override[];
}

function resolveLevel({ severity, condition, onDelay }: Level, { band, baseline, overrides }: Resolving): EffectiveLevel {
  const resolve = (term: Term): ResolvedTerm => {
    const { key, measure, bounds } = term;
    const { op, value } = bounds[band];
    const changed = overrides.findLast((each) => each.kind === 'limit' && each.severity === severity && each.limit === key);
    const limit = changed?.kind === 'limit' ? changed.value : value;
    return { key, measure, op, value: limit, clearAt: clearLimit({ measure, op, value: limit }, baseline) };
  };
  const resolved = resolveCondition(condition, resolve, baseline);
  const because = condition.kind === 'baseline' ? ` (${condition.below} below the personal baseline of ${baseline ?? 'unknown'})` : '';
  return { severity, condition: resolved, onDelay, limit: `${conditionText(resolved)}${because}` };
}

function resolveCondition(
  condition: Level['condition'],
  resolve: (term: Term) => ResolvedTerm,
  baseline: number | undefined,
): ResolvedCondition {
  switch (condition.kind) {
    case 'terms':
      return { kind: 'terms', all: condition.all.map((group) => group.map(resolve)) };
    case 'score':
      return { ...condition, terms: condition.terms.map((term) => ({ ...resolve(term), points: term.points })) };
    case 'baseline': {
      const value = round((baseline ?? Number.NaN) - condition.below);
      return {
        kind: 'terms',
        all: [[{ key: 'spo2', measure: 'spo2', op: '<=', value, clearAt: clearLimit({ measure: 'spo2', op: '<=', value }, baseline) }]],
      };
    }
    default:
      return condition;
  }
}

/** Where a value has to be back: inside by the margin; SpO2 never above the personal baseline, which it might not reach again. */
function clearLimit(
  { measure, op, value }: Pick<ResolvedTerm, 'op' | 'value'> & { measure: Measure },
  baseline: number | undefined,
): number {
  const margin = MARGINS[measure];
  if (op === '>' || op === '>=') return round(value - margin);
  return measure === 'spo2' && baseline !== undefined ? Math.min(round(value + margin), baseline) : round(value + margin);
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
