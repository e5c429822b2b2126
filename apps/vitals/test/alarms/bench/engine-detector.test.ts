import { expect, test } from 'vitest';

import { ANSWERED_AFTER, EngineDetector } from '../../../src/alarms/bench/engine-detector.ts';
import type { Heard, Sign } from '../../../src/alarms/bench/port.ts';
import type { Vitals } from '../../../src/contracts/reading.ts';
import type { AlarmReading } from '../../../src/alarms/evaluation/state.ts';
import { BEGIN, MINUTE, reading } from '../rig.ts';

const CALM: Vitals = { heart_rate: 70, resp_rate: 14, spo2: 97, temperature: 36.8 };

function heard(
  seconds: number,
  vitals: Vitals,
  { late = 'live', ...more }: Partial<AlarmReading> & Partial<Pick<Heard, 'late'>> = {},
): Heard {
  const one = reading(seconds, { ...CALM, ...vitals }, more);
  return { reading: one, received: one.at, late };
}

/** Plays what is heard to an adult's engine, with time passing in between, and for an hour after. Signs by the seconds at which they are given. */
function play(series: readonly Heard[], after = 0): (readonly [seconds: number, sign: string])[] {
  const detector = new EngineDetector({ age: { band: 'G5', known: true }, genotype: undefined });
  const signs: Sign[] = [];
  for (const each of series) signs.push(...detector.pass(each.received), ...detector.hear(each));
  const last = series.at(-1)?.received ?? BEGIN;
  signs.push(...detector.pass(last + after));
  return signs.map((sign) => [
    (sign.at - BEGIN) / 1000,
    sign.kind === 'called' ? `called ${sign.severity} ${sign.rule} ${sign.on}` : nameOf(sign),
  ]);
}

function nameOf(sign: Sign): string {
  return sign.kind === 'live' ? `live ${String(sign.live)}` : sign.kind;
}

function stretch(from: number, to: number, vitals: Vitals): Heard[] {
  const series: Heard[] = [];
  for (let seconds = from; seconds <= to; seconds += 30) series.push(heard(seconds, vitals));
  return series;
}

test('an alarm is raised, called for, seen after two minutes, told to the clinician, and over', () => {
  const series = [...stretch(0, 60, {}), ...stretch(90, 210, { heart_rate: 135 }), ...stretch(240, 600, {})];
  const signs = play(series);
  expect(signs.slice(0, 3)).toEqual([
    [150, 'raised'],
    [150, 'live true'],
    [150, 'called critical HEART_RATE_HIGH good'],
  ]);
  expect(signs).toContainEqual([150 + ANSWERED_AFTER / 1000, 'informed']);
  expect(signs.slice(-2)).toEqual([
    [360, 'live false'],
    [360, 'ended'],
  ]);
  expect(signs.filter(([, sign]) => sign.startsWith('called'))).toHaveLength(1);
});

test('nobody is called without end: what lasts is called for again each half hour, and never escalates', () => {
  const series = stretch(0, 7200, { temperature: 38.2 });
  const calls = play(series).filter(([, sign]) => sign.startsWith('called'));
  expect(calls.map(([seconds]) => seconds)).toEqual([0, 32 * 60, 64 * 60, 96 * 60]);
});

test('a floor on a reading of low confidence is live at once, and called for when 60 s pass without a good one', () => {
  const low = { lowConfidence: true };
  const single = [...stretch(0, 60, {}), heard(90, { spo2: 80 }, low), ...stretch(120, 600, {})];
  expect(play(single).map(([, sign]) => sign)).not.toContainEqual(expect.stringContaining('called'));
  expect(play(single)).toContainEqual([90, 'live true']);
  const unsure = [...stretch(0, 60, {}), heard(90, { spo2: 80 }, low), heard(120, {}, low), heard(150, {}, low), heard(180, {}, low)];
  expect(play(unsure)).toContainEqual([150, 'called critical CRITICAL_SPO2 low_floor']);
});

test('low readings of low confidence that others than floors speak of are told apart', () => {
  const low = { lowConfidence: true };
  const series = [...stretch(0, 60, {}), ...Array.from({ length: 21 }, (_, i) => heard(90 + 30 * i, { heart_rate: 115 }, low))];
  // Ten minutes of them.
  expect(play(series)).toContainEqual([690, 'called alert HEART_RATE_HIGH low_other']);
});

test('late readings raise nothing', () => {
  expect(play([...stretch(0, 60, {}), ...stretch(90, 300, { spo2: 80 }).map((each) => ({ ...each, late: 'late' as const }))])).toEqual([]);
});

test('silence is technical', () => {
  const signs = play(stretch(0, 300, {}), 20 * MINUTE).map(([, sign]) => sign);
  expect(signs.filter((sign) => sign.startsWith('called')).length).toBeGreaterThan(0);
  expect(signs).not.toContain('raised');
  expect(signs).not.toContain('live true');
});
