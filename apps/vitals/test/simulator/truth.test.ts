import { expect, test } from 'vitest';

import type { FloorCode } from '../../src/domain/floors.ts';
import { breaches, FLOOR_CODES } from '../../src/domain/floors.ts';
import { ratesWith } from '../../src/simulator/medical/rates.ts';
import type { Sample } from '../../src/simulator/medical/simulation.ts';
import { FROM, only, run, samplesOf, truthOf, truths } from './collect.ts';

const some = run({
  days: 3,
  seed: 51,
  patients: 6,
  rates: ratesWith({ crisis: 0.3, infection: 0.4, chest_syndrome: 0.1, heat_stress: 0.2, dehydration: 0.2 }),
});
const patients = Array.from({ length: 6 }, (_, index) => samplesOf(some, index));

/** From first to last breach, where those beside each other are less than two minutes apart. */
function stretches(samples: readonly Sample[], code: FloorCode): { start: number; end: number; readings: number }[] {
  const found: { start: number; end: number; readings: number }[] = [];
  for (const { at, clean } of samples) {
    if (!breaches(clean).includes(code)) continue;
    const last = found.at(-1);
    if (last !== undefined && at - last.end < 120_000) {
      last.end = at;
      last.readings += 1;
    } else found.push({ start: at, end: at, readings: 1 });
  }
  return found;
}

test('the file begins with what was simulated and who', () => {
  expect(some.truth[0]).toMatchObject({ type: 'simulation', seed: 51, patients: 6, start: '2026-11-01T00:00:00.000Z', interval_s: 30 });
  expect(some.truth.slice(1, 7).map(({ type }) => type)).toEqual(Array.from({ length: 6 }, () => 'patient'));
  expect(truths(some, 'patient').map(({ patient }) => patient)).toEqual(patients.map((samples) => samples[0]?.patient.patient));
});

test('the stretches below and above the floors are those of the artefact-free vital signs', () => {
  let compared = 0;
  for (const samples of patients) {
    const told = truthOf(some, samples[0]?.patient.patient ?? '').filter((record) => record.type === 'floor');
    for (const code of FLOOR_CODES) {
      const expected = stretches(samples, code);
      compared += expected.length;
      const got = told
        .filter(({ kind }) => kind === code)
        .map(({ start, end, readings }) => ({ start: Date.parse(start), end: Date.parse(end), readings }));
      expect(got.toSorted((a, b) => a.start - b.start)).toEqual(expected);
    }
  }
  expect(compared).toBeGreaterThan(10);
});

test('the episodes of a sample are those of the truth', () => {
  for (const samples of patients) {
    const told = truthOf(some, samples[0]?.patient.patient ?? '').filter((record) => record.type === 'episode');
    for (const { at, episodes } of samples) {
      const going = told.filter(({ start, end }) => at >= Date.parse(start) && at < Date.parse(end)).map(({ kind }) => kind);
      if (going.length > 0 || episodes.length > 0) expect(episodes.toSorted()).toEqual(going.toSorted());
    }
  }
});

test('the artefacts of a sample are those of the truth, with the number of readings', () => {
  for (const samples of patients) {
    const told = truthOf(some, samples[0]?.patient.patient ?? '').filter((record) => record.type === 'artefact');
    for (const { kind, start, end, readings } of told) {
      const within = samples.filter(({ at, artefacts }) => artefacts.includes(kind) && at >= Date.parse(start) && at < Date.parse(end));
      expect(within).toHaveLength(readings);
    }
    const marks = samples.reduce((sum, { artefacts }) => sum + artefacts.length, 0);
    expect(told.reduce((sum, { readings }) => sum + readings, 0)).toBe(marks);
  }
});

test('where no artefact is, the reading sent is the artefact-free one', () => {
  for (const { clean, sent, artefacts, at } of some.samples) {
    if (artefacts.length > 0) continue;
    if (clean.pain === undefined) expect(sent?.content.vitals).toBe(clean);
    else expect({ ...sent?.content.vitals, heat_index: clean.heat_index }).toEqual(clean);
    expect(sent?.at).toBe(at);
  }
});

test('what crosses a floor by an artefact is told as such', () => {
  for (const samples of patients) {
    const told = truthOf(some, samples[0]?.patient.patient ?? '').filter((record) => record.type === 'artefact');
    const crossed: Partial<Record<FloorCode, number>> = {};
    for (const { clean, sent } of samples) {
      const own = breaches(clean);
      for (const code of sent === undefined ? [] : breaches(sent.content.vitals))
        if (!own.includes(code)) crossed[code] = (crossed[code] ?? 0) + 1;
    }
    for (const code of FLOOR_CODES) expect(told.reduce((sum, record) => sum + (record.crossed?.[code] ?? 0), 0)).toBe(crossed[code] ?? 0);
  }
});

test('nothing happens to those to whom nothing shall happen', () => {
  const calm = run({ days: 2, seed: 52, patients: 12, rates: only({}) });
  expect(truths(calm, 'episode')).toEqual([]);
  expect(truths(calm, 'floor')).toEqual([]);
  expect(new Set(truths(calm, 'artefact').map(({ kind }) => kind))).toEqual(new Set(['charging']));
  expect(calm.samples[0]?.at).toBeGreaterThanOrEqual(FROM);
});
