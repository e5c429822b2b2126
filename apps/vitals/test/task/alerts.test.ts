import { describe, expect, test } from 'vitest';

import type { Vitals } from '../../src/contracts/reading.ts';
import { FLOOR_VERSION } from '../../src/domain/floors.ts';
import { DEVICE, held, HOUR, MINUTE, OTHER_DEVICE, PATIENT, reading, Rig, SECOND, T0 } from './rig.ts';

const LOW: Vitals = { spo2: 82 };
const FINE: Vitals = { spo2: 97 };
const low = (changes: Parameters<typeof reading>[0] = {}) => reading({ vitals: LOW, ...changes });

describe('a breach', () => {
  test('opens one critical alert that says which rule, which values and which limit', () => {
    const rig = new Rig().feed(low(), T0 + 700);
    expect(rig.measurements[0]?.breaches).toEqual(['CRITICAL_SPO2']);
    expect(rig.count('breach.CRITICAL_SPO2')).toBe(1);
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alerts[0]).toMatchObject({
      patient_id: PATIENT,
      device_id: DEVICE,
      alert_type: 'CRITICAL_SPO2',
      severity: 'critical',
      title: 'Critical oxygen saturation',
      vitals_snapshot: LOW,
      trigger_conditions: ['spo2 82 (limit: SpO2 < 88 %)'],
      tags: ['age_unknown'],
      rule_version: FLOOR_VERSION,
      status: 'active',
      retrospective: false,
      uncertain: false,
      imported: false,
      first_seen_at: T0,
      last_seen_at: T0,
      breach_count: 1,
      created_at: T0 + 700,
      ack_deadline: T0 + 700 + 5 * MINUTE,
      resolved_at: null,
      related_measurement_id: reading().id,
      quarantine_id: null,
    });
    expect(rig.alerts[0]?.suggested_actions.length).toBeGreaterThan(0);
    expect(rig.alertsOut).toHaveLength(1);
    expect(rig.alertsOut[0]).toMatchObject({
      alert_id: rig.alerts[0]?.alert_id,
      reasons: ['spo2 82 (limit: SpO2 < 88 %)'],
      measurements: LOW,
      source: 'engine',
    });
  });

  test('of several floors opens one alert for each', () => {
    const rig = new Rig().feed(reading({ vitals: { spo2: 80, temperature: 38.6, heart_rate: 200 } }));
    expect(rig.alerts.map((alert) => alert.alert_type)).toEqual([
      'CRITICAL_SPO2',
      'CRITICAL_TEMPERATURE',
      'CRITICAL_HEART_RATE',
      'CRITICAL_COMBINATION_FEVER_SPO2',
    ]);
    expect(rig.alerts.map((alert) => alert.tags.includes('emergency_protocol'))).toEqual([false, true, false, true]);
    expect(new Set(rig.alerts.map((alert) => alert.alert_id)).size).toBe(4);
  });

  test('that goes on extends the open alert, whatever the device; what opened it stays', () => {
    const rig = new Rig().feed([
      low(),
      reading({ at: T0 + MINUTE, vitals: FINE }),
      low({ at: T0 + 2 * MINUTE, device: OTHER_DEVICE, vitals: { spo2: 79 } }),
    ]);
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alerts[0]).toMatchObject({
      device_id: DEVICE,
      breach_count: 2,
      first_seen_at: T0,
      last_seen_at: T0 + 2 * MINUTE,
      created_at: T0 + 500,
      updated_at: T0 + 2 * MINUTE + 500,
      ack_deadline: T0 + 500 + 5 * MINUTE,
      vitals_snapshot: { spo2: 79 },
      related_measurement_id: reading().id,
      correlation_id: `c-${T0}`,
    });
    expect(rig.alertsOut).toHaveLength(1);
  });

  test('out of order never moves the last breach back', () => {
    const rig = new Rig().feed([low({ at: T0 + 5 * MINUTE }), low({ at: T0, received: T0 + 6 * MINUTE })]);
    expect(rig.alerts[0]).toMatchObject({ last_seen_at: T0 + 5 * MINUTE, breach_count: 2 });
  });

  test('keeps its tags', () => {
    const rig = new Rig().feed([reading({ vitals: { temperature: 39 } }), reading({ at: T0 + MINUTE, vitals: { temperature: 38 } })]);
    expect(rig.alerts[0]?.tags).toEqual(['age_unknown', 'emergency_protocol']);
  });

  test('of a known age does not say that the age is unknown', () => {
    const rig = new Rig().feed([{ kind: 'patient', patient: PATIENT, received: T0, correlation: 'p', birth_date: '2010-01-01' }, low()]);
    expect(rig.alerts[0]?.tags).toEqual([]);
  });

  test.each([{ device_state: 'user_removed' }, { device_state: 'charging' }, { quality_flag: 'user_removed' }])(
    'with %j is recorded and opens nothing',
    (state) => {
      const rig = new Rig().feed(low(state));
      expect(rig.measurements[0]?.breaches).toEqual(['CRITICAL_SPO2']);
      expect(rig.alerts.filter((alert) => alert.alert_type.startsWith('CRITICAL'))).toEqual([]);
      expect(rig.calls).toEqual([]);
    },
  );

  test('of a poor sensor opens an alert all the same', () => {
    const rig = new Rig().feed(low({ quality_flag: 'sensor_drop', confidence: 1, contact: 1 }));
    expect(rig.measurements[0]?.low_confidence).toBe(true);
    expect(rig.alerts[0]?.status).toBe('active');
  });
});

describe('a late breach', () => {
  /** Late by event time: the same device has a reading 20 minutes newer. */
  const late = (at: number) => low({ at, received: T0 + 21 * MINUTE });
  const newest = reading({ at: T0 + 20 * MINUTE, vitals: FINE });

  test('raises a retrospective alert that was never open', () => {
    const rig = new Rig().feed([newest, late(T0)]);
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alerts[0]).toMatchObject({
      status: 'retrospective',
      retrospective: true,
      ack_deadline: null,
      resolved_at: T0 + 21 * MINUTE,
      created_at: T0 + 21 * MINUTE,
      first_seen_at: T0,
    });
    expect(rig.alertsOut[0]).toMatchObject({ retrospective: true });
  });

  test('shares its alert with those of the same stretch', () => {
    const rig = new Rig().feed([newest, late(T0 - HOUR), late(T0 - HOUR + 10 * MINUTE), late(T0 - HOUR - MINUTE), late(T0)]);
    expect(rig.alerts.map((alert) => [alert.first_seen_at, alert.last_seen_at, alert.breach_count])).toEqual([
      [T0 - HOUR - MINUTE, T0 - HOUR + 10 * MINUTE, 3],
      [T0, T0, 1],
    ]);
    expect(rig.alertsOut).toHaveLength(2);
  });

  test('neither opens, extends nor reopens a live alert', () => {
    const rig = new Rig().feed([low({ at: T0 + 20 * MINUTE }), late(T0)]);
    expect(rig.alerts.map((alert) => [alert.status, alert.breach_count])).toEqual([
      ['active', 1],
      ['retrospective', 1],
    ]);
  });

  test('that is the newest known of the patient pages once and states its age', () => {
    const received = T0 + 2 * HOUR + 5 * MINUTE;
    const rig = new Rig().feed([low({ received }), low({ at: T0 + MINUTE, received })]);
    expect(rig.measurements.map((row) => row.late)).toEqual([true, true]);
    const floors = rig.alerts.filter((alert) => alert.alert_type === 'CRITICAL_SPO2');
    expect(floors).toMatchObject([{ status: 'active', ack_deadline: received + 5 * MINUTE, breach_count: 2 }]);
    expect(floors[0]?.message).toContain('2 h 5 min before it was received');
    expect(rig.calls).toMatchObject([{ reason: 'raised', called_at: received }]);
  });

  test('that is the newest of its device but not of the patient is retrospective', () => {
    const received = T0 + 3 * HOUR;
    const rig = new Rig().feed([
      reading({ device: OTHER_DEVICE, at: T0 - MINUTE, vitals: FINE }),
      reading({ device: DEVICE, at: T0 - 30 * SECOND, vitals: FINE }),
      reading({ device: OTHER_DEVICE, at: T0 + 2 * HOUR, vitals: FINE }),
      low({ received }),
    ]);
    expect(rig.alerts.filter((alert) => alert.alert_type === 'CRITICAL_SPO2').map((alert) => alert.status)).toEqual(['retrospective']);
  });

  test.each([
    [24 * HOUR - 1, 'active'],
    [24 * HOUR, 'retrospective'],
    [HOUR + 1, 'active'],
  ])('received %d ms after it was measured is %s', (delay, status) => {
    const rig = new Rig().feed(low({ received: T0 + delay }));
    expect(rig.alerts.map((alert) => alert.status)).toEqual([status]);
  });

  test.each([
    [HOUR, false],
    [HOUR + 1, true],
  ])('received %d ms after it was measured is late: %s', (delay, isLate) => {
    expect(new Rig().feed(low({ received: T0 + delay })).measurements[0]?.late).toBe(isLate);
  });
});

describe('an imported breach', () => {
  const received = T0 + 900 * HOUR;
  const imported = (at: number) => low({ at, received, imported: true });

  test('opens an alert that pages nobody, and extends it', () => {
    const rig = new Rig().feed([imported(T0), imported(T0 + HOUR)]);
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alerts[0]).toMatchObject({ status: 'active', imported: true, ack_deadline: null, retrospective: false, breach_count: 2 });
    expect(rig.count('late')).toBe(0);
  });

  test('gives way to a live one', () => {
    const rig = new Rig().feed([imported(T0), low({ at: received, vitals: { spo2: 70 } })]);
    expect(
      rig.alerts.map((alert) => [
        alert.status,
        alert.imported,
        alert.breach_count,
        alert.resolved_at === null,
        alert.ack_deadline === null,
      ]),
    ).toEqual([
      ['superseded', true, 1, false, true],
      ['active', false, 1, true, false],
    ]);
    expect(rig.alerts[0]?.vitals_snapshot).toEqual(LOW);
    expect(rig.alerts[0]?.trigger_conditions).toEqual(['spo2 82 (limit: SpO2 < 88 %)']);
  });

  test('does not touch a live one', () => {
    const rig = new Rig().feed([low({ at: received, device: OTHER_DEVICE }), imported(T0)]);
    expect(rig.alerts.map((alert) => [alert.status, alert.imported, alert.breach_count])).toEqual([
      ['active', false, 1],
      ['retrospective', true, 1],
    ]);
  });
});

describe('a reading that waits in quarantine', () => {
  test('is checked against the floors, at its receipt, marked uncertain', () => {
    const rig = new Rig().feed(held({ vitals: LOW, at: Date.UTC(1999, 0, 1), received: T0 }));
    expect(rig.measurements).toEqual([]);
    expect(rig.alerts[0]).toMatchObject({
      status: 'active',
      uncertain: true,
      patient_id: PATIENT,
      first_seen_at: T0,
      ack_deadline: T0 + 5 * MINUTE,
      related_measurement_id: null,
      quarantine_id: held().quarantine,
    });
    expect(rig.errorsOut).toMatchObject([{ error: 'timestamp_old', device_id: DEVICE }]);
    expect([rig.count('held'), rig.count('stored'), rig.count('breach.CRITICAL_SPO2')]).toEqual([1, 0, 0]);
  });

  test('of an unknown patient raises an alert without one', () => {
    const rig = new Rig().feed(held({ vitals: LOW, reason: 'unknown_patient', patient_known: false }));
    expect(rig.alerts.map((alert) => [alert.alert_type, alert.patient_id, alert.uncertain])).toEqual([
      ['CRITICAL_SPO2', null, true],
      ['TECHNICAL_UNKNOWN_PATIENT', null, false],
    ]);
  });

  test('for want of an assignment raises one technical alert, which ends when a reading of the patient is stored', () => {
    const waiting = (at: number) => held({ at, received: at, vitals: FINE, reason: 'unassigned_device' });
    const rig = new Rig().feed([waiting(T0), waiting(T0 + MINUTE)]);
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alerts[0]).toMatchObject({
      alert_type: 'TECHNICAL_UNASSIGNED_DEVICE',
      severity: 'warn',
      status: 'active',
      uncertain: false,
      breach_count: 2,
      vitals_snapshot: {},
      tags: [],
      ack_deadline: T0 + HOUR,
    });
    expect(rig.count('check.unassigned_device')).toBe(2);
    rig.feed(reading({ at: T0 + 2 * MINUTE }));
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alerts[0]).toMatchObject({
      status: 'auto_resolved',
      auto_resolved: true,
      resolved_at: T0 + 2 * MINUTE + 500,
      breach_count: 2,
    });
    rig.feed(waiting(T0 + 3 * MINUTE));
    expect(rig.alerts.map((alert) => alert.status)).toEqual(['auto_resolved', 'active']);
  });

  test('raises no second alert for the same floor, and a stored breach makes it certain', () => {
    const rig = new Rig().feed([held({ vitals: LOW }), held({ vitals: LOW, at: T0 + 1 }), low()]);
    expect(rig.alerts).toHaveLength(1);
    expect(rig.alertWrites.map((row) => row.uncertain).filter((uncertain) => uncertain !== undefined)).toEqual([true, true, false]);
    expect(rig.alerts[0]).toMatchObject({ breach_count: 3, uncertain: false });
  });

  test('without a breach changes no state', () => {
    const rig = new Rig().feed(held({ vitals: FINE }));
    expect(rig.context.states.size).toBe(0);
    expect(rig.alerts).toEqual([]);
  });
});

describe('a conflict', () => {
  test('is quarantined, checked against the floors and reported; the stored reading stays', () => {
    const rig = new Rig().feed([reading({ vitals: FINE }), low()]);
    expect(rig.measurements).toHaveLength(1);
    expect(rig.panes).toHaveLength(1);
    expect(rig.quarantine).toHaveLength(1);
    expect(rig.quarantine[0]).toMatchObject({ reason: 'idempotency_conflict', source: 'api', device_id: DEVICE, patient_id: PATIENT });
    expect(JSON.parse(rig.quarantine[0]?.plain ?? '')).toEqual(low());
    expect(rig.alerts[0]).toMatchObject({ uncertain: true, quarantine_id: rig.quarantine[0]?.quarantine_id, related_measurement_id: null });
    expect(rig.errorsOut).toMatchObject([{ error: 'idempotency_conflict' }]);
    expect([rig.count('stored'), rig.count('conflict'), rig.count('duplicate')]).toEqual([1, 1, 0]);
  });

  test('that is sent again is the same quarantine row', () => {
    const rig = new Rig().feed([reading({ vitals: FINE }), low(), low()]);
    expect(new Set(rig.quarantine.map((row) => row.quarantine_id)).size).toBe(1);
  });
});
