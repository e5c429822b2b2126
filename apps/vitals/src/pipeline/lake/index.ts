/** The vitals in the lake: its tables, its views, and its sinks, one per table, each a consumer group of its own. */

import { LakeSink, lakeSinkName } from '@kidjamo/connector-lake';
import type { LakeSinkOptions, LakeView } from '@kidjamo/connector-lake';

import { LAKE_TABLES } from './tables.ts';
import { BRONZE_WINDOWS } from './windows-view.ts';

export { LAKE_TABLES } from './tables.ts';

/** Views beside those of the tables. */
export const LAKE_VIEWS: readonly LakeView[] = [BRONZE_WINDOWS];

/** The consumer groups of these sinks. */
export const LAKE_GROUPS: readonly string[] = LAKE_TABLES.map(lakeSinkName);

/** A sink for each table. */
export function lakeSinks(options: Omit<LakeSinkOptions, 'table'>): LakeSink[] {
  return LAKE_TABLES.map((table) => new LakeSink({ ...options, table }));
}
