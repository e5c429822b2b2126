/** Panes as rows of `window_panes` and as records of the log of panes. */

import type { Cell, Pane } from '@kidjamo/stream';
import { cellCount, cellMax, cellMin, cellSum, Panes } from '@kidjamo/stream';

import type { PaneOut } from '../contracts/outputs.ts';
import type { Vital, Vitals } from '../contracts/reading.ts';
import { VITALS } from '../contracts/reading.ts';
import type { PaneRow } from '../contracts/rows.ts';
import { WINDOW_LATENESS, WINDOW_SLIDE } from '../domain/windows.ts';

/** The panes of a patient's device. Fields: the quality, then the vital signs in their usual order, since the last ones are the rarest. */
export const panes = new Panes({ width: WINDOW_SLIDE, lateness: WINDOW_LATENESS });

const QUALITY = 0;

/** Whose panes they are. */
export interface PaneOwner {
  readonly patient: string;
  readonly device: string;
}

/** What a reading adds to its pane. Quality is the confidence that the device gives, 0-100. */
export function paneValues(vitals: Vitals, confidence: number | undefined): (number | undefined)[] {
  const values = [confidence];
  for (const vital of VITALS) values.push(vitals[vital]);
  return values;
}

/**
 * The row of a pane, as it stands. Written out column by column: it is made for every reading, and an object with these members in this
 * order is several times as fast as one filled by name. A test compares it with the list of vital signs.
 */
export function paneRow({ patient, device }: PaneOwner, pane: Pane, begun?: boolean): PaneRow {
  const cells = pane[2];
  return {
    patient_id: patient,
    device_id: device,
    minute: panes.start(pane),
    count: pane[1],
    begun,
    quality_sum: cellSum(cells[QUALITY]),
    quality_count: cellCount(cells[QUALITY]),
    heart_rate_count: cellCount(cells[1]),
    heart_rate_sum: sumOf(cells[1]),
    heart_rate_min: cellMin(cells[1]),
    heart_rate_max: cellMax(cells[1]),
    resp_rate_count: cellCount(cells[2]),
    resp_rate_sum: sumOf(cells[2]),
    resp_rate_min: cellMin(cells[2]),
    resp_rate_max: cellMax(cells[2]),
    spo2_count: cellCount(cells[3]),
    spo2_sum: sumOf(cells[3]),
    spo2_min: cellMin(cells[3]),
    spo2_max: cellMax(cells[3]),
    temperature_count: cellCount(cells[4]),
    temperature_sum: sumOf(cells[4]),
    temperature_min: cellMin(cells[4]),
    temperature_max: cellMax(cells[4]),
    ambient_temp_count: cellCount(cells[5]),
    ambient_temp_sum: sumOf(cells[5]),
    ambient_temp_min: cellMin(cells[5]),
    ambient_temp_max: cellMax(cells[5]),
    hydration_count: cellCount(cells[6]),
    hydration_sum: sumOf(cells[6]),
    hydration_min: cellMin(cells[6]),
    hydration_max: cellMax(cells[6]),
    activity_count: cellCount(cells[7]),
    activity_sum: sumOf(cells[7]),
    activity_min: cellMin(cells[7]),
    activity_max: cellMax(cells[7]),
    heat_index_count: cellCount(cells[8]),
    heat_index_sum: sumOf(cells[8]),
    heat_index_min: cellMin(cells[8]),
    heat_index_max: cellMax(cells[8]),
    pain_count: cellCount(cells[9]),
    pain_sum: sumOf(cells[9]),
    pain_min: cellMin(cells[9]),
    pain_max: cellMax(cells[9]),
  };
}

/** The record of a pane that is closed: its row, without the counts of vital signs that it does not have. */
export function paneOut(owner: PaneOwner, pane: Pane): PaneOut {
  const out: Omit<PaneRow, CountColumn> & Record<CountColumn, number | undefined> = paneRow(owner, pane);
  for (const column of COUNTS) if (out[column] === 0) out[column] = undefined;
  return out;
}

type CountColumn = `${Vital}_count`;

/** Spelled out, since names made at run time are slow keys. */
const COUNTS: readonly CountColumn[] = [
  'heart_rate_count',
  'resp_rate_count',
  'spo2_count',
  'temperature_count',
  'ambient_temp_count',
  'hydration_count',
  'activity_count',
  'heat_index_count',
  'pain_count',
];

/** Undefined where there is no value: the sum of nothing is not 0 in a column that may be absent. */
function sumOf(cell: Cell | undefined): number | undefined {
  return cell === null || cell === undefined ? undefined : cellSum(cell);
}
