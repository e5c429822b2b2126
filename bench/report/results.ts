/** Collects what was measured, and judges it. */

import type { Reconciliation } from '../system/reconcile.ts';
import type { Catalogue, Figure } from './figures.ts';
import { median } from './statistics.ts';

/** `void`: the baseline was too slow for the ratio to mean anything. `none`: nothing is asked of this figure. */
export type Verdict = 'goal' | 'bound' | 'missed' | 'void' | 'none';

export interface Result {
  readonly id: string;
  readonly figure: Figure;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One value per run, in order. */
  readonly values: readonly number[];
  readonly verdict: Verdict;
}

export class Results<Id extends string> {
  readonly #catalogue: Catalogue<Id>;
  readonly #values = new Map<string, number[]>();
  readonly reconciliations: Reconciliation[] = [];
  readonly notes: string[] = [];
  /** What could not be measured, and why. */
  readonly failures: string[] = [];

  constructor(catalogue: Catalogue<Id>) {
    this.#catalogue = catalogue;
  }

  add(id: Id, value: number): void {
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
    return Object.entries<Figure>(this.#catalogue.figures).flatMap(([id, figure]) => {
      const values = this.#values.get(id);
      return values === undefined ? [] : [this.#result(id, figure, values)];
    });
  }

  /** Tells why ratios are void, if they are. */
  voided(): string[] {
    const quoted = this.#quoted;
    return Object.entries<Figure>(this.#catalogue.figures).flatMap(([id, { title }]) => {
      const values = this.#values.get(id);
      if (values === undefined || !this.#tooSlow(id)) return [];
      return [
        `${title}: the median of ${Math.round(median(values))}/s is under half of the ${quoted.get(id) ?? Number.NaN}/s that the bounds were set with. The ratio to it is void.`,
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

  get #quoted(): ReadonlyMap<string, number | undefined> {
    return new Map(Object.entries<number | undefined>(this.#catalogue.quoted));
  }

  #tooSlow(id: string): boolean {
    const [values, usual] = [this.#values.get(id), this.#quoted.get(id)];
    return values !== undefined && usual !== undefined && median(values) < usual / 2;
  }

  #result(id: string, figure: Figure, values: readonly number[]): Result {
    const middle = median(values);
    const isVoid = figure.against !== undefined && this.#tooSlow(figure.against);
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

/** A value that is not a number has missed: nothing was measured. */
function judge(figure: Figure, value: number): Verdict {
  const { target } = figure;
  if (target === undefined) return 'none';
  const reaches = (limit: number): boolean => (target.side === 'least' ? value >= limit : value <= limit);
  if (target.goal !== undefined && reaches(target.goal)) return 'goal';
  return reaches(target.bound) ? 'bound' : 'missed';
}
