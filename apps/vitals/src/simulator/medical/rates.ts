/** What happens to simulated patients and their bracelets, and how often. */

import { KidjamoError } from '@kidjamo/stream';

/** What happens to a body. All but `exertion` and `stress`, which are ordinary life, make a patient ill. */
export const EPISODE_KINDS = ['crisis', 'chest_syndrome', 'infection', 'dehydration', 'heat_stress', 'exertion', 'stress'] as const;
export type EpisodeKind = (typeof EPISODE_KINDS)[number];

/** What disturbs a measurement while the bracelet is worn; at most one at a time. */
export const SIGNAL_KINDS = ['motion', 'low_contact', 'flat_line', 'sensor_dropout', 'off_wrist'] as const;
export type SignalKind = (typeof SIGNAL_KINDS)[number];

/** What disturbs the way of the readings. */
export const LINK_KINDS = ['dead_battery', 'clock_skew', 'offline'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** Everything that makes a reading other than the body is. `charging` follows from the battery and has no rate. */
export type ArtefactKind = SignalKind | LinkKind | 'charging';

/** What has a rate. */
export const RATE_KINDS = [...EPISODE_KINDS, ...SIGNAL_KINDS, ...LINK_KINDS, 'floor_crossing'] as const;
export type RateKind = (typeof RATE_KINDS)[number];

/**
 * How often, per patient and day. Of episodes: of a patient with genotype SS who has none of the kind just now; other genotypes and infants have
 * them in proportion ({@link GENOTYPE_FACTOR}). Of artefacts: the mean of the numbers of single days, each of which is one of the two whole numbers
 * around it. `floor_crossing` is how many of the `motion` and `low_contact` ones show a value beyond a floor that the body did not have.
 */
export type Rates = Readonly<Record<RateKind, number>>;

/**
 * Rates unless others are given*. Crises are some ten times as frequent as in life (0.8 in a patient-year of SS; Platt 1991,
 * doi 10.1056/NEJM199107043250103), so that short simulations hold some. The artefacts are those that the clinical reference asks for, section 4: at least 6 in
 * a patient-day, 1 of them crossing a floor.
 */
export const DEFAULT_RATES: Rates = {
  crisis: 0.02,
  chest_syndrome: 0.003,
  infection: 0.02,
  dehydration: 0.03,
  heat_stress: 0.03,
  exertion: 0.7,
  stress: 0.6,
  motion: 4,
  low_contact: 1.2,
  flat_line: 1,
  sensor_dropout: 1.2,
  off_wrist: 0.5,
  dead_battery: 0.05,
  clock_skew: 0.1,
  offline: 0.5,
  floor_crossing: 1.1,
};

/** Artefacts of a day are kept in memory, so their number has a bound. */
const MAX_PER_DAY = 200;

/**
 * The default rates with some of them replaced.
 * @throws KidjamoError CONFIG_INVALID for a rate that is negative, above 200 a day or no number, and for more crossings than artefacts that can cross.
 */
export function ratesWith(given: Readonly<Partial<Record<RateKind, number>>>): Rates {
  const rates: Rates = { ...DEFAULT_RATES, ...given };
  for (const kind of RATE_KINDS) {
    if (!(rates[kind] >= 0 && rates[kind] <= MAX_PER_DAY))
      throw new KidjamoError('CONFIG_INVALID', `the rate of ${kind} must be a number from 0 to ${MAX_PER_DAY} per patient-day`);
  }
  if (rates.floor_crossing > rates.motion + rates.low_contact)
    throw new KidjamoError('CONFIG_INVALID', 'the rate of floor_crossing must not be above those of motion and low_contact together');
  return rates;
}
