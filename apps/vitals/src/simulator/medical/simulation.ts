/**
 * The medical simulator: any number of patients, each with a body, a life, episodes of illness and a bracelet that is not always right, drawn
 * from a seed. A patient is the same however many others there are. Readings come in order of event time, one at a time, so that memory
 * does not grow with the length of a simulation.
 */

import { KidjamoError } from '@kidjamo/stream';

import type { Vitals } from '../../contracts/reading.ts';
import { randomStream } from '../random.ts';
import { ArtefactWalk } from './artefacts.ts';
import { BehaviourWalk, HOUR } from './behaviour.ts';
import type { Taken } from './bracelet.ts';
import { BraceletWalk } from './bracelet.ts';
import { PainDiary } from './diary.ts';
import { EpisodeWalk } from './episode-walk.ts';
import { DEFAULT_MIX, drawPatient, PURPOSES } from './patient.ts';
import type { MedicalPatient, Mix } from './patient.ts';
import { BodyWalk, driftSteps } from './physiology.ts';
import type { DriftSteps } from './physiology.ts';
import { DEFAULT_RATES } from './rates.ts';
import type { EpisodeKind, Rates } from './rates.ts';
import { episodeTruth, FloorWatch, iso, patientTruth } from './truth.ts';
import type { TruthListener } from './truth.ts';

/** What is simulated. */
export interface MedicalOptions {
  readonly seed: number;
  readonly patients: number;
  /** The beginning, ms since the epoch. */
  readonly from: number;
  /** The end, ms since the epoch; not included. */
  readonly until: number;
  /** Seconds between two readings of a patient; 30 unless given. */
  readonly intervalS?: number;
  /** Local time of the patients, hours ahead of UTC; 1 unless given. */
  readonly utcOffsetH?: number;
  readonly rates?: Rates;
  readonly mix?: Mix;
  /** Told the ground truth as it becomes known. */
  readonly onTruth?: TruthListener;
}

/** One instant of one patient. */
export interface Sample extends Taken {
  readonly patient: MedicalPatient;
  /** When it truly is, ms since the epoch; the clock of the bracelet may say something else. */
  readonly at: number;
  /**
   * The vital signs as the bracelet would send them with no artefact; pain only when the patient reports it. Where nothing disturbs, `sent` has
   * the same.
   */
  readonly clean: Vitals;
  /** What goes on in the body. */
  readonly episodes: readonly EpisodeKind[];
}

interface Settings extends Required<Omit<MedicalOptions, 'onTruth'>> {
  readonly interval: number;
  readonly ahead: number;
  readonly steps: DriftSteps;
  readonly tell: TruthListener;
}

const NONE: readonly EpisodeKind[] = [];

/**
 * Simulates. The same options give the same samples, whoever else is simulated. Ground truth that is still open at the end is told when the
 * last sample has been taken.
 * @throws KidjamoError CONFIG_INVALID when there is no patient, no interval or no time.
 */
export function* medicalSamples(options: MedicalOptions): Generator<Sample, void> {
  const settings = settle(options);
  const { from, until, interval, tell } = settings;
  tell(head(settings));
  const walks = Array.from({ length: settings.patients }, (_, index) => new PatientWalk(settings, index));
  for (const { patient } of walks) tell(patientTruth(patient));
  // In order of time within an interval, so that all are in order of time.
  walks.sort((a, b) => a.patient.phase - b.patient.phase);
  let reached = from;
  try {
    for (let begins = from; begins < until; begins += interval) {
      for (const walk of walks) {
        const at = begins + walk.patient.phase;
        if (at >= until) break;
        reached = at;
        yield walk.step(at);
      }
    }
    reached = until;
  } finally {
    // Also when whoever takes the samples stops early.
    for (const walk of walks) walk.finish(reached);
  }
}

function settle(options: MedicalOptions): Settings {
  const { intervalS = 30, utcOffsetH = 1, rates = DEFAULT_RATES, mix = DEFAULT_MIX, onTruth = () => undefined } = options;
  const interval = Math.round(intervalS * 1000);
  if (!(Number.isInteger(options.patients) && options.patients > 0))
    throw new KidjamoError('CONFIG_INVALID', 'the number of simulated patients must be a whole number of 1 or more');
  if (!(interval >= 1000)) throw new KidjamoError('CONFIG_INVALID', 'the interval between readings must be 1 s or more');
  if (!(options.until > options.from)) throw new KidjamoError('CONFIG_INVALID', 'a simulation must end after it begins');
  return {
    ...options,
    from: Math.round(options.from),
    intervalS,
    utcOffsetH,
    rates,
    mix,
    interval,
    ahead: utcOffsetH * HOUR,
    steps: driftSteps(interval),
    tell: onTruth,
  };
}

function head({ seed, patients, from, until, intervalS, utcOffsetH, rates }: Settings): Parameters<TruthListener>[0] {
  return {
    type: 'simulation',
    version: 1,
    seed,
    patients,
    start: iso(from),
    end: iso(until),
    interval_s: intervalS,
    utc_offset_h: utcOffsetH,
    rates,
  };
}

/** Steps through the life of one patient. What a patient is, does and has is drawn apart, so that the rate of one changes nothing of the others. */
class PatientWalk {
  readonly patient: MedicalPatient;
  readonly #tell: TruthListener;
  readonly #behaviour: BehaviourWalk;
  readonly #episodes: EpisodeWalk;
  readonly #body: BodyWalk;
  readonly #diary: PainDiary;
  readonly #bracelet: BraceletWalk;
  readonly #floors: FloorWatch;

  constructor(settings: Settings, index: number) {
    const { seed, from, interval, ahead, rates, steps, tell } = settings;
    const patient = drawPatient(settings, index);
    const stream = (purpose: keyof typeof PURPOSES) => randomStream(seed, index, PURPOSES[purpose]);
    const onEnd = (episode: Parameters<typeof episodeTruth>[1]): void => tell(episodeTruth(patient.patient, episode, episode.end));
    const body = stream('body');
    this.patient = patient;
    this.#tell = tell;
    this.#behaviour = new BehaviourWalk({ band: patient.band, chronotype: patient.chronotype, ahead }, interval, stream('behaviour'));
    this.#episodes = new EpisodeWalk({ genotype: patient.genotype, band: patient.band, rates, ahead }, stream('episodes'), { from, onEnd });
    this.#body = new BodyWalk(patient, { steps, ahead }, body);
    this.#diary = new PainDiary(body, from);
    const artefacts = new ArtefactWalk(rates, { from, interval }, stream('artefacts'));
    this.#bracelet = new BraceletWalk({ patient, artefacts, random: stream('bracelet'), interval, ahead, tell });
    this.#floors = new FloorWatch(patient.patient, tell);
  }

  step(at: number): Sample {
    const drivers = this.#episodes.step(at);
    this.#behaviour.step(at, drivers);
    const body = this.#body;
    const measured = body.step(at, this.#behaviour, drivers);
    const pain = this.#diary.report(at, { pain: body.pain, sleep: this.#behaviour.sleep });
    const clean = pain === undefined ? measured : { ...measured, pain };
    this.#floors.step(at, clean);
    const taken = this.#bracelet.step({ at, clean: measured, pain, humidity: body.humidity });
    const { active } = this.#episodes;
    return { ...taken, patient: this.patient, at, clean, episodes: active.length === 0 ? NONE : active.map(({ kind }) => kind) };
  }

  /** The simulation is over at `until` (ms). */
  finish(until: number): void {
    for (const episode of this.#episodes.active) this.#tell(episodeTruth(this.patient.patient, episode, until));
    this.#bracelet.finish(until);
    this.#floors.finish();
  }
}
