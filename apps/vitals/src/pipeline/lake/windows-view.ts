/** The windows in the lake: the same view over panes as PostgreSQL's `windows`, with pseudonyms in the place of ids. */

import type { LakeView } from '@kidjamo/connector-lake';

import { VITALS } from '../../contracts/reading.ts';
import { ANOMALIES, WINDOW_LENGTH, WINDOW_SLIDE } from '../../domain/windows.ts';
import { BRONZE_PANES } from './tables.ts';

const MINUTE = 60_000;
/** How many windows a pane belongs to. */
const WINDOWS_PER_PANE = WINDOW_LENGTH / WINDOW_SLIDE;

const aggregates = [
  'sum(count)::INTEGER AS measurement_count',
  ...VITALS.flatMap((vital) => [
    `coalesce(sum(${vital}_count), 0)::INTEGER AS ${vital}_count`,
    `sum(${vital}_sum) / sum(${vital}_count) AS avg_${vital}`,
    `min(${vital}_min) AS min_${vital}`,
    `max(${vital}_max) AS max_${vital}`,
  ]),
  'CASE WHEN sum(quality_count) > 0 THEN sum(quality_sum) / sum(quality_count) END AS avg_quality',
];

const classes = ANOMALIES.map(
  ({ column, classes: cases }) => `CASE ${cases.map(({ name, sql }) => `WHEN ${sql} THEN '${name}'`).join(' ')} END AS ${column}`,
);

/** Windows of five minutes, one starting at every full minute. They hold what the closed panes hold. */
export const BRONZE_WINDOWS: LakeView = {
  name: 'bronze_windows',
  sql: `
    WITH windows AS (
      SELECT patient_pseudonym, device_pseudonym,
             minute - INTERVAL (${WINDOW_SLIDE / MINUTE} * slide.step) MINUTE AS window_start,
             minute - INTERVAL (${WINDOW_SLIDE / MINUTE} * slide.step) MINUTE + INTERVAL ${WINDOW_LENGTH / MINUTE} MINUTE AS window_end,
             ${aggregates.join(', ')}
        FROM ${BRONZE_PANES.name}, range(${WINDOWS_PER_PANE}) AS slide(step)
       GROUP BY ALL)
    SELECT *, ${classes.join(', ')} FROM windows`,
};
