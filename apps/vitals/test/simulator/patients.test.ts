import { describe, expect, test } from 'vitest';

import { GENOTYPES } from '../../src/contracts/reading.ts';
import { AGE_BANDS, ageAt } from '../../src/domain/age.ts';
import { DEFAULT_MIX, drawPatient } from '../../src/simulator/medical/patient.ts';
import { FROM, mean } from './collect.ts';

const cohort = { seed: 21, from: FROM, interval: 30_000, mix: DEFAULT_MIX };
const patients = Array.from({ length: 2000 }, (_, index) => drawPatient(cohort, index));

test('genotypes and age bands have their shares, in any run of indices', () => {
  const total = Object.values(DEFAULT_MIX.genotypes).reduce((sum, share) => sum + share, 0);
  for (const some of [patients, patients.slice(0, 60), patients.slice(700, 760)]) {
    const tolerance = some.length > 100 ? 0.01 : 0.07;
    for (const genotype of GENOTYPES) {
      const share = some.filter((patient) => patient.genotype === genotype).length / some.length;
      expect(Math.abs(share - DEFAULT_MIX.genotypes[genotype] / total)).toBeLessThan(tolerance);
    }
    for (const band of AGE_BANDS) {
      expect(Math.abs(some.filter((patient) => patient.band === band).length / some.length - 1 / 6)).toBeLessThan(tolerance);
    }
  }
  for (const genotype of GENOTYPES)
    for (const band of AGE_BANDS) expect(patients.some((patient) => patient.genotype === genotype && patient.band === band)).toBe(true);
});

test('the birth date is of the age band, at the beginning of the simulation', () => {
  for (const { birthDate, band } of patients) expect(ageAt(birthDate, FROM)).toEqual({ band, known: true });
});

test('every patient has one bracelet, and no two have the same', () => {
  expect(new Set(patients.map(({ device }) => device)).size).toBe(patients.length);
  expect(new Set(patients.map(({ patient }) => patient)).size).toBe(patients.length);
});

describe('at rest', () => {
  const of = (genotypes: readonly string[], adult: boolean) =>
    patients.filter(({ genotype, years }) => genotypes.includes(genotype) && years >= 18 === adult).map(({ resting }) => resting.spo2);

  test('the SpO2 baseline follows the genotype, as the priors of the clinical reference do', () => {
    expect(mean([...of(['SS', 'Sβ0'], true), ...of(['SS', 'Sβ0'], false)])).toBeCloseTo(94.5, 0);
    expect(mean(of(['SS', 'Sβ0'], true))).toBeLessThan(mean(of(['SS', 'Sβ0'], false)));
    expect(mean(of(['SC'], true))).toBeCloseTo(96.7, 0);
    expect(mean(of(['Sβ+', 'AS'], true))).toBeCloseTo(97, 0);
    // Nobody rests at an emergency level.
    for (const { resting, years } of patients) expect(resting.spo2).toBeGreaterThan(years < 13 ? 92.9 : 91.4);
  });

  test('heart and breath are slower the older the child', () => {
    const rates = AGE_BANDS.slice(0, 5).map((band) => patients.filter((patient) => patient.band === band));
    for (const vital of ['heartRate', 'respRate'] as const) {
      const means = rates.map((some) => mean(some.map(({ resting }) => resting[vital])));
      expect(means).toEqual(means.toSorted((a, b) => b - a));
    }
  });
});
