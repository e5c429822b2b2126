import { expect, test } from 'vitest';

import type { Sample } from '../../src/simulator/medical/simulation.ts';
import { correlation, FROM, HOUR, mean, only, run, samplesOf } from './collect.ts';

const AHEAD = 2;
const week = run({ days: 4, seed: 31, patients: 12, intervalS: 120, utcOffsetH: AHEAD, rates: only({}) });
const each = Array.from({ length: 12 }, (_, index) => samplesOf(week, index));

/** The local hour at which the best-fitting cosine of one day is highest. */
function peakHour(samples: readonly Sample[], value: (sample: Sample) => number): number {
  let [sine, cosine] = [0, 0];
  const middle = mean(samples.map(value));
  for (const sample of samples) {
    const angle = ((sample.at - FROM) / HOUR + AHEAD) * (Math.PI / 12);
    sine += (value(sample) - middle) * Math.sin(angle);
    cosine += (value(sample) - middle) * Math.cos(angle);
  }
  return ((Math.atan2(sine, cosine) * 12) / Math.PI + 24) % 24;
}

const vital = (name: 'temperature' | 'heart_rate' | 'ambient_temp' | 'activity' | 'spo2') => (sample: Sample) =>
  sample.clean[name] ?? Number.NaN;

test('the body is warmest in the late afternoon and coldest before dawn, by local time', () => {
  for (const samples of each) {
    const peak = peakHour(samples, vital('temperature'));
    expect(peak).toBeGreaterThan(15);
    expect(peak).toBeLessThan(19);
    const byHour = Array.from({ length: 24 }, (_, hour) =>
      mean(samples.filter(({ at }) => Math.floor((at - FROM) / HOUR + AHEAD) % 24 === hour).map(vital('temperature'))),
    );
    const coldest = byHour.indexOf(Math.min(...byHour));
    expect(coldest).toBeGreaterThanOrEqual(2);
    expect(coldest).toBeLessThanOrEqual(7);
    expect(Math.max(...byHour) - Math.min(...byHour)).toBeGreaterThan(0.2);
    expect(Math.max(...byHour) - Math.min(...byHour)).toBeLessThan(1.2);
  }
});

test('the heart rate follows sleep and activity', () => {
  for (const samples of each) {
    const night = samples.filter(({ at }) => ((at - FROM) / HOUR + AHEAD) % 24 < 5 && ((at - FROM) / HOUR + AHEAD) % 24 > 1);
    const day = samples.filter(({ at }) => ((at - FROM) / HOUR + AHEAD) % 24 > 10 && ((at - FROM) / HOUR + AHEAD) % 24 < 12);
    expect(mean(night.map(vital('activity')))).toBeLessThan(0.5);
    expect(mean(day.map(vital('activity')))).toBeGreaterThan(0.5);
    expect(mean(night.map(vital('heart_rate')))).toBeLessThan(0.95 * mean(day.map(vital('heart_rate'))));
    expect(correlation(samples.map(vital('activity')), samples.map(vital('heart_rate')))).toBeGreaterThan(0.4);
  }
});

test('noise lasts: readings beside each other are more alike than readings an hour apart', () => {
  for (const samples of each) {
    const values = samples.filter(({ at }) => ((at - FROM) / HOUR + AHEAD) % 24 < 5).map(vital('spo2'));
    expect(correlation(values.slice(1), values.slice(0, -1))).toBeGreaterThan(0.1 + correlation(values.slice(30), values.slice(0, -30)));
  }
});

test('values have the resolution of a bracelet', () => {
  for (const { clean } of week.samples) {
    for (const name of ['heart_rate', 'resp_rate', 'hydration'] as const) expect(Number.isInteger(clean[name])).toBe(true);
    for (const name of ['spo2', 'temperature', 'ambient_temp', 'activity', 'heat_index'] as const)
      expect(clean[name]).toBe(Math.round((clean[name] ?? Number.NaN) * 10) / 10);
  }
});

test('who is well stays near the own baseline', () => {
  for (const samples of each) {
    const { resting } = samples[0]?.patient ?? { resting: undefined };
    const awake = samples.filter(({ clean }) => (clean.activity ?? 0) > 0.5 && (clean.activity ?? 0) < 1.5);
    expect(Math.abs(mean(awake.map(vital('heart_rate'))) / (resting?.heartRate ?? 0) - 1)).toBeLessThan(0.08);
    expect(Math.abs(mean(awake.map(vital('spo2'))) - (resting?.spo2 ?? 0))).toBeLessThan(0.4);
    const low = samples.filter(({ clean }) => (clean.spo2 ?? 0) <= (resting?.spo2 ?? 0) - 3);
    expect(low.length / samples.length).toBeLessThan(0.002);
  }
});
