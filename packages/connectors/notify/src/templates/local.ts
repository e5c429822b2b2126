/** Times and numbers as the reader writes them. */

import type { Language } from '../channel.ts';

/** British English, since its times have 24 hours and its days come first, as French ones do. */
const LOCALES: Readonly<Record<Language, string>> = { fr: 'fr-FR', en: 'en-GB' };
const FAR = 18 * 60 * 60_000;

/** Hours and minutes in the reader's time zone, with the day where it is far from `near` (ms). Where the zone is unknown, UTC, and says so. */
export function clockTime(at: number, { language, timeZone }: { language: Language; timeZone: string }, near: number): string {
  const day = Math.abs(at - near) > FAR ? ({ day: '2-digit', month: '2-digit' } as const) : {};
  const options = { hour: '2-digit', minute: '2-digit', ...day } as const;
  const zone = knownZone(timeZone);
  const text = new Intl.DateTimeFormat(LOCALES[language], { ...options, timeZone: zone ?? 'UTC' }).format(at);
  return zone === undefined ? `${text} UTC` : text;
}

/** A number with the decimal mark of the language, at most two places. */
export function numberText(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { maximumFractionDigits: 2, useGrouping: false }).format(value);
}

/** The zone, or undefined where this machine does not know it. */
export function knownZone(timeZone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}
