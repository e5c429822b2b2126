/** Who the simulated patients are. */

import type { Genotype } from '../../contracts/reading.ts';
import { GENOTYPES } from '../../contracts/reading.ts';
import type { AgeBand } from '../../domain/age.ts';
import { AGE_BANDS, BAND_STARTS } from '../../domain/age.ts';
import { randomStream } from '../random.ts';
import type { Random } from '../random.ts';
import { clamp, normal, within } from './draws.ts';
import type { Span } from './draws.ts';

/** What a body does at rest, awake, when nothing is wrong. */
export interface Resting {
  /** /min. */
  readonly heartRate: number;
  /** /min. */
  readonly respRate: number;
  /** %: the personal baseline. */
  readonly spo2: number;
  /** Cel, the mean of a day. */
  readonly temperature: number;
  /** %. */
  readonly hydration: number;
}

/** A simulated patient with the one bracelet that it keeps. */
export interface MedicalPatient {
  readonly index: number;
  /** Free-text identity. */
  readonly patient: string;
  /** Free-text identity. */
  readonly device: string;
  readonly firmware: string;
  readonly genotype: Genotype;
  /** ISO date. */
  readonly birthDate: string;
  /** The band at the beginning of the simulation. */
  readonly band: AgeBand;
  /** At the beginning of the simulation, with fraction. */
  readonly years: number;
  readonly resting: Resting;
  /** /min. */
  readonly maxHeartRate: number;
  /** Half of the way between the lowest and the highest temperature of a day, Cel. */
  readonly temperatureSwing: number;
  /** How much later than others the patient lives, h. */
  readonly chronotype: number;
  /** Ambient temperature of its home, Cel. */
  readonly home: number;
  /** Relative humidity of its home, %. */
  readonly humidity: number;
  /** %/h. */
  readonly batteryDrain: number;
  /** When it measures, ms after the beginning of each interval. */
  readonly phase: number;
}

/** Shares of patients. Age bands have equal ones unless others are given. */
export interface Mix {
  readonly genotypes: Readonly<Record<Genotype, number>>;
  readonly bands: Readonly<Record<AgeBand, number>>;
}

/** Shares of genotypes*: all of them, most of the severe. */
export const DEFAULT_MIX: Mix = {
  genotypes: { SS: 45, SC: 25, Sβ0: 10, 'Sβ+': 10, AS: 10 },
  bands: { G1: 1, G2: 1, G3: 1, G4: 1, G5: 1, G6: 1 },
};

/** What all patients of a simulation have in common. */
export interface Cohort {
  readonly seed: number;
  /** ms since the epoch. */
  readonly from: number;
  /** ms. */
  readonly interval: number;
  readonly mix: Mix;
}

/** By age in years: medians of healthy children (Fleming 2011, doi 10.1016/S0140-6736(10)62226-X), then our own*. */
const HEART_RATE: readonly Span[] = [
  [0, 135],
  [0.25, 141],
  [0.75, 131],
  [1.25, 122],
  [2, 113],
  [3, 107],
  [5, 98],
  [7, 91],
  [10, 84],
  [14, 77],
  [17, 73],
  [30, 71],
  [90, 70],
];
const RESP_RATE: readonly Span[] = [
  [0, 43],
  [0.5, 40],
  [1, 36],
  [1.5, 33],
  [2, 30],
  [3, 26.5],
  [5, 23],
  [7, 21],
  [10, 19],
  [14, 17],
  [17, 16],
  [30, 15],
  [90, 16],
];
/** Nobody rests outside of these*: a patient is not ill by nature. /min. */
const RESTING_HEART_RATE: Readonly<Record<AgeBand, Span>> = {
  G1: [114, 146],
  G2: [99, 123],
  G3: [77, 102],
  G4: [65, 84],
  G5: [62, 84],
  G6: [61, 82],
};
const RESTING_RESP_RATE: Readonly<Record<AgeBand, Span>> = {
  G1: [32, 44],
  G2: [23, 31],
  G3: [18, 23],
  G4: [14, 16.5],
  G5: [14, 16.5],
  G6: [14, 17],
};
/**
 * Personal SpO2 baseline: mean, standard deviation, least (%). Means are the priors of the clinical reference, section 1; of SS and Sβ0 children
 * have more (96.3; US children) and adults less (92.5; Homi 1997). The spread of Homi would put one in eight below the floor at rest, so ours is
 * narrower*.
 */
const BASELINE: Readonly<Record<Genotype, readonly [number, number, number]>> = {
  SS: [94, 1.3, 91.5],
  Sβ0: [94, 1.3, 91.5],
  SC: [96.7, 0.8, 94.5],
  'Sβ+': [97, 0.7, 95],
  AS: [97, 0.7, 95],
};
const SICKLE: ReadonlySet<Genotype> = new Set(['SS', 'Sβ0']);

const OLDEST = 86;
const YEAR = 365.25 * 86_400_000;
const DAY = 86_400_000;
/** The two numbers of Martin Roberts' R2 sequence: any run of it covers the unit square evenly. */
const EVEN: Span = [0.7548776662466927, 0.5698402909980532];
const FIRMWARE = ['2.3.1', '2.4.0', '2.4.2'] as const;

/** What the streams of random numbers of a patient are for. */
export const PURPOSES = { person: 0, place: 1, behaviour: 2, body: 3, episodes: 4, artefacts: 5, bracelet: 6 } as const;

/** The patient at `index`, whoever else there is. Genotypes and ages are spread evenly over the indices, so that small cohorts hold all of them. */
export function drawPatient({ seed, from, interval, mix }: Cohort, index: number): MedicalPatient {
  const random = randomStream(seed, index, PURPOSES.person);
  const start = randomStream(seed, PURPOSES.place);
  const genotype = pick(GENOTYPES, mix.genotypes, fraction(start.next() + index * EVEN[0]));
  const band = pick(AGE_BANDS, mix.bands, fraction(start.next() + index * EVEN[1]));
  const years = ageIn(band, random);
  const number = String(index + 1).padStart(5, '0');
  return {
    index,
    patient: `simulated-${seed}-${number}`,
    device: `simulated-bracelet-${seed}-${number}`,
    firmware: FIRMWARE[Math.floor(random.next() * FIRMWARE.length)] ?? FIRMWARE[0],
    genotype,
    birthDate: new Date(from - years * YEAR).toISOString().slice(0, 10),
    band,
    years,
    resting: drawResting(genotype, { band, years }, random),
    maxHeartRate: 208 - 0.7 * years,
    temperatureSwing: clamp(0.14 + 0.06 * years, 0.14, 0.33) + 0.04 * normal(random),
    chronotype: 0.5 * normal(random),
    home: 21.5 + 1.2 * normal(random),
    humidity: 50 + 5 * normal(random),
    batteryDrain: within(random, [0.9, 1.5]),
    phase: Math.floor(random.next() * interval),
  };
}

function drawResting(genotype: Genotype, { band, years }: { band: AgeBand; years: number }, random: Random): Resting {
  // Anaemia makes the heart beat faster.
  const anaemia = SICKLE.has(genotype) ? 1.05 : genotype === 'AS' ? 1 : 1.02;
  const heartRate = interpolate(HEART_RATE, years) * anaemia * (1 + 0.06 * normal(random));
  const respRate = interpolate(RESP_RATE, years) * (1 + 0.05 * normal(random));
  const [mean, sd, least] = BASELINE[genotype];
  const age = SICKLE.has(genotype) ? (years < 18 ? 1 : -0.6) : 0;
  return {
    heartRate: clamp(heartRate, ...RESTING_HEART_RATE[band]),
    respRate: clamp(respRate, ...RESTING_RESP_RATE[band]),
    // Children have emergency levels that are nearer: no child lives at the edge of one.
    spo2: clamp(mean + age + sd * normal(random), years < 13 && SICKLE.has(genotype) ? 93.5 : least, 98.5),
    temperature: 36.75 + 0.12 * normal(random),
    hydration: 80 + 2.5 * normal(random),
  };
}

function ageIn(band: AgeBand, random: Random): number {
  const next = AGE_BANDS[AGE_BANDS.indexOf(band) + 1];
  // Whole days, and none of them a birthday into the next band.
  const first = BAND_STARTS[band] * YEAR + 2 * DAY;
  const last = (next === undefined ? OLDEST : BAND_STARTS[next]) * YEAR - 2 * DAY;
  return (Math.floor(within(random, [first, last]) / DAY) * DAY) / YEAR;
}

function pick<T extends string>(choices: readonly T[], shares: Readonly<Record<T, number>>, place: number): T {
  let left = place * choices.reduce((sum, choice) => sum + shares[choice], 0);
  const some = choices.filter((choice) => shares[choice] > 0);
  for (const choice of some) {
    left -= shares[choice];
    if (left < 0) return choice;
  }
  const last = some.at(-1);
  if (last === undefined) throw new RangeError('no share is above 0');
  return last;
}

function interpolate(points: readonly Span[], at: number): number {
  let [x0, y0] = points[0] ?? [0, 0];
  for (const [x, y] of points) {
    if (at <= x) return x === x0 ? y : y0 + ((y - y0) * (at - x0)) / (x - x0);
    [x0, y0] = [x, y];
  }
  return y0;
}

function fraction(value: number): number {
  return value - Math.floor(value);
}
