/** Simulations for tests: short, whole, and with nothing happening unless it is asked for. */

import { medicalSamples } from '../../src/simulator/medical/simulation.ts';
import type { MedicalOptions, Sample } from '../../src/simulator/medical/simulation.ts';
import { RATE_KINDS, ratesWith } from '../../src/simulator/medical/rates.ts';
import type { RateKind, Rates } from '../../src/simulator/medical/rates.ts';
import type { TruthRecord } from '../../src/simulator/medical/truth.ts';

/** A Sunday, midnight UTC. */
export const FROM = Date.UTC(2026, 10, 1);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** Only these rates; all others are 0. */
export function only(rates: Partial<Record<RateKind, number>>): Rates {
  return ratesWith({ ...Object.fromEntries(RATE_KINDS.map((kind) => [kind, 0])), ...rates });
}

export interface Run {
  readonly samples: readonly Sample[];
  readonly truth: readonly TruthRecord[];
}

export function run(options: Partial<MedicalOptions> & { readonly days: number }): Run {
  const { days, ...rest } = options;
  const truth: TruthRecord[] = [];
  const samples = [
    ...medicalSamples({ seed: 1, patients: 1, from: FROM, until: FROM + days * DAY, onTruth: (record) => truth.push(record), ...rest }),
  ];
  return { samples, truth };
}

/** The samples of one patient. */
export function samplesOf({ samples }: Run, index: number): readonly Sample[] {
  return samples.filter(({ patient }) => patient.index === index);
}

/** The records of one patient. */
export function truthOf({ truth }: Run, patient: string): readonly TruthRecord[] {
  return truth.filter((record) => 'patient' in record && record.patient === patient);
}

export function truths<T extends TruthRecord['type']>({ truth }: Run, type: T): readonly Extract<TruthRecord, { type: T }>[] {
  return truth.filter((record): record is Extract<TruthRecord, { type: T }> => record.type === type);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  x.forEach((value, i) => {
    const [dx, dy] = [value - mx, (y[i] ?? my) - my];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  });
  return xy / Math.sqrt(xx * yy);
}
