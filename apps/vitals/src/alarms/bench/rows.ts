/** The figures of the benchmark as rows, for the terminal and the document. */

import type { ByDetector } from './detectors.ts';
import type { Compared } from './simulated.ts';
import type { Figures, Load } from './tally.ts';

/** A row of the table: a figure of each detector, as text. */
export interface FigureRow extends ByDetector<string> {
  readonly figure: string;
  /** What the engine is held to (clinical reference, section 4). */
  readonly goal: string;
}

/** Goals of the engine (clinical reference, section 4). Units: share, s, per patient-day, share. */
export const GOALS = { sensitivity: 0.95, medianDetection: 120, nonActionable: 0.5, reduction: 0.86 } as const;

/** The table over simulated patients. */
export function benchmarkRows(result: Compared): readonly FigureRow[] {
  const row = (figure: string, tell: (figures: Figures) => string, goal = ''): FigureRow => rowOf(figure, result, { tell, goal });
  const { reduction, reduction_of_episodes: ofEpisodes, events_lost: lost } = result.against_raw_limits;
  return [
    row('events', ({ events }) => String(events)),
    row('sensitivity', ({ sensitivity }) => percent(sensitivity)),
    row('the same, crises and chest syndromes', ({ crisis_sensitivity: share }) => percent(share), `>= ${percent(GOALS.sensitivity)}`),
    row('median detection', ({ median_detection_s: median }) => seconds(median), `<= ${seconds(GOALS.medianDetection)}`),
    row('detected within 2 min', ({ detected_within_2_min: share }) => percent(share)),
    row(
      'non-actionable episodes per patient-day',
      ({ non_actionable_per_patient_day: rate }) => rate.toFixed(2),
      `<= ${GOALS.nonActionable}`,
    ),
    row('the same, without low-confidence floors', ({ non_actionable_without_low_confidence_floors: rate }) => rate.toFixed(2)),
    ...loadRows(result),
    {
      figure: 'fewer pages than raw limits',
      engine: percent(reduction),
      raw_limits: '',
      news2: '',
      goal: `>= ${percent(GOALS.reduction)}`,
    },
    { figure: 'the same, of paged episodes', engine: percent(ofEpisodes), raw_limits: '', news2: '', goal: '' },
    { figure: 'events lost that raw limits find', engine: String(lost), raw_limits: '', news2: '', goal: '0' },
  ];
}

/** The table of alarm load alone. */
export function loadRows(loads: ByDetector<Load>): readonly FigureRow[] {
  const row = (figure: string, tell: (load: Load) => string): FigureRow => rowOf(figure, loads, { tell, goal: '' });
  return [
    row('paged episodes per patient-day', ({ paged_episodes_per_patient_day: rate }) => rate.toFixed(2)),
    row('pages per patient-day', ({ pages_per_patient_day: rate }) => rate.toFixed(2)),
    row('the same, without low-confidence floors', ({ pages_without_low_confidence_floors: rate }) => rate.toFixed(2)),
    row('notices that need no answer, per patient-day', ({ notices_per_patient_day: rate }) => rate.toFixed(2)),
    row('episodes below alert per patient-day', ({ warn_episodes_per_patient_day: rate }) => rate.toFixed(2)),
    row('technical episodes per patient-day', ({ technical_episodes_per_patient_day: rate }) => rate.toFixed(2)),
    row('patients', ({ patients }) => String(patients)),
    row('patient-days', ({ patient_days: days }) => days.toFixed(0)),
  ];
}

function rowOf<F>(
  figure: string,
  { engine, raw_limits: limits, news2 }: ByDetector<F>,
  { tell, goal }: { readonly tell: (figures: F) => string; readonly goal: string },
): FigureRow {
  return { figure, engine: tell(engine), raw_limits: tell(limits), news2: tell(news2), goal };
}

/** A share in %, or a dash where there is none. */
export function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(1)} %`;
}

function seconds(value: number | null): string {
  return value === null ? '-' : `${value} s`;
}
