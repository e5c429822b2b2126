/** docs/alarm-benchmark.md: what was measured, how, and what it does not say. */

import { FLOOR_VERSION } from '../../domain/floors.ts';
import { CATALOGUE_VERSION } from '../catalogue/define.ts';
import type { ByDetector } from './detectors.ts';
import { drawFigure } from './figure.ts';
import type { FigureRow } from './rows.ts';
import { benchmarkRows, loadRows, percent } from './rows.ts';
import type { BenchResult } from './simulated.ts';
import { INTERVAL_S, REPORT_SEEDS } from './simulated.ts';
import type { Counts, Load } from './tally.ts';

/** What the document tells. */
export interface BenchDocument {
  readonly result: BenchResult;
  /** Alarm load over recorded readings, where they were looked at. */
  readonly recorded: ByDetector<Load> | undefined;
  /** ISO date of the run. */
  readonly date: string;
  /** What was typed. */
  readonly command: string;
  /** Where the figure is, from the document. */
  readonly figure: string;
}

/** Causes of alarms that are named, of a list by count. */
const NAMED = 5;

/** The figure, as SVG. */
export function benchmarkFigure(result: BenchResult): string {
  return drawFigure(result);
}

/** The document. */
export function benchmarkDocument({ result, recorded, date, command, figure }: BenchDocument): string {
  const { options, by_seed: seeds } = result;
  const reported = options.seeds.length === REPORT_SEEDS.length && options.seeds.every((seed) => REPORT_SEEDS.some((one) => one === seed));
  return [
    '# How good the alarms are',
    '',
    `Written by \`${command}\`. Do not edit.`,
    '',
    '**Simulated is not clinical.** These patients do not exist, and nothing here says what the alarms would do for real ones.',
    '',
    '| | |',
    '| --- | --- |',
    `| Date | ${date} |`,
    `| Seeds | ${options.seeds.join(', ')}: ${reported ? 'the report seeds, which are never used in tuning' : 'development seeds; **these are not the published figures**'} |`,
    `| Patients | ${options.patients} for each seed, over ${options.days} days, with a reading each ${options.interval_s} s |`,
    `| Versions | rules ${CATALOGUE_VERSION}, floors ${FLOOR_VERSION} |`,
    '',
    '## Figures',
    '',
    ...tableOf(benchmarkRows(result), true),
    '',
    'NEWS2 is not meant for children: its column is of the patients of 16 years and over, and of their events.',
    '',
    `![Paged episodes per patient-day, and the share of events found by time since onset](${figure})`,
    '',
    '| Seed | Events | Sensitivity | In crises | Median detection | Non-actionable | Pages | Fewer than raw limits |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...seeds.map(({ seed, engine, against_raw_limits: { reduction } }) =>
      tableRow([
        String(seed),
        String(engine.events),
        percent(engine.sensitivity),
        percent(engine.crisis_sensitivity),
        `${engine.median_detection_s ?? '-'} s`,
        engine.non_actionable_per_patient_day.toFixed(2),
        engine.pages_per_patient_day.toFixed(2),
        percent(reduction),
      ]),
    ),
    '',
    '## By what goes on in the body',
    '',
    '| Goes on | Events | Engine | Raw limits |',
    '| --- | ---: | ---: | ---: |',
    ...Object.entries(result.engine.by_cause).map(([cause, { events, sensitivity }]) =>
      tableRow([
        cause.replace('_', ' '),
        String(events),
        percent(sensitivity),
        percent(result.raw_limits.by_cause[cause]?.sensitivity ?? null),
      ]),
    ),
    '',
    '## What it gets wrong',
    '',
    `- Missed events, by the conditions that they met: ${most(result.engine.missed_by.rule)}. By the artefact that hid them: ${most(result.engine.missed_by.artefact)}.`,
    `- Pages, by what they come of: ${most(result.engine.pages_by_reason)}. \`still_true\` is an acknowledged critical that holds on for half an hour.`,
    `- Non-actionable episodes, by what they rest on: ${most(result.engine.non_actionable_by.evidence)}. \`low_floor\` are floors breached by readings of low confidence alone, \`low_other\` other rules on such.`,
    `- Non-actionable episodes, by the rule of their first call: ${most(result.engine.non_actionable_by.rule)}. By the artefact of the reading: ${most(result.engine.non_actionable_by.artefact)}.`,
    '',
    ...(recorded === undefined ? [] : recordedLines(recorded)),
    ...METHOD,
  ].join('\n');
}

function recordedLines(recorded: ByDetector<Load>): string[] {
  return [
    '## Recorded readings',
    '',
    'Alarm load alone: nobody knows what truly was. Most are hourly readings of adults in intensive care, of unknown age and genotype, without any word of their quality.',
    '',
    ...tableOf(loadRows(recorded), false),
    '',
  ];
}

const METHOD: readonly string[] = [
  '## What is meant',
  '',
  '- **Event**: a stretch in which the vital signs as they would be without artefacts meet a floor, or a condition of any clinical rule at alert or critical, for its duration.',
  '  Onset is its first reading, not the one at which the duration is over. Stretches less than two minutes apart are one. The personal baseline is learned from the same vital signs.',
  '- **Detected**: a live alarm of alert or more is raised between onset and end, or stands there already. The median is over those raised; what stood already would flatter.',
  '  Times are those at which readings were truly taken, so that a wrong clock of a bracelet gains nothing.',
  '- **Non-actionable**: a paged episode of alert or more, floors included, with no event within 30 minutes of it. Episodes below alert and technical ones are published apart.',
  '- **Pages**: every call of alert or more, escalations and repetitions included, whomever it reaches. That a clinician is told of what a caregiver has seen is a notice: nobody has to answer it.',
  '- **Raw limits**: the alert limits of the age on each reading that the bracelet does not call not worn, without duration or memory. **NEWS2**: partial; 5 points or a single 3. Of both, rising edges count, not readings.',
  '- **People** in the simulation answer a call after two minutes, as caregivers who look at the patient: they acknowledge every alarm of its class that nobody has seen. They resolve nothing.',
  `- **The simulation**: [whole lives](guides/simulating.md) with a reading each ${INTERVAL_S} s. Crises are ten times as frequent as in life, so that there are some.`,
  '',
  '## Again',
  '',
  '```sh',
  'npm run kidjamo -- alarm-bench --patients 20 --days 2 --seed 1',
  'npm run kidjamo -- alarm-bench --recorded FILE.csv.gz',
  'npm run kidjamo -- alarm-bench --write --recorded FILE.csv.gz   # this document, with the report seeds',
  '```',
  '',
];

function most(counts: Counts): string {
  const named = Object.entries(counts).slice(0, NAMED);
  return named.length === 0 ? 'none' : named.map(([name, count]) => `\`${name}\` ${count}`).join(', ');
}

function tableOf(rows: readonly FigureRow[], goals: boolean): string[] {
  const columns = ['Figure', 'Engine', 'Raw limits', 'NEWS2', ...(goals ? ['Goal'] : [])];
  return [
    tableRow(columns),
    tableRow(columns.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...rows.map(({ figure, engine, raw_limits: limits, news2, goal }) =>
      tableRow([figure, engine, limits, news2, ...(goals ? [goal] : [])]),
    ),
  ];
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
