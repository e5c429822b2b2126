/**
 * The body of one patient: from what it does, where it is and what befalls it to its vital signs, as a bracelet shows them when nothing
 * disturbs it. The couplings are simple and ours*, sized after what is known of each: fever raises the heart rate by about 12 % and the
 * respiratory rate by about 10 % per Cel, sleep lowers both, and so on.
 */

import type { Vitals } from '../../contracts/reading.ts';
import { noaa } from '../../domain/heat-index.ts';
import type { Random } from '../random.ts';
import type { Behaviour } from './behaviour.ts';
import { localHour } from './behaviour.ts';
import { clamp, normal, tenths } from './draws.ts';
import { SENSOR_RANGES } from './sensor.ts';
import type { Drivers } from './episodes.ts';
import type { MedicalPatient } from './patient.ts';

/** Local hours of the highest temperature of a day and of the home; the lowest are 12 hours apart, before dawn. */
const WARMEST = 17;
const HOME_WARMEST = 16;
/** Local hour at which the heart would beat fastest at rest. */
const LIVELIEST = 15;

/** Fluctuations that last: standard deviation and the time over which they die away, ms*. Of rates as parts of the one at rest. */
const DRIFTS = {
  heartRate: { sd: 0.04, lasts: 90_000 },
  /** Meals, postures, moods: slower, and of the heart rate too. */
  arousal: { sd: 0.03, lasts: 25 * 60_000 },
  respRate: { sd: 0.05, lasts: 90_000 },
  spo2: { sd: 0.35, lasts: 6 * 60_000 },
  temperature: { sd: 0.05, lasts: 40 * 60_000 },
  home: { sd: 0.6, lasts: 3 * 3_600_000 },
  humidity: { sd: 3, lasts: 4 * 3_600_000 },
  hydration: { sd: 1.2, lasts: 3 * 3_600_000 },
} as const;
type Drift = keyof typeof DRIFTS;
const DRIFT_NAMES = Object.keys(DRIFTS) as readonly Drift[];

/** Noise of the measurement itself, from one reading to the next: standard deviations*. */
const NOISE = { heartRate: 0.015, respRate: 0.07, spo2: 0.35, temperature: 0.04 } as const;

/** What a step does to the fluctuations: the part that is kept, and the spread of what is added. */
export type DriftSteps = Readonly<Record<Drift, readonly [number, number]>>;

/** The steps of readings that are `interval` ms apart; the same for all patients. */
export function driftSteps(interval: number): DriftSteps {
  const entries = DRIFT_NAMES.map((name) => {
    const kept = Math.exp(-interval / DRIFTS[name].lasts);
    return [name, [kept, DRIFTS[name].sd * Math.sqrt(1 - kept * kept)]] as const;
  });
  return Object.fromEntries(entries) as Record<Drift, readonly [number, number]>;
}

/** A body that steps through time. */
export class BodyWalk {
  readonly #patient: MedicalPatient;
  readonly #ahead: number;
  readonly #random: Random;
  readonly #drift: Record<Drift, number>;
  readonly #steps: DriftSteps;
  /** Relative humidity of the air around, %. */
  humidity = 0;
  /** Pain, 0-10: what the patient would say if asked. */
  pain = 0;

  /** `ahead`: local time, ms ahead of UTC. */
  constructor(patient: MedicalPatient, { steps, ahead }: { readonly steps: DriftSteps; readonly ahead: number }, random: Random) {
    this.#patient = patient;
    this.#ahead = ahead;
    this.#random = random;
    this.#steps = steps;
    const drift = {} as Record<Drift, number>;
    // As if it had gone on for ever.
    for (const name of DRIFT_NAMES) drift[name] = DRIFTS[name].sd * normal(random);
    this.#drift = drift;
  }

  /** The vital signs at `at` (ms), at the resolution of the bracelet, without pain, which nothing measures. */
  step(at: number, behaviour: Behaviour, drivers: Drivers): Vitals {
    this.#fluctuate();
    const { resting, temperatureSwing, chronotype, home, humidity } = this.#patient;
    const { sleep, activity } = behaviour;
    const hour = localHour(at, this.#ahead) - chronotype;
    const drift = this.#drift;
    const random = this.#random;

    const warmth = drivers.fever - 0.08 * sleep;
    const temperature = resting.temperature + temperatureSwing * daily(hour, WARMEST) + warmth + drift.temperature;
    // Deeper in sleep; more with the same illness where there is less to lose.
    const fall = drivers.desaturation + 0.5 * sleep;
    const spo2 = Math.min(99.6, resting.spo2 - fall + drift.spo2);
    const hydration = resting.hydration - drivers.loss - 1.5 * (1 - daily(hour, 9)) + drift.hydration;
    const air = home + daily(hour, HOME_WARMEST) + drivers.heat + drift.home;
    // Warm air holds more water, so that the same water is less of what it could hold.
    this.humidity = Math.round(clamp(humidity + drift.humidity - 1.3 * drivers.heat, 15, 95));
    this.pain = drivers.pain;

    const thirst = Math.max(0, 72 - hydration);
    const lack = Math.max(0, fall - 1);
    const strain = drivers.fever * 0.12 + drivers.pain * 0.02 + lack * 0.015 + thirst * 0.006 + drivers.drive;
    const atRest =
      resting.heartRate *
      (1 - 0.12 * sleep + 0.02 * daily(hour, LIVELIEST) + strain + (drift.heartRate + drift.arousal) * (1 - 0.5 * sleep));
    // What is left to the fastest is used the more, the greater the activity.
    const heartRate = atRest + Math.max(0, this.#patient.maxHeartRate - atRest) * 0.62 * (activity / 10) ** 2;
    const effort = drivers.fever * 0.1 + drivers.pain * 0.015 + lack * 0.025 + drivers.breath;
    const respRate = resting.respRate * (1 - 0.1 * sleep + effort + 0.9 * (activity / 10) ** 1.5 + drift.respRate);

    const shownAir = tenths(clamp(air, -10, 50));
    return {
      heart_rate: Math.round(clamp(heartRate * (1 + NOISE.heartRate * normal(random)), ...SENSOR_RANGES.heartRate)),
      resp_rate: Math.round(clamp(respRate * (1 + NOISE.respRate * (1 - 0.5 * sleep) * normal(random)), ...SENSOR_RANGES.respRate)),
      spo2: tenths(clamp(spo2 + NOISE.spo2 * normal(random), ...SENSOR_RANGES.spo2)),
      temperature: tenths(clamp(temperature + NOISE.temperature * normal(random), 33, 42)),
      ambient_temp: shownAir,
      hydration: Math.round(clamp(hydration, 30, 100)),
      activity: tenths(activity),
      heat_index: tenths(noaa(shownAir, this.humidity)),
    };
  }

  #fluctuate(): void {
    for (const name of DRIFT_NAMES) {
      const [kept, added] = this.#steps[name];
      this.#drift[name] = kept * this.#drift[name] + added * normal(this.#random);
    }
  }
}

/** From -1 to 1 in a day, highest at the local hour `peak`. */
function daily(hour: number, peak: number): number {
  return Math.cos(((hour - peak) * Math.PI) / 12);
}
