/**
 * What settles most rules at most readings without a look at the rule: a value so far inside that no level can hold, and that is back inside.
 * As columns of numbers, since the rules of many patients take turns, and what is read of each has to be fetched from memory anew.
 */

import type { Check } from './conditions.ts';
import { EPSILON } from './limits.ts';
import type { Limit } from './limits.ts';
import type { RulePlan } from './plan.ts';
import type { View } from './view.ts';

/** Limits by the index of their rule. A bit of 0 stands for none. */
interface LimitColumns {
  readonly bits: number[];
  readonly places: number[];
  readonly signs: number[];
  /** Turned: up to here a value is inside. */
  readonly insides: number[];
}

/** By the index of a rule. */
export interface QuickColumns {
  /** Bits of the vital signs that a clinical rule reads. */
  readonly reads: readonly number[];
  /** Bit of a technical rule; 0 for a clinical one. */
  readonly technical: readonly number[];
  /** One of the two is enough. */
  readonly first: LimitColumns;
  readonly second: LimitColumns;
}

/** The columns of rules. */
export function quickColumns(plans: readonly RulePlan[]): QuickColumns {
  const columns = (): LimitColumns => ({ bits: [], places: [], signs: [], insides: [] });
  const [first, second] = [columns(), columns()];
  for (const plan of plans) {
    const limits = plan.kind === 'technical' ? [] : enough(plan);
    add(first, limits[0]);
    add(second, limits[1]);
  }
  return {
    reads: plans.map((plan) => (plan.kind === 'technical' ? 0 : plan.reads)),
    technical: plans.map((plan) => (plan.kind === 'technical' ? plan.bit : 0)),
    first,
    second,
  };
}

/** Whether the value of such a limit is inside, at a reading of good quality. */
export function isQuick({ bits, places, signs, insides }: LimitColumns, index: number, { good, held }: View): boolean {
  const place = places[index] ?? 0;
  return ((bits[index] ?? 0) & good) !== 0 && (signs[index] ?? 0) * (held[place]?.[1] ?? Number.NaN) <= (insides[index] ?? Number.NaN);
}

function add(columns: LimitColumns, limit: Limit | undefined): void {
  columns.bits.push(limit?.bit ?? 0);
  columns.places.push(limit?.place ?? 0);
  columns.signs.push(limit?.sign ?? 1);
  columns.insides.push(limit?.clear ?? 0);
}

/** Limits of the lowest level of which one is enough: each stands alone in its group, and in every graver level too. */
function enough({ levels: [lowest, ...graver] }: Pick<RulePlan, 'levels'>): readonly Limit[] {
  const found: Limit[] = [];
  for (const limit of alone(lowest.check)) {
    const others = graver.map(({ check }) => alone(check).find(({ place, sign }) => place === limit.place && sign === limit.sign));
    if (others.includes(undefined)) continue;
    const clear = others.reduce((least, other) => Math.min(least, below(other)), Math.min(limit.clear, below(limit)));
    found.push({ ...limit, clear });
  }
  return found;
}

/** Where a value surely does not breach; turned. */
function below(limit: Limit | undefined): number {
  if (limit === undefined) return Number.NaN;
  return limit.inclusive ? limit.value - EPSILON : limit.value;
}

function alone(check: Check | undefined): readonly Limit[] {
  return check?.kind === 'limits' ? check.all.flatMap((group) => (group.length === 1 ? group : [])) : [];
}
