/** What a table of the lake is made of: which records of a log become rows, and which of their members become columns. */

import { KidjamoError } from '@kidjamo/stream';

/**
 * The type of a column.
 *
 * | type      | JSON member                          | Parquet               |
 * |-----------|--------------------------------------|-----------------------|
 * | text      | text                                 | VARCHAR               |
 * | texts     | array of texts                       | VARCHAR[]             |
 * | uuid      | text of a UUID                       | UUID                  |
 * | double    | number                               | DOUBLE                |
 * | integer   | whole number                         | INTEGER               |
 * | boolean   | true or false                        | BOOLEAN               |
 * | time      | ms since the epoch, with a fraction  | TIMESTAMP (UTC, µs); null outside the years 1 to 9999 |
 * | pseudonym | an identity, as text                 | VARCHAR; the identity itself is never written |
 */
export type LakeType = 'text' | 'texts' | 'uuid' | 'double' | 'integer' | 'boolean' | 'time' | 'pseudonym';

export interface LakeColumn {
  readonly name: string;
  readonly type: LakeType;
  /** The member that it comes from, with dots between the levels. The name itself when absent. */
  readonly from?: string;
  /** A record without it is refused. */
  readonly required?: boolean;
  /**
   * For text and texts: a regular expression (RE2) that the whole text has to match. Text that does not is left out. For members that hold
   * a code but come from outside, where anybody may write a name into them.
   */
  readonly pattern?: string;
}

export interface LakeTable {
  /** The name of the view, too. */
  readonly name: string;
  /** Where its files are, relative to the root of the lake. */
  readonly folder: string;
  /** The log that it is read from. */
  readonly log: string;
  readonly columns: readonly LakeColumn[];
  /** The column of type `time` whose date (UTC) is the partition `event_date`. Always required. */
  readonly eventTime: string;
  /** Columns by which the rows of a merged file are sorted. */
  readonly sort: readonly string[];
  /** Records whose member `from` is none of these are skipped: they belong to another table. */
  readonly only?: { readonly from: string; readonly oneOf: readonly string[] };
}

/** Columns that every table has, behind its own: the place of the record in its log, by which a row is traced and told from its repetition. */
export const LOG_COLUMNS = [
  { name: 'log_partition', sql: 'INTEGER' },
  { name: 'log_offset', sql: 'BIGINT' },
] as const;

const SQL_TYPES: Readonly<Record<LakeType, string>> = {
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
  uuid: 'UUID',
  double: 'DOUBLE',
  integer: 'INTEGER',
  boolean: 'BOOLEAN',
  time: 'TIMESTAMP',
  pseudonym: 'VARCHAR',
};

/** The name and DuckDB type of each column of the view, in order; `event_date` comes from the folder of the file. */
export function viewColumns(table: LakeTable): readonly { readonly name: string; readonly sql: string }[] {
  return [...table.columns.map(({ name, type }) => ({ name, sql: SQL_TYPES[type] })), ...LOG_COLUMNS, { name: 'event_date', sql: 'DATE' }];
}

/** The member that a column comes from, level by level. */
export function memberOf(column: LakeColumn): readonly string[] {
  return (column.from ?? column.name).split('.');
}

/** Whether a record without the column is refused. */
export function isRequired(table: LakeTable, column: LakeColumn): boolean {
  return column.required === true || column.name === table.eventTime;
}

const NAME = /^[a-z][a-z0-9_]*$/;
const FOLDER = /^[a-z0-9_]+(\/[a-z0-9_]+)*$/;
const MEMBER = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const RESERVED = new Set<string>([...LOG_COLUMNS.map(({ name }) => name), 'event_date']);

/** @throws KidjamoError CONFIG_INVALID when the definition does not hold together. */
export function checkTable(table: LakeTable): void {
  const problems: string[] = [];
  if (!NAME.test(table.name)) problems.push('its name is not in lower case');
  if (!FOLDER.test(table.folder)) problems.push('its folder is not a relative path in lower case');
  const names = new Set<string>();
  for (const { name, from } of table.columns) {
    if (!NAME.test(name) || !MEMBER.test(from ?? name)) problems.push(`the column ${name} or its member is misnamed`);
    if (names.has(name) || RESERVED.has(name)) problems.push(`the column ${name} is there twice`);
    names.add(name);
  }
  if (!table.columns.some(({ name, type }) => name === table.eventTime && type === 'time'))
    problems.push('its event time is no column of type time');
  for (const name of table.sort) if (!names.has(name)) problems.push(`it is sorted by ${name}, which is no column`);
  if (table.only !== undefined && !MEMBER.test(table.only.from)) problems.push('the member it is chosen by is misnamed');
  if (problems.length > 0) throw new KidjamoError('CONFIG_INVALID', `the lake table ${table.name}: ${problems.join('; ')}`);
}
