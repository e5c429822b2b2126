import { describe, expect, test } from 'vitest';

import type { DeviceStatus, ManualAlert } from '../../src/contracts/reading.ts';
import { LOGS } from '../../src/contracts/logs.ts';
import { DEVICE, MINUTE, PATIENT, Rig, T0 } from './rig.ts';

function status(changes: Partial<DeviceStatus> = {}): DeviceStatus {
  return {
    kind: 'device_status',
    id: '00000000-0000-8000-8000-000000000051',
    patient: PATIENT,
    device: DEVICE,
    at: T0,
    received: T0 + 1,
    correlation: 's',
    digest: 'a',
    ...changes,
  };
}

function manual(changes: Partial<ManualAlert> = {}): ManualAlert {
  return {
    kind: 'manual_alert',
    id: '00000000-0000-8000-8000-0000000000a1',
    patient: PATIENT,
    at: T0,
    received: T0 + 1,
    correlation: 'm',
    digest: 'a',
    alert_type: 'CHEST_PAIN',
    severity: 'critical',
    message: 'Mrs X fell',
    vitals: { spo2: 91, note: 'by the window' },
    ...changes,
  };
}

describe('a device status', () => {
  test('is stored once and told', () => {
    const rig = new Rig().feed([
      status({ battery: 12, signal: 70, status: 'connected', firmware: '1.0' }),
      status({ battery: 12, signal: 70, status: 'connected', firmware: '1.0' }),
    ]);
    expect(rig.deviceLogs).toEqual([
      {
        message_id: status().id,
        device_id: DEVICE,
        patient_id: PATIENT,
        event_type: 'low_battery',
        status: 'connected',
        battery_percent: 12,
        signal_quality: 70,
        firmware_version: '1.0',
        error_code: null,
        recorded_at: T0,
        received_at: T0 + 1,
        digest: 'a',
        correlation_id: 's',
      },
    ]);
    expect(rig.context.outputs.get(LOGS.deviceStatus)?.map(({ value }) => value)).toMatchObject([
      { battery_level: 12, signal_strength: 70, needs_attention: true },
    ]);
    expect([rig.count('device_status'), rig.count('duplicate')]).toEqual([1, 1]);
  });

  test('that contradicts one is quarantined', () => {
    const rig = new Rig().feed([status(), status({ digest: 'b' })]);
    expect(rig.quarantine).toMatchObject([{ source: 'device_status', device_id: DEVICE }]);
    expect(rig.errorsOut).toHaveLength(1);
    expect(rig.deviceLogs).toHaveLength(1);
  });
});

describe('a manual alert', () => {
  test('is stored as it came, with its deadline', () => {
    const rig = new Rig().feed(manual(), T0 + 10);
    expect(rig.alerts).toMatchObject([
      {
        alert_id: manual().id,
        patient_id: PATIENT,
        device_id: null,
        alert_type: 'CHEST_PAIN',
        severity: 'critical',
        message: 'Mrs X fell',
        vitals_snapshot: { spo2: 91, note: 'by the window' },
        created_at: T0 + 10,
        ack_deadline: T0 + 10 + 5 * MINUTE,
        created_by_system: 'manual',
      },
    ]);
  });

  test('takes its free text nowhere else', () => {
    const rig = new Rig().feed([manual(), manual({ id: '00000000-0000-8000-8000-0000000000a2', digest: 'b', alert_type: 'call Mrs X' })]);
    expect(rig.alertsOut.map((out) => [out.alert_type, out.source, out.measurements])).toEqual([
      ['CHEST_PAIN', 'manual', { spo2: 91 }],
      ['MANUAL', 'manual', { spo2: 91 }],
    ]);
    expect(JSON.stringify(rig.alertsOut)).not.toMatch(/Mrs X|window/);
  });

  test.each([
    ['info', null],
    ['warn', 60],
    ['alert', 15],
  ] as const)('of severity %s has to be acknowledged within %s minutes', (severity, minutes) => {
    expect(new Rig().feed(manual({ severity }), T0).alerts[0]?.ack_deadline).toBe(minutes === null ? null : T0 + minutes * MINUTE);
  });

  test('is stored once', () => {
    const rig = new Rig().feed([manual(), manual(), manual({ digest: 'b' })]);
    expect(rig.alerts).toHaveLength(1);
    expect([rig.count('manual_alert'), rig.count('duplicate'), rig.count('conflict')]).toEqual([1, 1, 1]);
    expect(rig.quarantine).toMatchObject([{ source: 'manual_alert', device_id: null }]);
  });
});
