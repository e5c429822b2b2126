/** Event times: ISO 8601 date and time, with or without zone (none means UTC), with any number of fractional digits, kept to the microsecond. */

const DAYS_IN_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** Years 0001 to 9999: what every store holds and prints alike. */
const EARLIEST = -62_135_596_800_000;
const END = 253_402_300_800_000;

/** The digit at `i`, or NaN, which makes every sum that it enters NaN. */
function digit(text: string, i: number): number {
  const code = text.charCodeAt(i) - 48;
  return code >= 0 && code <= 9 ? code : NaN;
}

function two(text: string, i: number): number {
  return digit(text, i) * 10 + digit(text, i + 1);
}

/** Days from 1970-01-01 to a date of the Gregorian calendar. */
function daysFromEpoch(year: number, month: number, day: number): number {
  // Years begin in March here, so that the leap day comes last.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468;
}

function isDate(year: number, month: number, day: number): boolean {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false;
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (DAYS_IN_MONTH[month] ?? 0);
}

/**
 * Reads a timestamp. The seconds may be missing; the separator may be T, t or a space; the fraction may begin with a point or a comma.
 * @returns ms since the epoch, its fraction holding microseconds (exact from 1831 to 2109; further digits are cut); NaN when the text is not such a timestamp,
 * names an impossible date or hour, or lies outside the years 0001 to 9999.
 */
export function parseTimestamp(text: string): number {
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || !isDate(year, month, day)) return NaN;
  const separator = text.charCodeAt(10);
  if (separator !== 84 && separator !== 116 && separator !== 32) return NaN;
  const hour = two(text, 11);
  const minute = two(text, 14);
  if (!(hour <= 23 && minute <= 59) || text.charCodeAt(13) !== 58) return NaN;

  let i = 16;
  let second = 0;
  let micros = 0;
  if (text.charCodeAt(i) === 58) {
    second = two(text, 17);
    if (!(second <= 59)) return NaN;
    i = 19;
    const mark = text.charCodeAt(i);
    if (mark === 46 || mark === 44) {
      const start = ++i;
      for (let unit = 100_000; ; i += 1) {
        const value = digit(text, i);
        if (Number.isNaN(value)) break;
        micros += value * unit;
        unit = unit === 1 ? 0 : unit / 10;
      }
      if (i === start) return NaN;
    }
  }

  const shift = parseZone(text, i);
  const seconds = daysFromEpoch(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - shift * 60;
  // Cut to whole milliseconds first: adding the fraction last keeps every microsecond exact when it is rounded back.
  const at = seconds * 1000 + micros / 1000;
  return at >= EARLIEST && at < END ? at : NaN;
}

/** Minutes east of UTC of the zone that fills the text from `i` on; 0 when there is none, NaN when it is not a zone. */
function parseZone(text: string, i: number): number {
  if (i === text.length) return 0;
  const sign = text.charCodeAt(i);
  if (sign === 90 || sign === 122) return i + 1 === text.length ? 0 : NaN;
  if (sign !== 43 && sign !== 45) return NaN;
  const hours = two(text, i + 1);
  let minutes = 0;
  if (text.length !== i + 3) {
    const at = text.charCodeAt(i + 3) === 58 ? i + 4 : i + 3;
    minutes = two(text, at);
    if (text.length !== at + 2) return NaN;
  }
  if (!(hours <= 23 && minutes <= 59)) return NaN;
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes);
}

/** ms since the epoch, its fraction holding microseconds, as ISO 8601 with six fractional digits. */
export function microseconds(at: number): string {
  const micros = Math.round(at * 1000);
  const ms = Math.floor(micros / 1000);
  return new Date(ms).toISOString().slice(0, -1) + String(micros - ms * 1000).padStart(3, '0') + 'Z';
}
