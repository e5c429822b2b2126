/**
 * The tables of the clinical reference, written down once more and apart from the catalogue, so that tests compare two transcriptions. The
 * text of the tables is kept as it stands there.
 */

import type { Vital } from '../../src/contracts/reading.ts';
import type { AgeBand } from '../../src/domain/age.ts';
import { AGE_BANDS } from '../../src/domain/age.ts';

/** Section 1, by age band. */
const AGE_TABLE = `
| T warn / alert / emergency, C | 37.6/38.0/38.5 | 37.5/38.0/39.0 | 37.5/38.0/39.0 | 37.4/38.0/39.0 | 37.4/38.0/39.0 | 37.3/38.0/38.5 |
| T low (hypothermia), below | 36.0 | 36.0 | 36.0 | 35.8 | 35.8 | 35.8 |
| SpO2 warn / alert / emergency (<=), % | 94/93/90 | 94/93/90 | 94/93/89 | 93/92/88 | 93/92/88 | 93/92/88 |
| HR warn / alert / emergency (>=), /min | 161/166/180 | 141/145/160 | 119/121/140 | 101/110/130 | 101/110/130 | 101/110/125 |
| HR low (bradycardia), below | 90 | 80 | 60 | 50 | 50 | 50 |
| RR warn / alert / emergency (>=), /min | 54/59/65 | 38/41/45 | 29/32/36 | 21/25/30 | 21/23/28 | 23/25/30 |
| RR low (bradypnoea), below | 24 | 18 | 14 | 10 | 10 | 10 |
`;

/** The numbers of a row of a band. */
export function row(name: string, band: AgeBand): readonly number[] {
  const line = AGE_TABLE.split('\n').find((each) => each.startsWith(`| ${name}`));
  const cell = line?.split('|')[2 + AGE_BANDS.indexOf(band)];
  if (cell === undefined) throw new Error(`no row ${name}`);
  return cell.split('/').map(Number);
}

/** The alert and emergency bounds of heart and respiratory rate, and the low ones. */
export function bandBounds(band: AgeBand): Record<'hrAlert' | 'hrEmergency' | 'hrLow' | 'rrAlert', number> {
  const [, hrAlert = 0, hrEmergency = 0] = row('HR warn', band);
  const [, rrAlert = 0] = row('RR warn', band);
  const [hrLow = 0] = row('HR low', band);
  return { hrAlert, hrEmergency, hrLow, rrAlert };
}

/** A term as a person writes it. */
export type WrittenTerm = readonly [vital: Vital, op: '<' | '<=' | '>' | '>=', value: number];

const young = (band: AgeBand): boolean => band === 'G1' || band === 'G2' || band === 'G3';
/** Section 2: fixed limits of heart and respiratory rate apply from G4; in younger bands the band's alert bound. */
const hr = (band: AgeBand, value: number): WrittenTerm => ['heart_rate', '>=', young(band) ? bandBounds(band).hrAlert : value];
const rr = (band: AgeBand, value: number): WrittenTerm => ['resp_rate', '>=', young(band) ? bandBounds(band).rrAlert : value];

/** Section 2: combinations and patterns whose terms must all hold. */
export const ALL_OF: readonly (readonly [code: string, severity: string, terms: (band: AgeBand) => readonly WrittenTerm[]])[] = [
  [
    'COMBINATION_FEVER_HYPOXIA',
    'critical',
    (band) => [
      ['temperature', '>=', 38],
      ['spo2', '<=', band === 'G1' || band === 'G2' ? 94 : 93],
    ],
  ],
  [
    'COMBINATION_PAIN_HYPOXIA',
    'critical',
    () => [
      ['pain', '>=', 7],
      ['spo2', '<=', 92],
    ],
  ],
  [
    'COMBINATION_DEHYDRATION_HEAT',
    'critical',
    () => [
      ['hydration', '<=', 60],
      ['heat_index', '>=', 38],
      ['activity', '>', 2],
    ],
  ],
  [
    'COMBINATION_FEVER_TACHYPNEA',
    'critical',
    (band) => [
      ['temperature', '>=', 38],
      ['resp_rate', '>=', bandBounds(band).rrAlert],
    ],
  ],
  ['PATTERN_HYPOXIA', 'critical', (band) => [['spo2', '<=', 88], rr(band, 25), hr(band, 110)]],
  ['PATTERN_FEVER_TACHYCARDIA', 'alert', (band) => [['temperature', '>=', 38.5], hr(band, 120), rr(band, 22)]],
  [
    'PATTERN_HYPOTHERMIA_BRADYCARDIA',
    'alert',
    (band) => [
      ['temperature', '<=', 35],
      young(band) ? ['heart_rate', '<', bandBounds(band).hrLow] : ['heart_rate', '<=', 50],
      ['ambient_temp', '<=', 18],
    ],
  ],
  ['PATTERN_DEHYDRATION', 'alert', (band) => [['hydration', '<=', 45], hr(band, 100), ['temperature', '>=', 37.5]]],
  ['PATTERN_RESPIRATORY_DISTRESS', 'alert', (band) => [rr(band, 28), ['spo2', '<=', 92], hr(band, 100)]],
  ['PATTERN_HEAT_STRESS', 'warn', (band) => [['ambient_temp', '>=', 30], ['temperature', '>=', 38], hr(band, 90)]],
  // Floors.
  ['CRITICAL_SPO2', 'critical', () => [['spo2', '<', 88]]],
  ['CRITICAL_TEMPERATURE', 'critical', () => [['temperature', '>=', 38]]],
  [
    'CRITICAL_COMBINATION_FEVER_SPO2',
    'critical',
    () => [
      ['spo2', '<=', 92],
      ['temperature', '>=', 38],
    ],
  ],
];

/** Sections 1 and 2: single limits that are the same at every age. */
export const SINGLE: readonly (readonly [code: string, severity: string, term: WrittenTerm])[] = [
  ['HYDRATION_LOW', 'warn', ['hydration', '<', 70]],
  ['HYDRATION_LOW', 'alert', ['hydration', '<', 60]],
  ['HYDRATION_LOW', 'critical', ['hydration', '<', 50]],
  ['HEAT_INDEX_HIGH', 'warn', ['heat_index', '>=', 36]],
  ['HEAT_INDEX_HIGH', 'alert', ['heat_index', '>=', 40]],
  ['HEAT_INDEX_HIGH', 'critical', ['heat_index', '>=', 41]],
  ['AMBIENT_HOT', 'alert', ['ambient_temp', '>=', 31]],
  ['AMBIENT_HOT', 'critical', ['ambient_temp', '>=', 36]],
  ['AMBIENT_COLD', 'alert', ['ambient_temp', '<=', 10]],
  ['AMBIENT_COLD', 'critical', ['ambient_temp', '<=', 5]],
  ['PAIN_SEVERE', 'critical', ['pain', '>=', 8]],
];

/** Section 2: persistence, with seconds. */
export const PERSISTENCE: readonly (readonly [code: string, severity: string, term: (band: AgeBand) => WrittenTerm, seconds: number])[] = [
  [
    'PERSISTENT_HEART_RATE_HIGH',
    'critical',
    (band) => (young(band) ? ['heart_rate', '>=', bandBounds(band).hrEmergency] : ['heart_rate', '>', 140]),
    120,
  ],
  ['PERSISTENT_TEMPERATURE_HIGH', 'critical', () => ['temperature', '>', 40], 180],
  ['PERSISTENT_TEMPERATURE_LOW', 'critical', () => ['temperature', '<', 34], 180],
  [
    'PERSISTENT_HEART_RATE_HIGH',
    'alert',
    (band) => (young(band) ? ['heart_rate', '>=', bandBounds(band).hrAlert] : ['heart_rate', '>', 120]),
    300,
  ],
  ['PERSISTENT_SPO2_LOW', 'alert', () => ['spo2', '<', 92], 180],
  ['PERSISTENT_SPO2_VERY_LOW', 'alert', () => ['spo2', '<=', 90], 30],
  ['PERSISTENT_TEMPERATURE_HIGH', 'alert', () => ['temperature', '>', 38.5], 600],
  ['PERSISTENT_AMBIENT_HOT', 'warn', () => ['ambient_temp', '>', 32], 900],
  ['PERSISTENT_AMBIENT_COLD', 'warn', () => ['ambient_temp', '<', 16], 900],
];

/** Section 2: trends. */
export const TRENDS: readonly {
  readonly code: string;
  readonly severity: string;
  readonly vital: 'heart_rate' | 'temperature' | 'spo2';
  readonly from: number;
  readonly change: number;
  readonly minutes: number;
  readonly points: number;
  readonly margin: number;
}[] = [
  { code: 'TREND_HEART_RATE_UP', severity: 'warn', vital: 'heart_rate', from: 70, change: 20, minutes: 30, points: 5, margin: 5 },
  { code: 'TREND_TEMPERATURE_UP', severity: 'warn', vital: 'temperature', from: 36, change: 1.5, minutes: 60, points: 6, margin: 0.3 },
  { code: 'TREND_TEMPERATURE_RISING', severity: 'warn', vital: 'temperature', from: 36, change: 0.8, minutes: 60, points: 6, margin: 0.3 },
  { code: 'TREND_SPO2_DOWN', severity: 'alert', vital: 'spo2', from: 98, change: -5, minutes: 20, points: 4, margin: 2 },
];

/** Section 1: seconds that a level has to hold. */
export const ON_DELAY: Readonly<Record<string, number>> = { warn: 600, alert: 120, critical: 60 };

/** Section 3: how far back inside. */
export const MARGIN: Readonly<Record<Vital, number>> = {
  spo2: 2,
  heart_rate: 5,
  resp_rate: 2,
  temperature: 0.3,
  hydration: 3,
  heat_index: 1,
  ambient_temp: 1,
  pain: 1,
  activity: 0,
};

/** A value that breaches by the least, the bound itself, and a value that does not by the least. */
export function around(
  [, op, value]: WrittenTerm,
  step = 0.01,
): { readonly worse: number; readonly better: number; readonly atBreaches: boolean } {
  const up = op === '>' || op === '>=';
  return { worse: up ? value + step : value - step, better: up ? value - step : value + step, atBreaches: op === '>=' || op === '<=' };
}
