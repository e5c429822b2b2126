/** The statements by which lines of JSON become a staged table, and the staged table becomes Parquet. */

import type { LakeColumn, LakeTable } from './lake-table.ts';
import { isRequired, LOG_COLUMNS, memberOf } from './lake-table.ts';
import { ident, literal } from './sql.ts';

/** The staged batch, as read, identities included. Like the other tables here it is temporary: each session has its own. */
export const STAGE = 'stage';
/** Pseudonyms by identity, for as long as the connection lives. */
export const PSEUDONYMS = 'pseudonym';

/** Written in front of the members of each record, by which rows keep the place of their record. No JSON member of ours starts like this. */
export const OFFSET = '@offset';
/** Whether the record belongs to the table. */
const KEPT = '@kept';

/** ms since the epoch of the first and the last instant that the lake keeps: the years 1 to 9999. */
export const TIME_RANGE = { first: -62_135_596_800_000, last: 253_402_300_799_999 } as const;

/** How a member is read from JSON. */
const READ_TYPES: Readonly<Record<LakeColumn['type'], string>> = {
  text: 'VARCHAR',
  texts: 'VARCHAR[]',
  uuid: 'UUID',
  double: 'DOUBLE',
  integer: 'INTEGER',
  boolean: 'BOOLEAN',
  time: 'DOUBLE',
  pseudonym: 'VARCHAR',
};

/** Stages a file of JSON lines, typed. Fails as a whole when a line cannot be read. */
export function stageSql(table: LakeTable, file: string): string {
  const columns = table.columns.map((column) => `${staged(column)} AS ${ident(column.name)}`);
  return `CREATE OR REPLACE TEMP TABLE ${STAGE} AS SELECT ${ident(OFFSET)}, ${keptSql(table)} AS ${ident(KEPT)}, ${columns.join(', ')}
    FROM read_json(${literal(file)}, format = 'newline_delimited', auto_detect = false, records = true, compression = 'uncompressed', columns = ${readColumns(table)})`;
}

/** Tells how many lines were read, and how many of them lack what is required. */
export function soundnessSql(table: LakeTable): string {
  const required = table.columns.filter((column) => isRequired(table, column));
  const lacking = required.map(({ name }) => `${ident(name)} IS NULL`).join(' OR ');
  return `SELECT count(*)::INTEGER AS lines, (count(*) FILTER (WHERE ${ident(KEPT)} AND (${lacking})))::INTEGER AS lacking FROM ${STAGE}`;
}

/** Tells the identities staged that have no pseudonym yet. */
export function newIdentitiesSql(table: LakeTable): string | undefined {
  const columns = identities(table);
  if (columns.length === 0) return undefined;
  const all = columns.map(({ name }) => `SELECT ${ident(name)} AS identity FROM ${STAGE} WHERE ${ident(KEPT)}`);
  return `SELECT DISTINCT s.identity FROM (${all.join(' UNION ALL ')}) s
    WHERE s.identity IS NOT NULL AND NOT EXISTS (FROM ${PSEUDONYMS} p WHERE p.identity = s.identity)`;
}

/** Tells, for each date, how many rows it has and between which times. */
export function datesSql(table: LakeTable): string {
  const time = ident(table.eventTime);
  return `SELECT ${time}::DATE::VARCHAR AS date, count(*)::INTEGER AS rows, min(${time})::VARCHAR AS first, max(${time})::VARCHAR AS last
    FROM ${STAGE} WHERE ${ident(KEPT)} GROUP BY 1 ORDER BY 1`;
}

/** Where rows go: the partition of the log that they come from, and the file of their date. */
export interface Destination {
  readonly partition: number;
  readonly date: string;
  readonly file: string;
}

/**
 * Writes the rows of one date to a file: under pseudonyms, in the order of the log. They are sorted only by the compaction: in a file this
 * small, sorted rows help no reader.
 */
export function copySql(table: LakeTable, { partition, date, file }: Destination): string {
  const joins: string[] = [];
  const columns = table.columns.map((column, index) => {
    if (column.type !== 'pseudonym') return `s.${ident(column.name)}`;
    joins.push(`LEFT JOIN ${PSEUDONYMS} p${index} ON p${index}.identity = s.${ident(column.name)}`);
    return `p${index}.pseudonym AS ${ident(column.name)}`;
  });
  const time = `s.${ident(table.eventTime)}`;
  const day = `DATE ${literal(date)}`;
  return `COPY (
    SELECT ${columns.join(', ')}, ${partition}::INTEGER AS log_partition, s.${ident(OFFSET)} AS log_offset
      FROM ${STAGE} s ${joins.join(' ')}
     WHERE s.${ident(KEPT)} AND ${time} >= ${day} AND ${time} < ${day} + INTERVAL 1 DAY
  ) TO ${literal(file)} (${PARQUET})`;
}

/** How files are written. DuckDB's own temporary name is not used: the caller renames, and syncs before it does. */
export const PARQUET = 'FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false';

/** By what the rows of a merged file are sorted: ties by their place in the log, so that the same rows always give the same file. */
export function orderBy(table: LakeTable): string {
  return [...table.sort, ...LOG_COLUMNS.map(({ name }) => name)].map(ident).join(', ');
}

function identities(table: LakeTable): LakeColumn[] {
  return table.columns.filter(({ type }) => type === 'pseudonym');
}

function staged(column: LakeColumn): string {
  const member = memberOf(column).map(ident).join('.');
  const matches = (text: string): string => `regexp_full_match(${text}, ${literal(column.pattern ?? '')})`;
  switch (column.type) {
    case 'time':
      return `CASE WHEN ${member} BETWEEN ${TIME_RANGE.first} AND ${TIME_RANGE.last} THEN make_timestamp(round(${member} * 1000)::BIGINT) END`;
    case 'text':
      return column.pattern === undefined ? member : `CASE WHEN ${matches(member)} THEN ${member} END`;
    case 'texts':
      return column.pattern === undefined ? member : `list_filter(${member}, lambda code: ${matches('code')})`;
    case 'uuid':
    case 'double':
    case 'integer':
    case 'boolean':
    case 'pseudonym':
      return member;
  }
}

function keptSql(table: LakeTable): string {
  if (table.only === undefined) return 'true';
  const member = table.only.from.split('.').map(ident).join('.');
  return `coalesce(${member} IN (${table.only.oneOf.map(literal).join(', ')}), false)`;
}

/** A level of members: those that hold others, and those that are read. */
interface Members {
  readonly [name: string]: string | Members;
}

function readColumns(table: LakeTable): string {
  const tree: Record<string, string | Members> = { [OFFSET]: 'BIGINT' };
  const add = (path: readonly string[], type: string): void => {
    let level = tree;
    for (const name of path.slice(0, -1)) level = (level[name] ??= {}) as Record<string, string | Members>;
    level[path.at(-1) ?? ''] = type;
  };
  if (table.only !== undefined) add(table.only.from.split('.'), 'VARCHAR');
  for (const column of table.columns) add(memberOf(column), READ_TYPES[column.type]);
  const type = (node: string | Members): string => {
    if (typeof node === 'string') return node;
    return `STRUCT(${Object.entries(node)
      .map(([name, inner]) => `${ident(name)} ${type(inner)}`)
      .join(', ')})`;
  };
  return `{${Object.entries(tree)
    .map(([name, node]) => `${literal(name)}: ${literal(type(node))}`)
    .join(', ')}}`;
}
