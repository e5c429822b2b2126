/** Finds rules by their code, and the one of silence, without looking through all of them at every reading. */

import { KidjamoError } from '@kidjamo/stream';

import { CATALOGUE } from '../catalogue/catalogue.ts';
import type { AlarmRule } from '../catalogue/rule-data.ts';
import type { EffectiveRule, EffectiveRules } from '../effective.ts';
import { MANUAL_RULE, manualAlertOf } from './manual.ts';

/** A rule as it is in force or, where it is not, of the catalogue. */
export type AnyRule = AlarmRule | EffectiveRule;

/** Rules in force, by what they are looked for. */
export interface RuleIndex {
  readonly byCode: ReadonlyMap<string, EffectiveRule>;
  readonly silence: EffectiveRule | undefined;
}

const OF_CATALOGUE: ReadonlyMap<string, AlarmRule> = new Map(CATALOGUE.map((rule) => [rule.code, rule]));

/** Follows from the rules alone, and goes with them. */
const INDEXES = new WeakMap<EffectiveRules, RuleIndex>();

/** The index of rules. */
export function indexOf(rules: EffectiveRules): RuleIndex {
  const known = INDEXES.get(rules);
  if (known !== undefined) return known;
  const index: RuleIndex = {
    byCode: new Map(rules.rules.map((rule) => [rule.code, rule])),
    silence: rules.rules.find(({ levels }) => levels[0].condition.kind === 'silence'),
  };
  INDEXES.set(rules, index);
  return index;
}

/** The rule of a code. Throws `TASK_FAILED` for one that the catalogue does not know. */
export function ruleOf(code: string, { rules }: { readonly rules: EffectiveRules }): AnyRule {
  if (manualAlertOf(code) !== undefined) return MANUAL_RULE;
  const rule = indexOf(rules).byCode.get(code) ?? OF_CATALOGUE.get(code);
  if (rule === undefined) throw new KidjamoError('TASK_FAILED', 'alarm: its rule is none of the catalogue; keep retired rules in it');
  return rule;
}
