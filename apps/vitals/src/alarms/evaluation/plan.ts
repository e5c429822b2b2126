/** The rules in force in the form in which readings are judged, made once and not for each reading. */

import type { AgeBand } from '../../domain/age.ts';
import { historyCheck } from '../../domain/quality/history-checks.ts';
import type { History } from '../../domain/quality/check.ts';
import { rankOf } from '../../domain/severity.ts';
import type { AbsentCondition, ForecastCondition, LossCondition, ResolvedCondition } from '../catalogue/rule-data.ts';
import type { EffectiveLevel, EffectiveRule, EffectiveRules } from '../effective.ts';
import { checkOf } from './conditions.ts';
import type { Check } from './conditions.ts';
import { limitOf } from './limits.ts';
import type { Limit } from './limits.ts';
import { quickColumns } from './quick.ts';
import type { QuickColumns } from './quick.ts';
import { FLAGGED, FLAGGED_CHECKS } from './state.ts';

/** A level of a rule. */
export interface LevelPlan {
  readonly level: EffectiveLevel;
  /** Of its run in a tracker. */
  readonly place: number;
  /** Undefined where it is not on vital signs. */
  readonly check: Check | undefined;
}

interface RulePlanBase {
  readonly rule: EffectiveRule;
  readonly code: string;
  /** Among the plans that have trackers. */
  readonly index: number;
  readonly levels: readonly [LevelPlan, ...LevelPlan[]];
}

/** A rule on vital signs. */
export interface ClinicalPlan extends RulePlanBase {
  readonly kind: 'clinical';
  /** Bits of the vital signs that it reads; none where its lowest level is not on vital signs, so that nothing can be told of it. */
  readonly reads: number;
}

/** What a technical rule looks at in one reading of a device. */
export type DeviceCheck =
  | { readonly kind: 'limit'; readonly of: 'battery' | 'signal'; readonly limit: Limit }
  | { readonly kind: 'finding'; readonly flags: number; readonly finds: readonly ((history: History) => boolean)[] }
  | AbsentCondition;

/** A rule that single readings of devices show. */
export interface TechnicalPlan extends RulePlanBase {
  readonly kind: 'technical';
  /** Names it in what is remembered of a device. */
  readonly bit: number;
  readonly check: DeviceCheck;
}

/** A rule on what no single reading shows. */
export interface WindowPlan {
  readonly rule: EffectiveRule;
  readonly condition: LossCondition | ForecastCondition;
}

/** A rule that has a tracker. */
export type RulePlan = ClinicalPlan | TechnicalPlan;

/** All rules of a patient. */
export interface Plan {
  readonly band: AgeBand;
  /** In the order of the rules. */
  readonly rules: readonly RulePlan[];
  readonly technical: readonly TechnicalPlan[];
  readonly windows: readonly WindowPlan[];
  readonly codes: ReadonlySet<string>;
  /** Characters of the longest of them. */
  readonly longestCode: number;
  readonly quick: QuickColumns;
}

/** Each is made once for as long as its rules are in use. */
const PLANS = new WeakMap<EffectiveRules, Plan>();

/** The plan of the rules. */
export function planOf(rules: EffectiveRules): Plan {
  const known = PLANS.get(rules);
  if (known !== undefined) return known;
  const plan = makePlan(rules);
  PLANS.set(rules, plan);
  return plan;
}

function makePlan({ band, rules }: EffectiveRules): Plan {
  const plans: RulePlan[] = [];
  const windows: WindowPlan[] = [];
  for (const rule of rules) {
    const { condition } = rule.levels[0];
    if (condition.kind === 'loss' || condition.kind === 'forecast') windows.push({ rule, condition });
    const plan = rulePlan(rule, plans.length);
    if (plan !== undefined) plans.push(plan);
  }
  const technical = plans.filter((plan) => plan.kind === 'technical');
  const codes = rules.map(({ code }) => code);
  return {
    band,
    rules: plans,
    technical,
    windows,
    codes: new Set(codes),
    longestCode: Math.max(0, ...codes.map(({ length }) => length)),
    quick: quickColumns(plans),
  };
}

function rulePlan(rule: EffectiveRule, index: number): RulePlan | undefined {
  const [lowest, ...graver] = rule.levels;
  const levels = [levelPlan(lowest), ...graver.map(levelPlan)] as const;
  const base = { rule, code: rule.code, index, levels };
  if (rule.kind !== 'technical') return { ...base, kind: 'clinical', reads: levels[0].check === undefined ? 0 : rule.reads };
  const check = deviceCheck(lowest.condition);
  // Others are told by what several readings show, or by what is no reading.
  return check === undefined ? undefined : { ...base, kind: 'technical', bit: rule.bit, check };
}

function levelPlan(level: EffectiveLevel): LevelPlan {
  // The first place of a tracker is for being back inside.
  return { level, place: 1 + rankOf(level.severity), check: checkOf(level.condition) };
}

function deviceCheck(condition: ResolvedCondition): DeviceCheck | undefined {
  switch (condition.kind) {
    case 'terms': {
      const term = condition.all[0]?.[0];
      if (term?.measure !== 'battery' && term?.measure !== 'signal') return undefined;
      return { kind: 'limit', of: term.measure, limit: limitOf(term) };
    }
    case 'finding': {
      const { findings } = condition;
      const flags = FLAGGED_CHECKS.reduce((bits, name, i) => (findings.includes(name) ? bits | (FLAGGED << i) : bits), 0);
      return { kind: 'finding', flags, finds: findings.map(historyCheck).filter((finds) => finds !== undefined) };
    }
    case 'absent':
      return condition;
    default:
      return undefined;
  }
}
