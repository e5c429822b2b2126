import { describe, expect, test } from 'vitest';

import { DEFAULT_RATES, LINK_KINDS, SIGNAL_KINDS } from '../../src/simulator/medical/rates.ts';
import { DAY, FROM, mean, only, run, samplesOf, truths } from './collect.ts';
import type { Run } from './collect.ts';
import type { ArtefactKind } from '../../src/simulator/medical/rates.ts';

const DAYS = 6;
const PATIENTS = 24;
const usual = run({ days: DAYS, seed: 61, patients: PATIENTS, intervalS: 60 });

test.each([...SIGNAL_KINDS, ...LINK_KINDS])('%s comes as often as was asked for', (kind) => {
  const found = truths(usual, 'artefact').filter((record) => record.kind === kind).length;
  const expected = DEFAULT_RATES[kind] * DAYS * PATIENTS;
  // A few meet no reading, since the battery was dead or charging.
  expect(found).toBeGreaterThan(0.9 * expected - 4 * Math.sqrt(DEFAULT_RATES[kind] % 1 === 0 ? 0 : DAYS * PATIENTS * 0.25));
  expect(found).toBeLessThan(1.0001 * expected + 4 * Math.sqrt(DAYS * PATIENTS * 0.25));
});

test('a patient-day has six artefacts and more, one of them beyond a floor', () => {
  const days = new Map<string, { all: number; crossing: number }>();
  for (const { patient, start, crossed } of truths(usual, 'artefact')) {
    const day = `${patient} ${String(Math.floor((Date.parse(start) - FROM) / DAY))}`;
    const counts = days.get(day) ?? { all: 0, crossing: 0 };
    counts.all += 1;
    if (crossed !== undefined) counts.crossing += 1;
    days.set(day, counts);
  }
  expect(days.size).toBe(DAYS * PATIENTS);
  const all = [...days.values()];
  expect(mean(all.map((counts) => counts.all))).toBeGreaterThan(7);
  // But for days on which the battery was dead for hours.
  expect(all.filter((counts) => counts.all < 6).length / all.length).toBeLessThan(0.03);
  expect(mean(all.map((counts) => counts.crossing))).toBeGreaterThanOrEqual(1);
});

describe('what each does', () => {
  const one = (rates: Parameters<typeof only>[0], more: { days?: number; patients?: number } = {}): Run =>
    run({ days: 2, patients: 3, seed: 62, ...more, rates: only(rates) });
  const during = ({ samples }: Run, kind: ArtefactKind) => samples.filter(({ artefacts }) => artefacts.includes(kind));
  const LIMITS = { CRITICAL_SPO2: 'spo2', CRITICAL_HEART_RATE: 'heart_rate' };

  test('motion moves the heart rate, and mostly says so', () => {
    const found = during(one({ motion: 30 }), 'motion');
    expect(found.length).toBeGreaterThan(300);
    const away = found.map(({ sent, clean }) => Math.abs((sent?.content.vitals.heart_rate ?? 0) - (clean.heart_rate ?? 0)));
    expect(mean(away)).toBeGreaterThan(4);
    const told = found.filter(({ sent }) => sent?.content.quality_flag === 'motion').length / found.length;
    expect(told).toBeGreaterThan(0.7);
    expect(told).toBeLessThan(0.95);
    for (const { sent } of found) if (sent?.content.quality_flag === 'motion') expect(sent.content.confidence).toBeLessThan(80);
  });

  test('a floor is crossed for one reading mostly, and never for more than four', () => {
    const crossings = truths(one({ motion: 10, low_contact: 10, floor_crossing: 20 }, { days: 4 }), 'artefact').flatMap(({ crossed }) =>
      crossed === undefined ? [] : [Object.entries(crossed)],
    );
    expect(crossings.length).toBeGreaterThan(200);
    const runs = crossings.flatMap((codes) => codes.filter(([code]) => code in LIMITS).map(([, readings]) => readings));
    expect(Math.max(...runs)).toBeLessThanOrEqual(4);
    expect(runs.filter((readings) => readings === 1).length / runs.length).toBeGreaterThan(0.6);
    const kinds = new Set(crossings.flatMap((codes) => codes.map(([code]) => code)));
    expect(kinds.has('CRITICAL_SPO2') && kinds.has('CRITICAL_HEART_RATE')).toBe(true);
  });

  test('artefacts that shall not cross a floor do not', () => {
    for (const { crossed } of truths(one({ motion: 40, low_contact: 20, off_wrist: 5, flat_line: 5 }), 'artefact'))
      expect(crossed).toBeUndefined();
  });

  test('a low contact is told as such', () => {
    for (const { sent } of during(one({ low_contact: 20 }), 'low_contact')) {
      expect(sent?.content.contact).toBeLessThan(60);
      expect(sent?.content.confidence).toBeLessThan(80);
    }
  });

  test('a flat line repeats what it began with', () => {
    const flat = one({ flat_line: 6 });
    for (const { patient, start, end } of truths(flat, 'artefact').filter(({ kind }) => kind === 'flat_line')) {
      const stretch = flat.samples.filter(
        ({ patient: { patient: id }, at, artefacts }) =>
          id === patient && at >= Date.parse(start) && at < Date.parse(end) && artefacts.includes('flat_line'),
      );
      if (stretch.length < 10) continue;
      const names = ['heart_rate', 'resp_rate', 'spo2', 'temperature'] as const;
      const still = names.filter((name) => new Set(stretch.map(({ sent }) => sent?.content.vitals[name])).size === 1);
      expect(still.length).toBeGreaterThan(0);
    }
  });

  test('a sensor that drops out leaves vital signs out, and nothing in their place', () => {
    const found = during(one({ sensor_dropout: 10 }), 'sensor_dropout');
    expect(found.length).toBeGreaterThan(100);
    for (const { sent, clean } of found) {
      const vitals = sent?.content.vitals ?? {};
      const missing = (['heart_rate', 'resp_rate', 'spo2', 'temperature'] as const).filter((name) => !(name in vitals));
      expect(missing.length).toBeGreaterThan(0);
      expect(sent?.content.completeness).toBe(100 - 25 * missing.length);
      expect({ ...clean, ...vitals }).toEqual(clean);
    }
  });

  test('a bracelet off the wrist cools, and mostly knows', () => {
    const off = one({ off_wrist: 6 }, { days: 4 });
    const found = during(off, 'off_wrist');
    const known = found.filter(({ sent }) => sent?.content.device_state === 'user_removed');
    expect(known.length / found.length).toBeGreaterThan(0.5);
    expect(known.length).toBeLessThan(found.length);
    for (const { sent } of known) expect(sent?.content.vitals.heart_rate).toBeUndefined();
    expect(Math.min(...found.map(({ sent }) => sent?.content.vitals.temperature ?? 40))).toBeLessThan(30);
    expect(during(off, 'charging').every(({ sent }) => sent?.content.device_state === 'charging')).toBe(true);
  });

  test('a dead battery sends nothing, and says before that it will', () => {
    const dead = one({ dead_battery: 0.5 }, { days: 4, patients: 6 });
    const found = during(dead, 'dead_battery');
    expect(found.length).toBeGreaterThan(60);
    for (const { sent, received } of found) expect([sent, received]).toEqual([undefined, undefined]);
    let before = 0;
    for (let index = 0; index < 6; index += 1) {
      const samples = samplesOf(dead, index);
      samples.forEach(({ artefacts, sent }, i) => {
        if (sent !== undefined && samples[i + 1]?.sent === undefined && i + 1 < samples.length && !artefacts.includes('dead_battery')) {
          before += 1;
          expect(sent.content.battery).toBeLessThan(5);
        }
      });
    }
    expect(before).toBeGreaterThan(3);
  });

  test('a wrong clock shows in the time of the reading, and no two readings have one time', () => {
    const skewed = one({ clock_skew: 2 }, { days: 5 });
    for (const { kind, skew_s: skew = 0, readings, start } of truths(skewed, 'artefact')) {
      if (kind !== 'clock_skew') continue;
      expect(Math.abs(skew)).toBeGreaterThanOrEqual(20);
      expect(readings).toBeGreaterThan(0);
      expect(Date.parse(start)).toBeGreaterThanOrEqual(FROM);
    }
    for (const { sent, at, artefacts } of skewed.samples) expect((sent?.at ?? at) !== at).toBe(artefacts.includes('clock_skew'));
    for (let index = 0; index < 3; index += 1) {
      const times = samplesOf(skewed, index).map(({ sent }) => sent?.at);
      expect(new Set(times).size).toBe(times.length);
    }
  });

  test('what a bracelet stores while offline arrives together and in order, when it is back', () => {
    const away = one({ offline: 3 });
    for (const { patient, start, end } of truths(away, 'artefact').filter(({ kind }) => kind === 'offline')) {
      const stored = away.samples.filter(
        ({ patient: { patient: id }, at }) => id === patient && at >= Date.parse(start) && at < Date.parse(end),
      );
      let last = 0;
      for (const { received = 0 } of stored) {
        expect(received).toBeGreaterThan(Date.parse(end) - 1);
        expect(received).toBeGreaterThan(last);
        last = received;
      }
    }
    for (const { at, received = 0, artefacts } of away.samples)
      if (!artefacts.includes('offline')) expect(received - at).toBeLessThan(2000);
  });
});
