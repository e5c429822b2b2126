import { describe, expect, test } from 'vitest';

import type { HeldReading, Reading, Vitals } from '../../src/contracts/reading.ts';
import type { CheckContext } from '../../src/domain/quality/check.ts';
import { QUALITY_CHECKS } from '../../src/domain/quality/grade.ts';
import { after, context, held, reading, T0 } from './samples.ts';

interface Case {
  readonly reading: Reading | HeldReading;
  readonly context: CheckContext;
  readonly found: boolean;
}

const cases = new Map<string, Case[]>();

function on(name: string, found: boolean, input: { reading?: Reading | HeldReading; context?: CheckContext }): void {
  const list = cases.get(name) ?? [];
  list.push({ reading: input.reading ?? reading(), context: input.context ?? context(), found });
  cases.set(name, list);
}

/** Readings that have found something, and others that have not. */
function values(name: string, found: readonly Partial<Reading>[], not: readonly Partial<Reading>[]): void {
  for (const changes of found) on(name, true, { reading: reading(changes) });
  for (const changes of not) on(name, false, { reading: reading(changes) });
}

const vitals = (...list: Vitals[]): Partial<Reading>[] => list.map((each) => ({ vitals: each }));
const repeat = (count: number, each: Vitals): Vitals[] => Array.from({ length: count }, () => each);

values('spo2_range', vitals({ spo2: 69.9 }, { spo2: 100.1 }, { spo2: 0 }), vitals({ spo2: 70 }, { spo2: 100 }, {}));
values(
  'heart_rate_range',
  vitals({ heart_rate: 29.9 }, { heart_rate: 250.1 }, { heart_rate: 0 }),
  vitals({ heart_rate: 30 }, { heart_rate: 250 }, {}),
);
values('resp_rate_range', vitals({ resp_rate: 4.9 }, { resp_rate: 80.1 }), vitals({ resp_rate: 5 }, { resp_rate: 80 }, {}));
values(
  'temperature_range',
  vitals({ temperature: 29.9 }, { temperature: 45.1 }, { temperature: -17.8 }),
  vitals({ temperature: 30 }, { temperature: 45 }, {}),
);
values(
  'ambient_temp_range',
  vitals({ ambient_temp: -10.1 }, { ambient_temp: 50.1 }),
  vitals({ ambient_temp: -10 }, { ambient_temp: 50 }, {}),
);
values('hydration_range', vitals({ hydration: 29.9 }, { hydration: 100.1 }), vitals({ hydration: 30 }, { hydration: 100 }, {}));
values(
  'scale_exceeded',
  vitals({ activity: 10.1 }, { activity: -0.1 }, { pain: 11 }, { pain: -1 }),
  vitals({ activity: 10, pain: 10 }, { activity: 0, pain: 0 }, {}),
);
values(
  'fahrenheit_suspected',
  vitals({ temperature: 86 }, { temperature: 98.6 }, { temperature: 113 }),
  vitals({ temperature: 85.9 }, { temperature: 113.1 }, { temperature: 37 }, {}),
);
values(
  'spo2_without_pulse',
  vitals({ spo2: 97, heart_rate: 0 }),
  vitals({ spo2: 97, heart_rate: 0.1 }, { spo2: 0, heart_rate: 0 }, { heart_rate: 0 }, { spo2: 97 }),
);
values(
  'breathing_without_pulse',
  vitals({ resp_rate: 1, heart_rate: 0 }),
  vitals({ resp_rate: 12, heart_rate: 1 }, { resp_rate: 0, heart_rate: 0 }, { heart_rate: 0 }, { resp_rate: 12 }),
);
values(
  'breathing_faster_than_heart',
  vitals({ resp_rate: 61, heart_rate: 60 }),
  vitals({ resp_rate: 60, heart_rate: 60 }, { resp_rate: 59, heart_rate: 60 }, { resp_rate: 20, heart_rate: 0 }, { resp_rate: 20 }),
);
values(
  'active_while_cold',
  vitals({ temperature: 29.9, activity: 6.1 }),
  vitals({ temperature: 30, activity: 6.1 }, { temperature: 29.9, activity: 6 }, { temperature: 29 }, { activity: 9 }),
);

for (const [vital, limit, base] of [
  ['heart_rate', 60, 80],
  ['resp_rate', 30, 15],
  ['spo2', 20, 97],
  ['temperature', 1, 36.6],
] as const) {
  const name = `${vital}_jump`;
  on(name, true, { context: after(60_000, [{ [vital]: base }, { [vital]: base - limit - 0.1 }]) });
  on(name, true, { context: after(1000, [{ [vital]: base }, { [vital]: base + limit + 0.1 }]) });
  on(name, false, { context: after(60_000, [{ [vital]: base }, { [vital]: base - limit }]) });
  on(name, false, { context: after(60_001, [{ [vital]: base }, { [vital]: base - limit - 0.1 }]) });
  on(name, false, { context: after(60_000, [{ [vital]: base }, {}]) });
  on(name, false, { context: after(60_000, [{ [vital]: base - limit - 0.1 }]) });
}

for (const [vital, tolerance, base, seconds] of [
  ['heart_rate', 1, 80, 60],
  ['resp_rate', 1, 15, 60],
  ['spo2', 0.5, 97, 60],
  ['temperature', 0.1, 36.6, 90],
] as const) {
  const name = `${vital}_flat`;
  const still = { [vital]: base };
  on(name, true, { context: after((seconds * 1000) / 2, repeat(3, still)) });
  on(name, true, { context: after((seconds * 1000) / 2, [still, { [vital]: base + tolerance }, { [vital]: base - tolerance }]) });
  on(name, true, { context: after((seconds * 1000) / 4, [still, still, {}, {}, still]) });
  on(name, false, { context: after((seconds * 1000) / 2 - 1, repeat(3, still)) });
  on(name, false, { context: after(seconds * 1000, repeat(2, still)) });
  on(name, false, { context: after((seconds * 1000) / 2, [still, still, { [vital]: base + tolerance + 0.01 }]) });
  // Five minutes and a little between them: not looked at together.
  on(name, false, { context: after(300_001, repeat(3, still)) });
  on(name, true, { context: after(300_000, repeat(3, still)) });
}

on('several_flat', true, { context: after(15_000, repeat(3, { heart_rate: 80, spo2: 97 })) });
on('several_flat', true, { context: after(15_000, repeat(3, { resp_rate: 15, spo2: 97 })) });
on('several_flat', false, { context: after(14_999, repeat(3, { heart_rate: 80, spo2: 97 })) });
on('several_flat', false, { context: after(30_000, repeat(3, { heart_rate: 80, temperature: 36.6 })) });

/** Ten values around `mean` whose coefficient of variation is `percent`. */
const wave = (vital: 'heart_rate' | 'resp_rate', mean: number, percent: number): Vitals[] =>
  Array.from({ length: 10 }, (_, i) => ({ [vital]: mean + (i % 2 === 0 ? 1 : -1) * ((mean * percent) / 100) }));
for (const [vital, mean, percent] of [
  ['heart_rate', 80, 5],
  ['resp_rate', 25, 8],
] as const) {
  const name = `${vital}_low_variation`;
  on(name, true, { context: after(30_000, wave(vital, mean, percent - 0.01)) });
  on(name, false, { context: after(30_000, wave(vital, mean, percent + 0.01)) });
  on(name, false, { context: after(30_000, wave(vital, mean, percent)) });
  on(name, false, { context: after(30_000, wave(vital, mean, percent - 0.01).slice(1)) });
}

const spo2 = (...list: number[]): CheckContext =>
  after(
    30_000,
    list.map((value) => ({ spo2: value })),
  );
on('perfect_spo2', true, { context: spo2(99.5, 97, 100, 97, 99.5) });
on('perfect_spo2', false, { context: spo2(99.5, 97, 99.4, 97, 99.5) });
on('perfect_spo2', false, { context: spo2(100, 100, 100, 97) });
on('perfect_spo2', false, { context: spo2(100, 100, 97, 97, 97, 97, 100) });

const rates = (...list: number[]): CheckContext =>
  after(
    30_000,
    list.map((value) => ({ heart_rate: value })),
  );
on('round_values', true, { context: rates(80, 71, 90, 73, 60) });
on('round_values', false, { context: rates(80, 71, 72, 73, 60) });
on('round_values', false, { context: rates(80, 90, 60, 71) });

on('vital_missing', true, { context: after(30_000, [...repeat(3, { spo2: 97, temperature: 36.6 }), { spo2: 97 }]) });
on('vital_missing', false, { context: after(30_000, [...repeat(2, { spo2: 97, temperature: 36.6 }), { spo2: 97 }]) });
on('vital_missing', false, { context: after(30_000, [...repeat(3, { spo2: 97 }), { spo2: 97, temperature: 36.6 }]) });

values('contact_poor', [{ contact: 59.9 }, { contact: 0 }], [{ contact: 60 }, {}]);
values('confidence_low', [{ confidence: 79.9 }, { confidence: 0 }], [{ confidence: 80 }, {}]);
values('completeness_low', [{ completeness: 79.9 }, { completeness: 0 }], [{ completeness: 80 }, {}]);
values('battery_low', [{ battery: 14.9 }, { battery: 0 }], [{ battery: 15 }, {}]);
values('signal_low', [{ signal: 49.9 }, { signal: 0 }], [{ signal: 50 }, {}]);
for (const [firmware, found] of [
  ['1.2.0', false],
  ['1.3.0', true],
] as const) {
  on('firmware_not_allowed', found, { reading: reading({ firmware }), context: context({ allowedFirmware: new Set(['1.2.0']) }) });
  on('firmware_not_allowed', false, { reading: reading({ firmware }) });
}
on('firmware_not_allowed', false, { context: context({ allowedFirmware: new Set(['1.2.0']) }) });
values(
  'unknown_flag',
  [{ quality_flag: 'whatever' }, { quality_flag: 'toString' }],
  [{}, ...['ok', 'good', 'fair', 'poor', 'MOTION', ' ok ', '', 'flatline', 'ERROR', 'charging'].map((flag) => ({ quality_flag: flag }))],
);
values(
  'not_worn',
  [{ device_state: 'user_removed' }, { device_state: 'Charging' }, { quality_flag: 'user_removed' }, { quality_flag: 'charging' }],
  [{}, { device_state: 'connected' }, { device_state: 'disconnected' }, { quality_flag: 'sensor_drop' }],
);
values(
  'clock_skew',
  [
    { at: T0 + 30_001, received: T0 },
    { received: T0, last_sync: T0 + 30_001 },
  ],
  [
    { at: T0 + 30_000, received: T0 },
    { at: T0 - 9e9, received: T0 },
    { at: T0 + 99_999, received: T0, imported: true },
    { received: T0, last_sync: T0 + 30_000 },
  ],
);
for (const found of [true, false]) {
  on('same_second', found, { context: context({ sameSecond: found }) });
  on('same_instant_elsewhere', found, { context: context({ sameInstantElsewhere: found }) });
  on('new_device', found, { context: context({ firstOfDevice: found }) });
}
for (const reason of ['unknown_patient', 'unassigned_device']) {
  on(reason, true, { reading: held({ reason }) });
  on(reason, false, { reading: held({ reason: 'timestamp_old' }) });
  on(reason, false, { reading: reading() });
}

describe.each(QUALITY_CHECKS)('check $name', ({ name, check }) => {
  const list = cases.get(name) ?? [];
  test('is tried on both sides of its bound', () => {
    expect(list.some(({ found }) => found)).toBe(true);
    expect(list.some(({ found }) => !found)).toBe(true);
  });
  test.each(list.map((each, i) => ({ i, ...each })))('$i: $found', (each) => {
    expect(check(each.reading, each.context)).toBe(each.found);
  });
});

test('there are more than 15 checks, each with a name of its own', () => {
  const names = QUALITY_CHECKS.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(15);
  expect(new Set(names).size).toBe(names.length);
  expect([...cases.keys()].sort()).toEqual([...names].sort());
});
