import { beforeEach, describe, expect, test } from 'vitest';

import type { ActionName, AlertAction, AlertStatus } from '../../src/contracts/reading.ts';
import type { AlertChange, AlertLogRow, AlertRow } from '../../src/contracts/rows.ts';
import { HOUR, held, MINUTE, reading, Rig, T0 } from '../task/rig.ts';
import { ask, DOCTOR, NURSE } from './ask.ts';

let rig: Rig;
let now: number;

beforeEach(() => {
  rig = new Rig();
  now = T0;
});

const later = (): number => (now += MINUTE);
const breach = (): void => {
  const at = later();
  rig.feed(reading({ at, received: at, vitals: { spo2: 80 } }));
};

/** Those that are acted on here: what goes on for minutes satisfies other rules too, and a bracelet that falls silent one more. */
const TYPES = ['CRITICAL_SPO2', 'TECHNICAL_UNASSIGNED_DEVICE', 'TECHNICAL_UNKNOWN_PATIENT', 'FALL'];

/** Alerts as the store would have them: whole rows and changes put together. */
function alerts(): AlertRow[] {
  const rows = new Map<string, AlertRow>();
  for (const row of rig.alertWrites as (AlertRow | AlertChange)[]) {
    const before = rows.get(row.alert_id);
    rows.set(row.alert_id, { ...before, ...row } as AlertRow);
  }
  return [...rows.values()].filter(({ alert_type: type }) => TYPES.includes(type));
}

/** What was done about them; who was called for them is not a matter of actions. */
const logs = (): AlertLogRow[] => {
  const ids = new Set(alerts().map(({ alert_id: id }) => id));
  return rig.alertLogs.filter(({ alert_id: id, status }) => ids.has(id) && status !== 'called' && status !== 'escalated');
};
const story = (): (readonly unknown[])[] =>
  logs().map(({ status, from_status: from, to_status: to, changed_by: by }) => [status, from, to, by]);
const only = (): AlertRow => {
  const [row, ...others] = alerts();
  expect(others).toEqual([]);
  if (row === undefined) throw new TypeError('no alert was raised');
  return row;
};
const act = (alert: AlertRow, action: ActionName, changes: Partial<AlertAction> = {}): void => {
  rig.feed(ask(alert, action, { at: later(), ...changes }));
};

describe('an alert of the engine', () => {
  test('is acknowledged, spoken of and resolved, and its log tells so', () => {
    breach();
    act(only(), 'acknowledge', { by: NURSE, as: 'caregiver' });
    expect(only()).toMatchObject({ status: 'acknowledged', acknowledged_by: NURSE, acknowledged_at: now, resolved_at: null });
    act(only(), 'comment', { note: 'sous oxygène' });
    act(only(), 'resolve');
    expect(only()).toMatchObject({
      status: 'resolved',
      resolved_by: DOCTOR,
      resolved_at: now,
      auto_resolved: false,
      acknowledged_by: NURSE,
    });
    expect(story()).toEqual([
      ['created', null, 'active', null],
      ['acknowledged', 'active', 'acknowledged', NURSE],
      ['commented', 'acknowledged', 'acknowledged', DOCTOR],
      ['resolved', 'acknowledged', 'resolved', DOCTOR],
    ]);
    expect(logs()[2]).toMatchObject({ comment: 'sous oxygène', metadata: { action: 'comment', as: 'clinician' } });
    expect(rig.count('action_applied')).toBe(3);
  });

  test('stays acknowledged while breaches go on, and keeps who saw it first', () => {
    breach();
    act(only(), 'acknowledge', { by: NURSE });
    const first = now;
    breach();
    act(only(), 'acknowledge', { by: DOCTOR });
    breach();
    expect(only()).toMatchObject({ status: 'acknowledged', breach_count: 3, acknowledged_by: NURSE, acknowledged_at: first });
    expect(story().slice(1)).toEqual([
      ['acknowledged', 'active', 'acknowledged', NURSE],
      ['acknowledged', 'acknowledged', 'acknowledged', DOCTOR],
    ]);
  });

  test('that was resolved while the condition holds makes room for another one', () => {
    breach();
    act(only(), 'resolve');
    breach();
    expect(alerts().map(({ status, breach_count: n }) => [status, n])).toEqual([
      ['resolved', 1],
      ['active', 1],
    ]);
  });

  test('is acted on once, however often the record comes', () => {
    breach();
    const once = ask(only(), 'acknowledge', { at: later() });
    rig.feed(once).feed({ ...once, received: later() });
    expect(story()).toHaveLength(2);
    expect(rig.count('duplicate')).toBe(1);
  });

  test('cannot be snoozed', () => {
    breach();
    act(only(), 'snooze');
    expect(only()).toMatchObject({ status: 'active', snoozed_until: null });
    expect(logs().at(-1)).toMatchObject({
      status: 'refused',
      from_status: 'active',
      to_status: 'active',
      metadata: { reason: 'not_technical' },
    });
    expect(rig.count('action_refused')).toBe(1);
  });

  test('that closed between the look and the act is not acted on, and it is said', () => {
    breach();
    const seen = only();
    act(seen, 'resolve');
    act(seen, 'acknowledge');
    act(seen, 'comment');
    expect(only()).toMatchObject({ status: 'resolved', acknowledged_by: null });
    expect(
      logs()
        .slice(2)
        .map(({ status, from_status: from, metadata }) => [status, from, metadata['reason']]),
    ).toEqual([
      ['refused', null, 'unknown'],
      ['commented', null, undefined],
    ]);
    expect(logs().at(-1)).toMatchObject({ to_status: null, comment: 'rappelé la famille' });
  });

  test.each<AlertStatus>(['resolved', 'auto_resolved', 'superseded', 'retrospective'])('that is %s takes words only', (status) => {
    breach();
    const alert = only();
    act(alert, 'resolve');
    const before = alerts();
    for (const action of ['acknowledge', 'resolve', 'snooze', 'comment'] as const)
      act(alert, action, { seen: { type: alert.alert_type, status, manual: false } });
    expect(
      story()
        .slice(2)
        .map(([what, from]) => [what, from]),
    ).toEqual([
      ['refused', status],
      ['refused', status],
      ['refused', status],
      ['commented', status],
    ]);
    expect(alerts()).toEqual(before);
  });
});

describe('a technical alert', () => {
  test('is snoozed, and what ends it ends it all the same', () => {
    rig.feed(held({ reason: 'unassigned_device', received: later() }));
    act(only(), 'snooze', { minutes: 45 });
    const until = now + 45 * MINUTE;
    expect(only()).toMatchObject({ status: 'active', snoozed_until: until });
    expect(logs().at(-1)).toMatchObject({ status: 'snoozed', metadata: { until: new Date(until).toISOString() } });
    rig.feed(held({ reason: 'unassigned_device', received: later() }));
    expect(only()).toMatchObject({ breach_count: 2, snoozed_until: until });
    rig.feed(reading({ at: later(), received: now }));
    expect(only()).toMatchObject({ status: 'auto_resolved' });
    expect(story().at(-1)).toEqual(['auto_resolved', 'active', 'auto_resolved', null]);
  });

  test('of an unknown patient is acted on, and its log names no patient', () => {
    rig.feed(held({ reason: 'unknown_patient', patient_known: false, received: later() }));
    act(only(), 'acknowledge', { patient_known: false });
    expect(only()).toMatchObject({ status: 'acknowledged', patient_id: null });
    expect(logs().map(({ patient_id: patient }) => patient)).toEqual([null, null]);
  });
});

describe('an alert raised by hand', () => {
  const raise = (): void => {
    const at = later();
    rig.feed({
      kind: 'manual_alert',
      id: '00000000-0000-8000-8000-0000000000a1',
      patient: reading().patient,
      at,
      received: at,
      correlation: 'm',
      digest: 'd',
      alert_type: 'FALL',
      severity: 'critical',
      message: 'est tombé',
    });
  };

  test('is active until somebody acts, and then what they made of it', () => {
    raise();
    const seen = only();
    act(seen, 'acknowledge');
    act(seen, 'resolve');
    act(seen, 'acknowledge');
    expect(only()).toMatchObject({ status: 'resolved', resolved_by: DOCTOR });
    expect(story()).toEqual([
      ['created', null, 'active', null],
      ['acknowledged', 'active', 'acknowledged', DOCTOR],
      ['resolved', 'acknowledged', 'resolved', DOCTOR],
      ['refused', null, null, DOCTOR],
    ]);
  });
});

test('an import that a live breach supersedes, acknowledged before, stays written down', () => {
  const received = T0 + HOUR;
  rig.feed(reading({ at: T0, received, imported: true, vitals: { spo2: 80 } }));
  now = received;
  act(only(), 'acknowledge');
  breach();
  expect(alerts().map(({ status, acknowledged_by: by }) => [status, by])).toEqual([
    ['superseded', DOCTOR],
    ['active', null],
  ]);
  expect(story().slice(-2)).toEqual([
    ['superseded', 'acknowledged', 'superseded', null],
    ['created', null, 'active', null],
  ]);
});
