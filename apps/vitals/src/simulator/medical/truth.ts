/** The ground truth of a simulation: what the patients were like, what befell them and what befell their bracelets. */

import type { Genotype, Vitals } from '../../contracts/reading.ts';
import type { AgeBand } from '../../domain/age.ts';
import { breaches } from '../../domain/floors.ts';
import type { FloorCode } from '../../domain/floors.ts';
import type { Episode } from './episodes.ts';
import type { MedicalPatient } from './patient.ts';
import type { ArtefactKind, EpisodeKind, Rates } from './rates.ts';

/** The first record: what was simulated. Times are ISO 8601. */
export interface SimulationTruth {
  readonly type: 'simulation';
  /** Raised when the same options come to give other readings. */
  readonly version: 1;
  readonly seed: number;
  readonly patients: number;
  readonly start: string;
  readonly end: string;
  readonly interval_s: number;
  readonly utc_offset_h: number;
  readonly rates: Rates;
}

/** One for each patient, before anything happens. */
export interface PatientTruth {
  readonly type: 'patient';
  readonly patient: string;
  readonly device: string;
  readonly genotype: Genotype;
  readonly birth_date: string;
  readonly age_band: AgeBand;
  /** At rest, awake, when nothing is wrong: /min, /min, %, Cel. */
  readonly baseline: { readonly heart_rate: number; readonly resp_rate: number; readonly spo2: number; readonly temperature: number };
}

/** What happened to a body, told when it was over or the simulation was. */
export interface EpisodeTruth {
  readonly type: 'episode';
  readonly patient: string;
  readonly kind: EpisodeKind;
  readonly start: string;
  readonly end: string;
  /** When it got worse, was at its worst, and got better; one that the simulation did not reach is left out. */
  readonly onset?: string;
  readonly plateau?: string;
  readonly recovery?: string;
  /** 0-1. */
  readonly severity: number;
  /** The episode that brought it about. */
  readonly cause?: EpisodeKind;
}

/** What happened to the readings of a bracelet, told when it was over or the simulation was. */
export interface ArtefactTruth {
  readonly type: 'artefact';
  readonly patient: string;
  readonly kind: ArtefactKind;
  readonly start: string;
  readonly end: string;
  /** How many readings it concerned; of a dead battery, how many were never taken. */
  readonly readings: number;
  /** Floors that readings breach on which the body itself did not, with the number of such readings; left out where there are none. */
  readonly crossed?: Readonly<Partial<Record<FloorCode, number>>>;
  /** Whether the bracelet said so with the readings; of artefacts of the measurement. */
  readonly noticed?: boolean;
  /** How far the clock was ahead, s; of a clock that was wrong. */
  readonly skew_s?: number;
}

/**
 * A stretch in which the artefact-free vital signs breach a floor, from its first to its last such reading. Interruptions shorter than two
 * minutes, within which no alarm clears, do not end it. Events of alert level need the rules and are found from the artefact-free vital signs.
 */
export interface FloorTruth {
  readonly type: 'floor';
  readonly patient: string;
  readonly kind: FloorCode;
  readonly start: string;
  readonly end: string;
  readonly readings: number;
}

/** A line of the ground-truth file. */
export type TruthRecord = SimulationTruth | PatientTruth | EpisodeTruth | ArtefactTruth | FloorTruth;

/** Takes the records in the order in which they become known. */
export type TruthListener = (record: TruthRecord) => void;

/** ISO 8601 of ms since the epoch. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

export function patientTruth({ patient, device, genotype, birthDate, band, resting }: MedicalPatient): PatientTruth {
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    type: 'patient',
    patient,
    device,
    genotype,
    birth_date: birthDate,
    age_band: band,
    baseline: {
      heart_rate: round(resting.heartRate),
      resp_rate: round(resting.respRate),
      spo2: round(resting.spo2),
      temperature: round(resting.temperature),
    },
  };
}

/** The record of an episode of `patient`; what lies after `until` (ms) is cut off. */
export function episodeTruth(patient: string, episode: Episode, until: number): EpisodeTruth {
  const { kind, start, onset, plateau, recovery, end, severity, cause } = episode;
  return {
    type: 'episode',
    patient,
    kind,
    start: iso(start),
    end: iso(Math.min(end, until)),
    ...(onset < until ? { onset: iso(onset) } : {}),
    ...(plateau < until ? { plateau: iso(plateau) } : {}),
    ...(recovery < until ? { recovery: iso(recovery) } : {}),
    severity,
    ...(cause === undefined ? {} : { cause }),
  };
}

/** ms. */
const INTERRUPTION = 2 * 60_000;

interface Stretch {
  readonly kind: FloorCode;
  readonly start: number;
  last: number;
  readings: number;
}

/** Finds the stretches of one patient. */
export class FloorWatch {
  readonly #patient: string;
  readonly #tell: TruthListener;
  #open: Stretch[] = [];

  constructor(patient: string, tell: TruthListener) {
    this.#patient = patient;
    this.#tell = tell;
  }

  /** The artefact-free vital signs at `at` (ms), in order of time. */
  step(at: number, clean: Vitals): void {
    const found = breaches(clean);
    if (found.length === 0 && this.#open.length === 0) return;
    for (const kind of found) {
      const stretch = this.#open.find((one) => one.kind === kind && at - one.last < INTERRUPTION);
      if (stretch === undefined) {
        this.#close((one) => one.kind === kind);
        this.#open.push({ kind, start: at, last: at, readings: 1 });
      } else {
        stretch.last = at;
        stretch.readings += 1;
      }
    }
    this.#close(({ last }) => at - last >= INTERRUPTION);
  }

  /** The simulation is over. */
  finish(): void {
    this.#close(() => true);
  }

  #close(over: (stretch: Stretch) => boolean): void {
    const closed = this.#open.filter(over);
    if (closed.length === 0) return;
    this.#open = this.#open.filter((stretch) => !closed.includes(stretch));
    for (const { kind, start, last, readings } of closed)
      this.#tell({ type: 'floor', patient: this.#patient, kind, start: iso(start), end: iso(last), readings });
  }
}
