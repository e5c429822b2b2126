/** Times and numbers as the reader writes them. */

import { Lru } from '@kidjamo/stream';

import type { Language } from '../channel.ts';

/** British English, since its times have 24 hours and its days come first, as French ones do. */
const LOCALES: Readonly<Record<Language, string>> = { fr: 'fr-FR', en: 'en-GB' };
const FAR = 18 * 60 * 60_000;

/** Making a format takes a hundred times as long as using it. Names of zones come from people's records, so the bound matters. */
const formats = new Lru<string, Intl.DateTimeFormat>(256);

/** A format of hours and minutes, or undefined where this machine does not know the zone. */
export function clockFormat(language: Language, timeZone: string, withDay: boolean): Intl.DateTimeFormat | undefined {
  const name = `${language} ${withDay} ${timeZone}`;
  const known = formats.get(name);
  if (known !== undefined) return known;
  const day = withDay ? ({ day: '2-digit', month: '2-digit' } as const) : {};
  try {
    const format = new Intl.DateTimeFormat(LOCALES[language], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...day, timeZone });
    formats.set(name, format);
    return format;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

/** Hours and minutes in the reader's time zone, with the day where it is far from `near` (ms). Where the zone is unknown, UTC, and says so. */
export function clockTime(at: number, { language, timeZone }: { language: Language; timeZone: string }, near: number): string {
  const far = Math.abs(at - near) > FAR;
  const own = clockFormat(language, timeZone, far);
  return own === undefined ? `${clockFormat(language, 'UTC', far)?.format(at) ?? ''} UTC` : own.format(at);
}

/** Made when a number is first written: the data of languages take megabytes, which who tells nobody can do without. */
const numbers = new Map<Language, Intl.NumberFormat>();

/** A number with the decimal mark of the language, at most two places. */
export function numberText(value: number, language: Language): string {
  let format = numbers.get(language);
  if (format === undefined) {
    format = new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: 2, useGrouping: false });
    numbers.set(language, format);
  }
  return format.format(value);
}
