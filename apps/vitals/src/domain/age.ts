/** Age bands by completed years, without gaps (clinical reference, section 1). */

export const AGE_BANDS = ['G1', 'G2', 'G3', 'G4', 'G5', 'G6'] as const;
export type AgeBand = (typeof AGE_BANDS)[number];

/** Completed years at which each band begins. */
export const BAND_STARTS: Readonly<Record<AgeBand, number>> = { G1: 0, G2: 1, G3: 6, G4: 13, G5: 18, G6: 60 };

/** The band used when the age is unknown; whatever is raised then says so. */
export const UNKNOWN_AGE_BAND: AgeBand = 'G5';

/** A band, and whether the age behind it is known. */
export interface Age {
  readonly band: AgeBand;
  readonly known: boolean;
}

const UNKNOWN: Age = { band: UNKNOWN_AGE_BAND, known: false };
const KNOWN: readonly Age[] = AGE_BANDS.map((band) => ({ band, known: true }));

/**
 * The band of a person born on `birthDate` (ISO date) at `at` (ms). Days are those of UTC*. Who was born on 29 February completes a year on
 * 1 March of other years. A date that is missing, not a date or still to come gives the unknown age.
 */
export function ageAt(birthDate: string | null | undefined, at: number): Age {
  if (birthDate === null || birthDate === undefined) return UNKNOWN;
  const years = completedYears(birthDate, at);
  if (!(years >= 0)) return UNKNOWN;
  let band = KNOWN.length - 1;
  while (band > 0 && years < BAND_STARTS[AGE_BANDS[band] ?? 'G1']) band -= 1;
  return KNOWN[band] ?? UNKNOWN;
}

/** Years completed since `birthDate` (ISO date) at `at` (ms, UTC); negative before birth, NaN when it is not a date. */
export function completedYears(birthDate: string, at: number): number {
  const born = Number(birthDate.slice(5, 7)) * 100 + Number(birthDate.slice(8, 10));
  // Anything before 1 January is no date: text that is empty, short or not made of digits.
  if (!(born >= 101)) return Number.NaN;
  const now = new Date(at);
  const today = (now.getUTCMonth() + 1) * 100 + now.getUTCDate();
  return now.getUTCFullYear() - Number(birthDate.slice(0, 4)) - (today < born ? 1 : 0);
}

/** Months completed since `birthDate` (ISO date) at `at` (ms, UTC); negative before birth, NaN when it is not a date. */
export function completedMonths(birthDate: string, at: number): number {
  const years = completedYears(birthDate, at);
  const now = new Date(at);
  const months = now.getUTCMonth() + 1 - Number(birthDate.slice(5, 7)) - (now.getUTCDate() < Number(birthDate.slice(8, 10)) ? 1 : 0);
  return 12 * years + ((months + 12) % 12);
}
