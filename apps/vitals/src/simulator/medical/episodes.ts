/** What happens to a body: how an episode begins, unfolds and ends, and what it does meanwhile. */

import type { AgeBand } from '../../domain/age.ts';
import type { Genotype } from '../../contracts/reading.ts';
import type { Random } from '../random.ts';
import { HOUR } from './behaviour.ts';
import { along, clamp, normal, within } from './draws.ts';
import type { Span } from './draws.ts';
import type { EpisodeKind } from './rates.ts';

/** What an episode changes. Everything else (heart rate, respiratory rate) follows from these in the body. */
export const DRIVERS = ['pain', 'fever', 'desaturation', 'loss', 'drive', 'breath', 'heat', 'fatigue', 'exertion'] as const;
type Driver = (typeof DRIVERS)[number];

/**
 * Units: pain 0-10; rise of the temperature, Cel; fall of SpO2, points; fall of hydration, points; rise of the heart rate and of the
 * respiratory rate beyond what the others explain, parts of the one at rest; rise of the ambient temperature, Cel; loss of activity, 0-1; least activity, 0-10.
 */
export type Drivers = Readonly<Record<Driver, number>>;

/** An episode of one patient; times in ms since the epoch. */
export interface Episode {
  readonly kind: EpisodeKind;
  /** 0 (mild) to 1 (grave). */
  readonly severity: number;
  /** The episode that brought it about. */
  readonly cause?: EpisodeKind;
  /** The prodrome begins. */
  readonly start: number;
  /** Then it gets worse. */
  readonly onset: number;
  /** Then it is at its worst, */
  readonly plateau: number;
  /** gets better, */
  readonly recovery: number;
  /** and is over. */
  readonly end: number;
  readonly peak: Partial<Drivers>;
  /** How the plateau swings: part of the peak, and its period in ms. */
  readonly swing: number;
  readonly period: number;
}

interface Shape {
  /** Hours of prodrome, onset, plateau and recovery, from the shortest to the longest. */
  readonly hours: readonly [Span, Span, Span, Span];
  /** At the peak, from the mildest to the gravest. */
  readonly peak: Readonly<Partial<Record<Driver, Span>>>;
  readonly swing: number;
  /** Hours. */
  readonly period: Span;
}

/**
 * Courses*. A painful crisis of sickle-cell disease begins with a prodrome of less than a day and takes days to resolve (Ballas and Smith
 * 1992); ours is shortened, so that a simulated week holds a whole one. Fever swings with the doses of an antipyretic, about every 6 hours.
 */
export const SHAPES: Readonly<Record<EpisodeKind, Shape>> = {
  crisis: {
    hours: [
      [3, 12],
      [2, 6],
      [8, 36],
      [8, 24],
    ],
    peak: {
      pain: [4.5, 9.5],
      fever: [0, 1.1],
      desaturation: [1, 7],
      loss: [4, 18],
      drive: [0.03, 0.15],
      breath: [0.05, 0.25],
      fatigue: [0.5, 0.9],
    },
    swing: 0.08,
    period: [3, 6],
  },
  chest_syndrome: {
    hours: [
      [1, 4],
      [3, 10],
      [12, 36],
      [18, 48],
    ],
    peak: {
      pain: [3, 8],
      fever: [1.1, 2.5],
      desaturation: [5, 13],
      loss: [4, 14],
      drive: [0.06, 0.18],
      breath: [0.3, 0.75],
      fatigue: [0.7, 0.95],
    },
    swing: 0.08,
    period: [4, 7],
  },
  infection: {
    hours: [
      [2, 10],
      [2, 8],
      [12, 48],
      [10, 30],
    ],
    peak: {
      pain: [0, 3],
      fever: [1.1, 2.9],
      desaturation: [0, 2.5],
      loss: [4, 16],
      drive: [0, 0.06],
      breath: [0.02, 0.12],
      fatigue: [0.4, 0.8],
    },
    swing: 0.2,
    period: [5.5, 6.5],
  },
  dehydration: {
    hours: [
      [1.5, 4],
      [2, 5],
      [2, 8],
      [1, 4],
    ],
    peak: { loss: [14, 38], fever: [0.1, 0.7], drive: [0.02, 0.1], fatigue: [0.1, 0.4] },
    swing: 0.05,
    period: [3, 6],
  },
  heat_stress: {
    hours: [
      [0.3, 0.7],
      [0.5, 1.5],
      [0.7, 3],
      [0.5, 2],
    ],
    peak: { heat: [8, 17], fever: [0.3, 1.5], loss: [6, 18], drive: [0.05, 0.15], breath: [0.05, 0.15], fatigue: [0, 0.2] },
    swing: 0.05,
    period: [1, 2],
  },
  exertion: {
    hours: [
      [0.02, 0.05],
      [0.03, 0.08],
      [0.15, 0.9],
      [0.1, 0.25],
    ],
    peak: { exertion: [6, 9.5], fever: [0.15, 0.6], loss: [1, 4], desaturation: [0, 1.2] },
    swing: 0.1,
    period: [0.1, 0.3],
  },
  stress: {
    hours: [
      [0.02, 0.1],
      [0.05, 0.15],
      [0.1, 0.8],
      [0.1, 0.5],
    ],
    peak: { drive: [0.06, 0.22], breath: [0.06, 0.25], fever: [0, 0.3] },
    swing: 0.2,
    period: [0.1, 0.4],
  },
};

/** Where what an episode does is not as far as the episode itself*: below 1 it comes early and goes late, above 1 it comes late and goes early. */
const LEADS: Readonly<Record<Driver, number>> = {
  pain: 0.7,
  fever: 1.2,
  desaturation: 1.4,
  loss: 0.9,
  drive: 1,
  breath: 1.2,
  heat: 1,
  fatigue: 0.7,
  exertion: 1,
};

/** How often a genotype has an episode, against SS. Crises: 0.8, 1.0, 0.4 and 0.4 in a patient-year (Platt 1991); infections: the simulators before this one. */
export const GENOTYPE_FACTOR: Readonly<Record<Genotype, { readonly crisis: number; readonly infection: number }>> = {
  SS: { crisis: 1, infection: 1 },
  Sβ0: { crisis: 1.25, infection: 0.93 },
  SC: { crisis: 0.5, infection: 0.8 },
  'Sβ+': { crisis: 0.5, infection: 0.73 },
  AS: { crisis: 0, infection: 0.67 },
};

/** How often `kind` begins in a patient, against the rate that was asked for. Foetal haemoglobin keeps most crises from infants*, infants do not exert themselves. */
export function proneness(kind: EpisodeKind, genotype: Genotype, band: AgeBand): number {
  const { crisis, infection } = GENOTYPE_FACTOR[genotype];
  if (kind === 'crisis' || kind === 'chest_syndrome') return crisis * (band === 'G1' ? 0.3 : 1);
  if (kind === 'infection') return infection;
  return kind === 'exertion' && band === 'G1' ? 0 : 1;
}

/** Draws an episode that begins at `start`. */
export function drawEpisode(random: Random, { kind, start, cause }: { kind: EpisodeKind; start: number; cause?: EpisodeKind }): Episode {
  const { hours, peak, swing, period } = SHAPES[kind];
  const severity = random.next();
  const [prodrome, onset, plateau, recovery] = hours.map((span) => Math.round(within(random, span) * HOUR));
  const onsetAt = start + (prodrome ?? 0);
  const plateauAt = onsetAt + (onset ?? 0);
  const recoveryAt = plateauAt + (plateau ?? 0);
  const drawn: Partial<Record<Driver, number>> = {};
  for (const driver of DRIVERS) {
    const span = peak[driver];
    // The graver, the more of everything, but no two alike.
    if (span !== undefined) drawn[driver] = along(span, clamp(severity + 0.15 * normal(random), 0, 1));
  }
  return {
    kind,
    severity: Math.round(severity * 100) / 100,
    ...(cause === undefined ? {} : { cause }),
    start,
    onset: onsetAt,
    plateau: plateauAt,
    recovery: recoveryAt,
    end: recoveryAt + (recovery ?? 0),
    peak: drawn,
    swing,
    period: within(random, period) * HOUR,
  };
}

/** How much of its peak an episode has reached at `at`: 0 before and after, a quarter at the end of the prodrome, about 1 on the plateau. */
export function levelOf({ start, onset, plateau, recovery, end, swing, period }: Episode, at: number): number {
  if (at <= start || at >= end) return 0;
  if (at < onset) return 0.25 * smooth((at - start) / (onset - start));
  if (at < plateau) return 0.25 + 0.75 * smooth((at - onset) / (plateau - onset));
  // Begins and ends at 1, so that nothing jumps.
  const cycles = Math.max(1, Math.round((recovery - plateau) / period));
  if (at < recovery) return 1 - (swing * (1 - Math.cos((2 * Math.PI * cycles * (at - plateau)) / (recovery - plateau)))) / 2;
  return 1 - smooth((at - recovery) / (end - recovery));
}

/** What an episode does of one thing when it has reached `level` ({@link levelOf}); 0 for what it does not do. */
export function effectOf(episode: Episode, driver: Driver, level: number): number {
  const peak = episode.peak[driver];
  return peak === undefined ? 0 : peak * level ** LEADS[driver];
}

/** From 0 to 1 with no edge at either end. */
function smooth(part: number): number {
  return part * part * (3 - 2 * part);
}
