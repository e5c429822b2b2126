/** Values of DuckDB as JSON has them. */

import { DuckDBDecimalValue, DuckDBTimestampTZValue, DuckDBTimestampValue, DuckDBTypeId, JsonDuckDBValueConverter } from '@duckdb/node-api';
import type { DuckDBValueConverter, Json } from '@duckdb/node-api';

/** Digits that a double keeps exactly. */
const EXACT_DIGITS = 15;

/**
 * Whole numbers as numbers where none of their digits is lost, otherwise as text. Timestamps in ISO 8601, UTC, with 3 or 6 digits. Lists as
 * arrays, structures as objects; everything else as DuckDB writes it.
 */
export const toJson: DuckDBValueConverter<Json> = (value, type, converter) => {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return isoTime(value.micros);
  if (value instanceof DuckDBDecimalValue) return value.width <= EXACT_DIGITS ? value.toDouble() : exactDecimal(value);
  // SQL's NULL has a type of its own where nothing else gives it one.
  if (type.typeId === DuckDBTypeId.SQLNULL) return null;
  return JsonDuckDBValueConverter(value, type, converter);
};

function exactDecimal(value: DuckDBDecimalValue): Json {
  const digits = String(value.value).replace('-', '').length;
  return digits <= EXACT_DIGITS ? value.toDouble() : value.toString();
}

const MICROS = 1000n;
/** The farthest time that JavaScript has, ms. */
const MAX_MS = 8_640_000_000_000_000n;

function isoTime(micros: bigint): Json {
  const rest = ((micros % MICROS) + MICROS) % MICROS;
  const ms = (micros - rest) / MICROS;
  if (ms > MAX_MS || ms < -MAX_MS) return micros > 0n ? 'infinity' : '-infinity';
  const iso = new Date(Number(ms)).toISOString();
  return rest === 0n ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}
