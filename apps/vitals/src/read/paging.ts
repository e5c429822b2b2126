/** Keyset paging: a page ends with the key of its last row, and the next page starts after it, so inserts never shift rows between pages. */

/** Rows on a page unless the caller says otherwise. */
export const DEFAULT_LIMIT = 100;

/** Most rows on a page. */
export const MAX_LIMIT = 1000;

/** The values of the ordering columns of a row, as text. */
export type Key = readonly string[];

/** Which part of a list is wanted: at most `limit` rows after `after`. */
export interface PageRequest {
  readonly limit: number;
  readonly after: Key | undefined;
}

/** Some rows, and where to go on; null when there are no more. */
export interface Page<Row> {
  readonly items: readonly Row[];
  readonly next_cursor: string | null;
}

/** What each value of a key must look like, so that the database can take it. */
export type KeyShape = readonly ((value: string) => boolean)[];

/** A time as the database writes it for us: ISO 8601, UTC, microseconds. */
export const isTimeKey = (value: string): boolean =>
  /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(value) && !Number.isNaN(Date.parse(value));
export const isUuidKey = (value: string): boolean => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(value);
/** Nine digits always fit an integer. */
export const isSmallKey = (value: string): boolean => /^\d{1,9}$/.test(value);
/** Fifteen digits always fit a bigint, and stay exact as a JavaScript number. */
export const isOffsetKey = (value: string): boolean => /^\d{1,15}$/.test(value);
export const isNameKey = (value: string): boolean => /^[\w.:-]{1,100}$/.test(value);

/** Turns a key into the opaque text that callers hand back. */
export function encodeCursor(key: Key): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * Reads a cursor back, or answers undefined when it is not one that this list gave out. It comes from outside, so each value is checked
 * against `shape` before it reaches a statement.
 */
export function decodeCursor(cursor: string, shape: KeyShape): Key | undefined {
  const key = parse(Buffer.from(cursor, 'base64url').toString());
  if (!Array.isArray(key) || key.length !== shape.length) return undefined;
  const values = key.filter((value: unknown, index): value is string => typeof value === 'string' && shape[index]?.(value) === true);
  return values.length === shape.length ? values : undefined;
}

/** Makes a page from up to `limit + 1` rows: the surplus row only tells that there are more. */
export function toPage<Row>(rows: readonly Row[], limit: number, keyOf: (row: Row) => Key): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next_cursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : null };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
