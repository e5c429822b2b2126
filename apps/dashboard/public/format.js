// @ts-check
/** Numbers, times and ages as people read them, in the browser's time zone. */

/** @typedef {import('./i18n.js').Language} Language */

/** Units by member of a measurement, and how many decimals are shown. */
export const UNITS = /** @type {const} */ ({
  spo2_percent: ['%', 0],
  heart_rate_bpm: ['/min', 0],
  temperature_celsius: ['°C', 1],
  respiratory_rate_min: ['/min', 0],
  hydration_percent: ['%', 0],
  pain_scale: ['/10', 0],
  activity_level: ['/10', 0],
  heat_index_celsius: ['°C', 1],
  ambient_temp_celsius: ['°C', 1],
  battery_percent: ['%', 0],
});

export const MISSING = '—';

/**
 * A vital sign without its unit. It is never rounded across a limit: a fraction that is there is shown with one decimal.
 * @param {keyof typeof UNITS} vital
 * @param {number | null} value
 * @param {Language} language
 */
export function formatVital(vital, value, language) {
  if (value === null) return MISSING;
  const decimals = UNITS[vital][1];
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: Math.max(decimals, Number.isInteger(value) ? 0 : 1),
    roundingMode: 'trunc',
  }).format(value);
}

/** @param {number} value @param {Language} language */
export function formatCount(value, language) {
  return new Intl.NumberFormat(language).format(value);
}

/**
 * The time of day, with the date when it is not today.
 * @param {number} at ms since the epoch
 * @param {number} now ms since the epoch
 * @param {Language} language
 * @param {'seconds' | 'minutes'} [precision] of a time today; of other days minutes are enough
 */
export function formatTime(at, now, language, precision = 'seconds') {
  const date = new Date(at);
  const today = new Date(now);
  const sameDay = date.toDateString() === today.toDateString();
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(sameDay && precision === 'seconds' ? { second: '2-digit' } : {}),
    ...(sameDay ? {} : { day: 'numeric', month: 'short' }),
    ...(date.getFullYear() === today.getFullYear() ? {} : { year: 'numeric' }),
  }).format(date);
}

/** @type {readonly [Intl.RelativeTimeFormatUnit, number][]} */
const STEPS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
];

/**
 * How long ago something was, in its largest whole unit: "il y a 12 s".
 * @param {number} ms
 * @param {Language} language
 * @param {string} now what to say for less than a second
 */
export function formatAge(ms, language, now) {
  for (const [unit, length] of STEPS) {
    if (ms >= length) return new Intl.RelativeTimeFormat(language, { style: 'short' }).format(-Math.floor(ms / length), unit);
  }
  return now;
}

/**
 * A length of time in its largest whole unit: "4 min".
 * @param {number} ms
 * @param {Language} language
 */
export function formatDuration(ms, language) {
  for (const [unit, length] of STEPS) {
    if (ms >= length || unit === 'second') {
      const count = Math.max(0, Math.floor(ms / length));
      return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(count);
    }
  }
  return '';
}
