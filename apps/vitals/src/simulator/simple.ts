/**
 * The simple simulator: three patients, four scenarios, one reading each 30 s, in the nested format of the bracelets. Patients,
 * weights and deltas are those of the existing simple simulator (docs/reference, "Simulators"); unlike it, a patient keeps one device.
 */

import { seededRandom } from './random.ts';
import type { Random } from './random.ts';

/** A simulated patient: usual values, and what is known of the person. */
export interface SimulatedPatient {
  readonly patient: string;
  readonly device: string;
  readonly age: number;
  readonly genotype: 'SS' | 'AS' | 'SC';
  readonly heartRate: number;
  readonly spo2: number;
  readonly temperature: number;
}

export const SIMPLE_PATIENTS: readonly SimulatedPatient[] = [
  { patient: 'patient-001-ss', device: 'bracelet-001', age: 8, genotype: 'SS', heartRate: 110, spo2: 94, temperature: 36.7 },
  { patient: 'patient-002-as', device: 'bracelet-002', age: 15, genotype: 'AS', heartRate: 85, spo2: 97.5, temperature: 36.8 },
  { patient: 'patient-003-sc', device: 'bracelet-003', age: 12, genotype: 'SC', heartRate: 95, spo2: 96, temperature: 36.9 },
];

export const SCENARIOS = ['normal', 'stress', 'activity', 'crisis'] as const;
export type Scenario = (typeof SCENARIOS)[number];

type Span = readonly [number, number];
interface ScenarioShape {
  readonly weight: number;
  readonly heartRate: Span;
  readonly spo2: Span;
  readonly temperature: Span;
  /** 0-100. */
  readonly activity: Span;
}

const SHAPES: Readonly<Record<Scenario, ScenarioShape>> = {
  normal: { weight: 70, heartRate: [-10, 10], spo2: [-1, 1], temperature: [-0.2, 0.3], activity: [10, 40] },
  stress: { weight: 15, heartRate: [15, 30], spo2: [-2, 0], temperature: [0, 0.5], activity: [30, 60] },
  activity: { weight: 10, heartRate: [20, 40], spo2: [-0.5, 0.5], temperature: [0.2, 0.8], activity: [70, 95] },
  crisis: { weight: 5, heartRate: [30, 50], spo2: [-15, -5], temperature: [1.5, 3], activity: [5, 25] },
};

/** Seconds of event time between two readings of a patient. */
export const SIMPLE_INTERVAL_S = 30;

/** A reading as the nested format has it, with the scenario that it was made from. */
export interface SimulatedReading {
  readonly scenario: Scenario;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Makes readings, the same for the same seed. */
export class SimpleSimulator {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** The reading of `patient` at event time `at` (ms since the epoch), of a scenario drawn by its weight unless one is given. */
  reading(patient: SimulatedPatient, at: number, forced?: Scenario): SimulatedReading {
    const random = this.#random;
    const scenario = forced ?? random.weighted(SCENARIOS.map((name) => [name, SHAPES[name].weight] as const));
    const shape = SHAPES[scenario];
    const around = (base: number, [low, high]: Span): number => round(base + random.between(low, high));
    const activity = Math.round(random.between(...shape.activity));
    const timestamp = new Date(at).toISOString();
    return {
      scenario,
      body: {
        device_id: patient.device,
        patient_id: patient.patient,
        timestamp,
        measurements: {
          freq_card: Math.round(around(patient.heartRate, shape.heartRate)),
          freq_resp: Math.round(random.between(12, 25)),
          spo2_pct: Math.min(100, around(patient.spo2, shape.spo2)),
          temp_corp: around(patient.temperature, shape.temperature),
          temp_ambiente: round(random.between(20, 25)),
          pct_hydratation: Math.round(random.between(65, 85)),
          activity,
        },
        device_info: {
          device_id: patient.device,
          firmware_version: '1.2.0',
          battery_level: Math.round(random.between(60, 100)),
          signal_strength: Math.round(random.between(70, 100)),
          status: 'connected',
          last_sync: timestamp,
        },
        quality_indicators: {
          quality_flag: activity > 80 ? 'motion' : activity < 10 ? 'low_signal' : 'ok',
          confidence_score: Math.round(random.between(85, 100)),
          data_completeness: 100,
          sensor_contact_quality: Math.round(random.between(80, 100)),
        },
      },
    };
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
