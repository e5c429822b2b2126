/** What is measured on Kafka, on how much, and how often. */

import { KidjamoError } from '@kidjamo/stream';

/** Readings of a request to the gateway. */
export const READINGS_PER_REQUEST = 100;

/** Durations in ms. */
export interface KafkaPlan {
  readonly runs: number;
  /** Readings on the input topic. */
  readonly readings: number;
  /** Patients that the readings go round, each with a device. */
  readonly patients: number;
  /** Every how many-th reading is critical; they go round patients of their own. */
  readonly criticalEvery: number;
  readonly criticalPatients: number;
  /** Event time between two readings of a patient. */
  readonly spacingMs: number;
  /** A number that one, two and three workers can share evenly, so that it is coordination that is measured. */
  readonly partitions: number;
  readonly workers: number;
  /** Threads of the peer. */
  readonly peerThreads: number;
}

const FULL: KafkaPlan = {
  runs: 5,
  readings: 600_000,
  patients: 5000,
  criticalEvery: 100,
  criticalPatients: 500,
  spacingMs: 3000,
  partitions: 6,
  workers: 3,
  peerThreads: 2,
};

/** What a person may ask for. */
export interface KafkaBenchOptions {
  readonly quick: boolean;
  readonly runs?: number;
  readonly readings?: number;
}

/** @throws KidjamoError CONFIG_INVALID when the readings cannot be sent in whole requests. */
export function kafkaPlan({ quick, runs, readings }: KafkaBenchOptions): KafkaPlan {
  if (readings !== undefined && readings % READINGS_PER_REQUEST !== 0)
    throw new KidjamoError('CONFIG_INVALID', `--readings must be a multiple of ${READINGS_PER_REQUEST}, which are sent in a request`);
  const plan = quick ? { ...FULL, runs: 1, readings: 300_000 } : FULL;
  return { ...plan, runs: runs ?? plan.runs, readings: readings ?? plan.readings };
}
