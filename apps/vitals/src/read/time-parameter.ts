/** Times given as parameters. */

import { parseTimestamp } from '../gateway/timestamp.ts';
import { ParameterError } from './problem.ts';

const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Reads a time: ISO 8601 as the gateway reads it, or a date, which is its first instant in UTC. Answers ISO 8601 text in UTC with
 * microseconds, which PostgreSQL takes as it is and which sorts like the times.
 */
export function timeParameter(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const at = parseTimestamp(DATE.test(value) ? `${value}T00:00Z` : value);
  if (Number.isNaN(at)) throw new ParameterError(name, `${name} must be a time in ISO 8601, such as 2026-01-31T12:00:00Z`);
  const ms = Math.floor(at);
  const micros = Math.round((at - ms) * 1000);
  return `${new Date(ms).toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
}

/** Reads a range of times, first included, last not. */
export function timeRange(query: { readonly from?: string; readonly to?: string }): { from: string | undefined; to: string | undefined } {
  const from = timeParameter('from', query.from);
  const to = timeParameter('to', query.to);
  if (from !== undefined && to !== undefined && to < from) throw new ParameterError('to', 'to must not be before from');
  return { from, to };
}
