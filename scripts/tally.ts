/** Counts of tests, and what they mean for the run. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** The sum of two counts. */
export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The last line of a run and its exit code: 0 only when something passed, nothing failed and, where all of it is required, nothing was skipped. */
export function verdict(tally: Tally, allRequired: boolean): { readonly line: string; readonly code: 0 | 1 } {
  const good = tally.passed > 0 && tally.failed === 0 && !(allRequired && tally.skipped > 0);
  return { line: `${String(tally.passed)} passed, ${String(tally.failed)} failed, ${String(tally.skipped)} skipped`, code: good ? 0 : 1 };
}
