/**
 * Finds the records that make a batch unreadable. Only used after DuckDB has refused the batch as a whole: each record is then parsed here,
 * which finds what is plainly wrong, and DuckDB is asked about halves of the rest, and halves of those, until the last one is found.
 */

import type { LogRecord, Records, Refusal } from '@kidjamo/stream';

import type { LakeColumn, LakeTable } from './lake-table.ts';
import { isRequired, memberOf } from './lake-table.ts';
import { TIME_RANGE } from './stage-sql.ts';

/** What a batch consists of. */
export interface Sifted {
  readonly refused: readonly Refusal[];
  /** What the table can read. Records of other tables are not among them. */
  readonly readable: readonly LogRecord[];
}

/** Sifts a batch. `canRead` asks DuckDB; its last call is about all of `readable` where nothing was refused. */
export async function sift(
  table: LakeTable,
  records: Records,
  canRead: (records: readonly LogRecord[]) => Promise<boolean>,
): Promise<Sifted> {
  const refused: Refusal[] = [];
  const plausible: LogRecord[] = [];
  for (const record of records) {
    const verdict = judge(table, record.value);
    if (verdict === 'plausible') plausible.push(record);
    else if (verdict !== 'other') refused.push({ offset: record.offset, reason: verdict.reason });
  }
  const unreadable = new Set(await halve(plausible, canRead));
  for (const { offset } of unreadable) refused.push({ offset, reason: `the record does not fit the lake table ${table.name}` });
  return { refused, readable: plausible.filter((record) => !unreadable.has(record)) };
}

/** Whether the bytes from `start` to `end` are the text of a JSON object, by the first of them. DuckDB checks the rest. */
export function looksLikeObject(bytes: Uint8Array, start: number, end: number): boolean {
  return start < end && bytes[start] === 0x7b;
}

async function halve(records: readonly LogRecord[], canRead: (records: readonly LogRecord[]) => Promise<boolean>): Promise<LogRecord[]> {
  if (await canRead(records)) return [];
  if (records.length <= 1) return [...records];
  const middle = records.length >> 1;
  return [...(await halve(records.slice(0, middle), canRead)), ...(await halve(records.slice(middle), canRead))];
}

/** What can be said of a record without DuckDB. A record that DuckDB could read is never refused here. */
function judge(table: LakeTable, value: string): 'plausible' | 'other' | { reason: string } {
  if (!value.startsWith('{')) return { reason: 'the value is not a JSON object' };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    return { reason: error instanceof SyntaxError ? 'the value is not JSON' : 'the value cannot be read' };
  }
  const { only } = table;
  if (only !== undefined) {
    const kind = lookUp(parsed, only.from.split('.'));
    if (typeof kind !== 'string' || !only.oneOf.includes(kind)) return 'other';
  }
  for (const column of table.columns) {
    const path = memberOf(column);
    const member = lookUp(parsed, path);
    if (member === undefined || member === null) {
      if (isRequired(table, column)) return { reason: `${path.join('.')} is missing` };
    } else if (!fits(column.type, member)) {
      return { reason: `${path.join('.')} is not of type ${column.type}` };
    } else if (column.name === table.eventTime && !isInRange(member)) {
      return { reason: `${path.join('.')} lies outside the years 1 to 9999` };
    }
  }
  return 'plausible';
}

/** The member at a path; undefined when a level is missing. A level that is no object is returned as it is: it fits nothing below. */
function lookUp(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const [depth, name] of path.entries()) {
    if (at === undefined || at === null) return undefined;
    if (typeof at !== 'object' || Array.isArray(at)) return depth === 0 ? undefined : MISPLACED;
    at = Object.hasOwn(at, name) ? (at as Record<string, unknown>)[name] : undefined;
  }
  return at;
}

/** Stands for a member whose parent is no object. */
const MISPLACED = Symbol('misplaced');

function fits(type: LakeColumn['type'], member: unknown): boolean {
  if (member === MISPLACED) return false;
  switch (type) {
    case 'text':
    case 'pseudonym':
      return true;
    case 'texts':
      return Array.isArray(member);
    case 'uuid':
      return typeof member === 'string';
    case 'double':
    case 'integer':
    case 'time':
      // Text that holds a number is read as one.
      return (
        typeof member === 'number' ||
        typeof member === 'boolean' ||
        (typeof member === 'string' && member.trim() !== '' && !Number.isNaN(Number(member)))
      );
    case 'boolean':
      return typeof member !== 'object';
  }
}

function isInRange(member: unknown): boolean {
  const ms = Number(member);
  return ms >= TIME_RANGE.first && ms <= TIME_RANGE.last;
}
