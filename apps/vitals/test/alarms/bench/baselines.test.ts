import { expect, test } from 'vitest';

import { News2Score } from '../../../src/alarms/bench/news2-score.ts';
import type { Detector, Sign } from '../../../src/alarms/bench/port.ts';
import { RawLimits } from '../../../src/alarms/bench/raw-limits.ts';
import type { Vitals } from '../../../src/contracts/reading.ts';
import type { AlarmReading } from '../../../src/alarms/evaluation/state.ts';
import { reading } from '../rig.ts';

const CALM: Vitals = { heart_rate: 70, resp_rate: 14, spo2: 97, temperature: 36.8 };

/** What a detector says of readings, 30 s apart. */
function signsOf(detector: Detector, series: readonly (Vitals & Partial<Pick<AlarmReading, 'notWorn' | 'lowConfidence'>>)[]): Sign[] {
  return series.flatMap(({ notWorn = false, lowConfidence = false, ...vitals }, i) => {
    const one = reading(i * 30, vitals, { notWorn, lowConfidence });
    return [...detector.hear({ reading: one, received: one.at, late: 'live' })];
  });
}

/** The rules of the calls. */
function calls(detector: Detector, series: Parameters<typeof signsOf>[1]): string[] {
  return signsOf(detector, series).flatMap((sign) => (sign.kind === 'called' ? [sign.rule] : []));
}

test('raw limits count rising edges, not readings', () => {
  const low = { ...CALM, spo2: 90 };
  expect(calls(new RawLimits('G5'), [CALM, low, low, CALM, low, low])).toEqual(['SPO2_LOW', 'SPO2_LOW']);
});

test('a value beyond the floor adds no edge to that of the limit before it', () => {
  expect(calls(new RawLimits('G5'), [CALM, { ...CALM, heart_rate: 120 }, { ...CALM, heart_rate: 190 }])).toEqual(['HEART_RATE_HIGH']);
  expect(calls(new RawLimits('G5'), [{ ...CALM, temperature: 38.6 }])).toEqual(['TEMPERATURE_HIGH']);
});

test('each vital sign has an edge of its own, of whatever quality', () => {
  expect(calls(new RawLimits('G5'), [{ heart_rate: 35, resp_rate: 30, lowConfidence: true }])).toEqual([
    'HEART_RATE_LOW',
    'RESP_RATE_HIGH',
  ]);
});

test('limits are those of the age', () => {
  expect(calls(new RawLimits('G2'), [{ heart_rate: 130 }])).toEqual([]);
  expect(calls(new RawLimits('G2'), [{ heart_rate: 145 }])).toEqual(['HEART_RATE_HIGH']);
});

test('what is missing changes nothing, and a bracelet that is not worn says nothing', () => {
  const low = { spo2: 90 };
  expect(calls(new RawLimits('G5'), [low, {}, low, { spo2: 97, notWorn: true }, low])).toEqual(['SPO2_LOW']);
  expect(calls(new RawLimits('G5'), [{ temperature: 25, notWorn: true }])).toEqual([]);
});

test('it is live while a limit is crossed', () => {
  const lives = signsOf(new RawLimits('G5'), [
    CALM,
    { ...CALM, spo2: 90 },
    { ...CALM, spo2: 90, heart_rate: 120 },
    { ...CALM, heart_rate: 120 },
    CALM,
  ]).flatMap((sign) => (sign.kind === 'live' ? [sign.live] : []));
  expect(lives).toEqual([true, false]);
});

test('NEWS2 calls from 5 points or a single 3, on the rising edge', () => {
  const single = { ...CALM, spo2: 91 };
  const five = { heart_rate: 112, resp_rate: 22, spo2: 95, temperature: 37 };
  const four = { ...five, spo2: 97 };
  expect(calls(new News2Score(30), [CALM, single, single, CALM, five, four, five])).toEqual(['NEWS2', 'NEWS2', 'NEWS2']);
  expect(calls(new News2Score(undefined), [single])).toEqual(['NEWS2']);
  expect(calls(new News2Score(30), [{ temperature: 25, notWorn: true }])).toEqual([]);
});
