/** The final table, for a terminal. */

import type { Report } from './report.ts';
import type { Result, Verdict } from './results.ts';

const VERDICTS: Readonly<Record<Verdict, string>> = { goal: 'goal met', bound: 'bound met', missed: 'MISSED', void: 'void', none: '' };

/** Lines to print. */
export function tableLines(report: Report<unknown>): string[] {
  const rows = report.results.map((result) => [
    result.figure.title,
    withUnit(result),
    result.values.length > 1 ? `${format(result, result.min)} - ${format(result, result.max)}` : '',
    target(result),
    VERDICTS[result.verdict],
  ]);
  const table = align([['', 'median', 'min - max', 'asked for', ''], ...rows]);
  const sums = report.reconciliations.map(
    (sum) =>
      `${sum.balanced ? 'ok  ' : 'FAIL'} ${sum.phase}: ${sum.acknowledged} acknowledged = ${sum.stored} stored + ${sum.duplicate} duplicate + ${sum.quarantined} quarantined (${sum.quarantineRows} rows)`,
  );
  return [...table, '', ...sums, ...(report.notes.length === 0 ? [] : ['', ...report.notes])];
}

/** A number as the report shows it: thousands apart, a fixed number of digits. */
export function format(result: Result, value: number): string {
  const { digits } = result.figure;
  if (!Number.isFinite(value)) return '-';
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The median with its unit. */
export function withUnit(result: Result): string {
  return `${format(result, result.median)} ${result.figure.unit}`.trimEnd();
}

/** What is asked of a figure, in words. */
export function target({ figure }: Result): string {
  if (figure.target === undefined) return '';
  const { side, bound, goal } = figure.target;
  const sign = side === 'least' ? '>=' : '<=';
  return `${sign} ${bound.toLocaleString('en-US')}${goal === undefined ? '' : `, goal ${goal.toLocaleString('en-US')}`}`;
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
