import { describe, expect, test } from 'vitest';

import type { InputRecord } from '../../src/contracts/reading.ts';
import { paneOut, paneRow, panes, paneValues } from '../../src/pipeline/pane-columns.ts';
import { MEASUREMENTS, WINDOW_PANES } from '../../src/pipeline/tables.ts';
import { VITALS } from '../../src/contracts/reading.ts';
import { DEVICE, HOUR, MINUTE, OTHER_DEVICE, PATIENT, reading, Rig, SECOND, T0 } from './rig.ts';

describe('a reading', () => {
  const full = reading({
    vitals: {
      heart_rate: 72,
      resp_rate: 15,
      spo2: 97.5,
      temperature: 36.6,
      ambient_temp: 22,
      hydration: 75,
      activity: 3,
      heat_index: 23,
      pain: 1,
    },
    quality_flag: 'motion',
    confidence: 91,
    completeness: 99,
    contact: 88,
    battery: 60,
    signal: 70,
    firmware: '1.2.0',
    extra: { room: 4 },
  });

  test('is stored once, under the columns of the table, and nothing of it is lost', () => {
    const rig = new Rig().feed(full);
    const [row] = rig.measurements;
    expect(rig.measurements).toHaveLength(1);
    expect(Object.keys(row ?? {}).sort()).toEqual(MEASUREMENTS.columns.map(({ name }) => name).sort());
    expect(row).toMatchObject({
      message_id: full.id,
      recorded_at: T0,
      received_at: T0 + 500,
      heart_rate_bpm: 72,
      respiratory_rate_min: 15,
      spo2_percent: 97.5,
      temperature_celsius: 36.6,
      ambient_temp_celsius: 22,
      hydration_percent: 75,
      activity_level: 3,
      heat_index_celsius: 23,
      pain_scale: 1,
      battery_percent: 60,
      signal_quality: 70,
      confidence_score: 91,
      data_completeness: 99,
      contact_quality: 88,
      quality_flag: 'motion',
      quality_codes: ['motion', 'new_device'],
      breaches: undefined,
      low_confidence: true,
      late: false,
      imported: false,
      age_band: 'G5',
      heat_index_computed: 22.3,
      extra: { room: 4 },
    });
    expect(rig.count('stored')).toBe(1);
    expect(rig.count('check.new_device')).toBe(1);
  });

  test('goes to the log of readings without what is absent and without free text', () => {
    const rig = new Rig().feed([full, reading({ at: T0 + MINUTE, vitals: { spo2: 97 } })]);
    expect(rig.readingsOut[0]).toMatchObject({
      message_id: full.id,
      spo2: 97.5,
      quality: ['motion', 'new_device'],
      heat_index_method: 'clinical_proxy',
    });
    expect(JSON.stringify(rig.readingsOut[0])).not.toContain('room');
    const second = rig.readingsOut[1];
    expect(second).toMatchObject({ spo2: 97, breaches: [], quality: [] });
    for (const absent of ['heart_rate', 'confidence', 'heat_index_computed', 'hydration_index', 'genotype'])
      expect(second).not.toHaveProperty(absent);
  });

  test('that is sent again counts as a duplicate and changes nothing else', () => {
    const rig = new Rig().feed(full);
    const before = JSON.stringify([[...rig.context.rows], [...rig.context.outputs], [...rig.context.states]]);
    rig.feed(full);
    expect(JSON.stringify([[...rig.context.rows], [...rig.context.outputs], [...rig.context.states]])).toBe(before);
    expect(rig.count('duplicate')).toBe(1);
    expect(rig.count('stored')).toBe(1);
  });

  test('takes age band and genotype from the reference data', () => {
    const rig = new Rig().feed([
      { kind: 'patient', patient: PATIENT, received: T0, correlation: 'p', genotype: 'SS', birth_date: '2020-11-20' },
      reading(),
      { kind: 'patient', patient: PATIENT, received: T0, correlation: 'p', genotype: null },
      reading({ at: T0 + 1 }),
    ]);
    expect(rig.measurements.map((row) => row.age_band)).toEqual(['G3', 'G3']);
    expect(rig.readingsOut.map((out) => out.genotype)).toEqual(['SS', undefined]);
    expect(rig.context.rows.get('patients')).toEqual([
      { patient_id: PATIENT, genotype: 'SS', birth_date: '2020-11-20' },
      { patient_id: PATIENT, genotype: null },
    ]);
  });

  test('with firmware that is not allowed is noted', () => {
    const rig = new Rig({ allowedFirmware: ['1.2.0'] }).feed([full, reading({ at: T0 + 1, firmware: '6.6.6' })]);
    expect(rig.measurements.map((row) => row.quality_codes?.includes('firmware_not_allowed'))).toEqual([false, true]);
  });

  test('of the same second, or of the same instant from another device, is noted', () => {
    const rig = new Rig().feed([
      reading(),
      reading({ at: T0 + 999 }),
      reading({ at: T0 + SECOND }),
      reading({ at: T0 + 2 * SECOND, device: OTHER_DEVICE }),
      reading({ at: T0 + 2 * SECOND }),
      reading({ at: T0 + 3 * SECOND, device: OTHER_DEVICE }),
    ]);
    expect(rig.measurements.map((row) => row.quality_codes?.join() ?? '')).toEqual([
      'new_device',
      'same_second',
      '',
      'new_device',
      'same_instant_elsewhere',
      '',
    ]);
  });
});

describe('panes of readings', () => {
  test('are written with every reading, as they stand, under the columns of the table', () => {
    const rig = new Rig().feed([reading({ confidence: 90 }), reading({ at: T0 + 30 * SECOND, vitals: { spo2: 95.5 } })]);
    expect(rig.panes).toHaveLength(2);
    expect(
      Object.keys(rig.panes[0] ?? {})
        .filter((name) => name !== 'begun')
        .sort(),
    ).toEqual(WINDOW_PANES.columns.map(({ name }) => name).sort());
    expect(rig.panes[1]).toMatchObject({
      patient_id: PATIENT,
      device_id: DEVICE,
      minute: T0,
      count: 2,
      quality_sum: 90,
      quality_count: 1,
      spo2_count: 2,
      spo2_sum: 192.5,
      spo2_min: 95.5,
      spo2_max: 97,
      heart_rate_count: 1,
      heart_rate_sum: 72,
      temperature_count: 0,
      temperature_sum: undefined,
    });
  });

  test('have a column for each vital sign, in its own place', () => {
    const state = { p: [] };
    const pane = panes.add(state, T0, paneValues(Object.fromEntries(VITALS.map((vital, i) => [vital, i + 1])), 50));
    if (pane === undefined) expect.fail('the pane is missing');
    const row: Record<string, unknown> = paneRow({ patient: PATIENT, device: DEVICE }, pane);
    const out: Record<string, unknown> = paneOut({ patient: PATIENT, device: DEVICE }, pane);
    for (const [i, vital] of VITALS.entries()) {
      for (const columns of [row, out]) {
        expect([columns[`${vital}_count`], columns[`${vital}_sum`], columns[`${vital}_min`], columns[`${vital}_max`]]).toEqual([
          1,
          i + 1,
          i + 1,
          i + 1,
        ]);
      }
    }
    expect([row['quality_sum'], row['quality_count'], out['quality_sum'], out['quality_count']]).toEqual([50, 1, 50, 1]);
  });

  test('go to their log once, when the watermark passes them', () => {
    const rig = new Rig().feed([reading(), reading({ at: T0 + 10 * MINUTE + 59 * SECOND })], T0);
    expect(rig.panesOut).toEqual([]);
    rig.feed([reading({ at: T0 + 11 * MINUTE }), reading({ at: T0 + 12 * MINUTE })], T0);
    expect(rig.panesOut).toEqual([
      {
        patient_id: PATIENT,
        device_id: DEVICE,
        minute: T0,
        count: 1,
        quality_sum: 0,
        quality_count: 0,
        heart_rate_count: 1,
        heart_rate_sum: 72,
        heart_rate_min: 72,
        heart_rate_max: 72,
        spo2_count: 1,
        spo2_sum: 97,
        spo2_min: 97,
        spo2_max: 97,
      },
    ]);
  });

  test('go to their log when the device has been silent for ten minutes of log time', () => {
    const rig = new Rig().feed(reading(), T0);
    rig.feed(reading({ at: T0 + MINUTE }), T0 + MINUTE);
    rig.context.advanceTo(T0 + 11 * MINUTE - 1);
    expect(rig.panesOut).toEqual([]);
    rig.context.advanceTo(T0 + 11 * MINUTE);
    expect(rig.panesOut.map((pane) => pane.minute)).toEqual([T0, T0 + MINUTE]);
    expect(closing(rig)).toEqual([]);
    // What still comes for them is late; the next minute is not, and the timer runs again.
    rig.feed([
      reading({ at: T0 + MINUTE + SECOND, received: T0 + 12 * MINUTE }),
      reading({ at: T0 + 2 * MINUTE, received: T0 + 12 * MINUTE }),
    ]);
    expect(rig.measurements.map((row) => row.late)).toEqual([false, false, true, false]);
    expect(rig.panes.map((pane) => pane.minute)).toEqual([T0, T0 + MINUTE, T0 + 2 * MINUTE]);
    expect(closing(rig)).toHaveLength(1);
  });

  test('are corrected by what comes out of order, and not by what is late', () => {
    const rig = new Rig().feed([
      reading({ at: T0 + 10 * MINUTE }),
      reading({ at: T0, received: T0 + 11 * MINUTE }),
      reading({ at: T0 - 1, received: T0 + 11 * MINUTE }),
    ]);
    expect(rig.panes.map((pane) => pane.minute)).toEqual([T0 + 10 * MINUTE, T0]);
    expect(rig.measurements.map((row) => row.late)).toEqual([false, false, true]);
    expect([rig.count('late'), rig.count('behind_watermark'), rig.count('stored')]).toEqual([1, 1, 3]);
  });

  test("of one device are not closed by another's clock", () => {
    const rig = new Rig().feed([reading(), reading({ device: OTHER_DEVICE, at: T0 + 4 * HOUR }), reading({ at: T0 + SECOND })], T0);
    expect(rig.measurements.map((row) => row.late)).toEqual([false, false, false]);
  });

  test('take readings that were stored offline, though they are late by their receipt, imports aside', () => {
    const received = T0 + 3 * HOUR;
    const rig = new Rig().feed(
      [reading({ received: T0 + HOUR }), reading({ at: T0 + 1, received }), reading({ at: T0 + 2, received, imported: true })],
      received,
    );
    expect(rig.measurements.map((row) => row.late)).toEqual([false, true, false]);
    expect([rig.count('late'), rig.count('behind_watermark'), rig.count('imported')]).toEqual([1, 0, 1]);
    expect(rig.panes.at(-1)?.count).toBe(3);
  });
});

/** The timers that close panes. */
function closing(rig: Rig): readonly unknown[] {
  return [...rig.context.timers.values()].filter(({ name }) => name === 'close');
}

describe('state', () => {
  test('of a bracelet that sends every 30 s stays small', () => {
    const rig = new Rig();
    const vitals = { heart_rate: 72.5, resp_rate: 15.5, spo2: 97.5, temperature: 36.6 };
    for (let i = 0; i < 120; i += 1) rig.feed(reading({ at: T0 + i * 30 * SECOND, vitals, confidence: 95 }));
    const [device] = [...rig.context.states].filter(([key]) => key.startsWith('d/')).map(([, text]) => text);
    expect(device?.length).toBeLessThan(1200);
  });

  test('of the patient is not written for imports that breach nothing', () => {
    const rig = new Rig().feed([0, 1, 2].map((n) => reading({ at: T0 + n * MINUTE, imported: true })));
    expect([...rig.context.states.keys()].filter((key) => !key.startsWith('d/'))).toEqual([]);
  });
});

test('a record of another kind is refused', () => {
  expect(() => new Rig().feed({ kind: 'tick' } as unknown as InputRecord, T0)).toThrow('of no kind');
});
