/** Collects what was measured, and judges it. */

import type { Reconciliation } from '../system/reconcile.ts';
import { FIGURE_IDS, FIGURES, QUOTED_BASELINES } from './figures.ts';
import type { Figure, FigureId } from './figures.ts';
import { median } from './statistics.ts';

/** `void`: the baseline was too slow for the ratio to mean anything. `none`: nothing is asked of this figure. */
export type Verdict = 'goal' | 'bound' | 'missed' | 'void' | 'none';

export interface Result {
  readonly id: FigureId;
  readonly figure: Figure;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One value per run, in order. */
  readonly values: readonly number[];
  readonly verdict: Verdict;
}

export class Results {
  readonly #values = new Map<FigureId, number[]>();
  readonly reconciliations: Reconciliation[] = [];
  readonly notes: string[] = [];
  /** What could not be measured, and why. */
  readonly failures: string[] = [];

  add(id: FigureId, value: number): void {
    const values = this.#values.get(id) ?? [];
    values.push(value);
    this.#values.set(id, values);
  }

  /** A remark for the report; the same one only once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** All figures that were measured, in the order of the report. */
  all(): Result[] {
    return FIGURE_IDS.flatMap((id) => {
      const values = this.#values.get(id);
      return values === undefined ? [] : [this.#result(id, values)];
    });
  }

  /** Tells why ratios are void, if they are. */
  voided(): string[] {
    return (['baseline_single', 'baseline_batch'] as const).flatMap((id) => {
      const values = this.#values.get(id);
      if (values === undefined || !tooSlow(id, values)) return [];
      return [
        `${FIGURES[id].title}: the median of ${Math.round(median(values))}/s is under half of the ${QUOTED_BASELINES[id]}/s that the bounds were set with. The ratio to it is void.`,
      ];
    });
  }

  /** True when everything was measured, every sum is balanced and no bound was missed. */
  get ok(): boolean {
    return (
      this.failures.length === 0 &&
      this.reconciliations.every(({ balanced }) => balanced) &&
      this.all().every(({ verdict }) => verdict !== 'missed')
    );
  }

  #result(id: FigureId, values: readonly number[]): Result {
    const figure: Figure = FIGURES[id];
    const middle = median(values);
    const baseline = figure.against === undefined ? undefined : this.#values.get(figure.against);
    const isVoid = figure.against !== undefined && baseline !== undefined && tooSlow(figure.against, baseline);
    return {
      id,
      figure,
      values,
      median: middle,
      min: Math.min(...values),
      max: Math.max(...values),
      verdict: isVoid ? 'void' : judge(figure, middle),
    };
  }
}

function tooSlow(id: keyof typeof QUOTED_BASELINES, values: readonly number[]): boolean {
  return median(values) < QUOTED_BASELINES[id] / 2;
}

/** A value that is not a number has missed: nothing was measured. */
function judge(figure: Figure, value: number): Verdict {
  const { target } = figure;
  if (target === undefined) return 'none';
  const reaches = (limit: number): boolean => (target.side === 'least' ? value >= limit : value <= limit);
  if (target.goal !== undefined && reaches(target.goal)) return 'goal';
  return reaches(target.bound) ? 'bound' : 'missed';
}
