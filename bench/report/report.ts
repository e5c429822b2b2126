/** A finished measurement, and its form as JSON. */

import type { Plan } from '../plan.ts';
import type { Reconciliation } from '../system/reconcile.ts';
import type { Machine } from './machine.ts';
import type { Result } from './results.ts';

export interface Report<P = Plan> {
  readonly ok: boolean;
  /** ISO 8601. */
  readonly date: string;
  /** What was typed to get it. */
  readonly command: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly plan: P;
  readonly machine: Machine;
  readonly results: readonly Result[];
  readonly reconciliations: readonly Reconciliation[];
  readonly notes: readonly string[];
}

/** The report for programs. */
export function toJson(report: Report<unknown>): Readonly<Record<string, unknown>> {
  const { results, ...rest } = report;
  return {
    ...rest,
    results: results.map(({ id, figure, ...values }) => ({
      id,
      title: figure.title,
      unit: figure.unit,
      ...values,
      ...(figure.target === undefined ? {} : { target: figure.target }),
    })),
  };
}
