/** The parts that reports as documents share. */

import type { Report } from './report.ts';
import type { Result, Verdict } from './results.ts';
import { format, target, withUnit } from './table.ts';

const VERDICTS: Readonly<Record<Verdict, string>> = { goal: 'goal met', bound: 'bound met', missed: '**missed**', void: 'void', none: '' };

/** When and on what it was measured; `more` are further facts with their names. */
export function machineLines({ date, machine }: Report<unknown>, more: readonly (readonly [string, string])[] = []): string[] {
  const facts: readonly (readonly [string, string])[] = [
    ['Date', date.slice(0, 10)],
    ['Processor', `${machine.cpu}, ${machine.cores} cores`],
    ['Memory', `${machine.memoryGib} GiB`],
    ['System', machine.system],
    ['Node.js', machine.node],
    ['PostgreSQL', machine.postgresql ?? 'not used'],
    ...more,
  ];
  return ['| | |', '| --- | --- |', ...facts.map(([name, value]) => `| ${name} | ${value} |`)];
}

/** The figures as a table. */
export function figureLines({ results }: Report<unknown>): string[] {
  return ['| Figure | Median | Smallest to largest | Asked for | |', '| --- | ---: | ---: | --- | --- |', ...results.map(row)];
}

/** What the sender and the system counted, as a table. */
export function sumLines({ reconciliations }: Report<unknown>): string[] {
  return [
    '| Phase | Acknowledged | Stored | Duplicate | Quarantined | Rows in quarantine | |',
    '| --- | ---: | ---: | ---: | ---: | ---: | --- |',
    ...reconciliations.map(
      (sum) =>
        `| ${sum.phase} | ${sum.acknowledged} | ${sum.stored} | ${sum.duplicate} | ${sum.quarantined} | ${sum.quarantineRows} | ${sum.balanced ? 'equal' : '**not equal**'} |`,
    ),
  ];
}

function row(result: Result): string {
  const range = result.values.length > 1 ? `${format(result, result.min)} to ${format(result, result.max)}` : '';
  return `| ${result.figure.title} | ${withUnit(result)} | ${range} | ${target(result)} | ${VERDICTS[result.verdict]} |`;
}
