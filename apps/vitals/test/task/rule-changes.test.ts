import { beforeEach, expect, test } from 'vitest';

import type { Override } from '../../src/alarms/override.ts';
import type { Vitals } from '../../src/contracts/reading.ts';
import { DOCTOR, limit, revoke, set } from './change.ts';
import { HOUR, MINUTE, PATIENT, reading, Rig, SECOND, T0 } from './rig.ts';

// What changes the rules of a patient, a clinician or a birth date, in the alarms. The context keeps states as text only: whatever is remembered is found again.

let rig: Rig;
let now: number;

beforeEach(() => {
  rig = new Rig();
  now = T0;
});

/** Sends these vital signs until then. */
function until(time: number, vitals: Vitals, every = 30 * SECOND): void {
  for (; now < time; now += every) rig.feed(reading({ at: now, received: now, vitals }));
}

const disable = (rule: string, times: Partial<Pick<Override, 'from' | 'expires'>> = {}): Override => ({
  ...{ kind: 'disable', rule, by: DOCTOR, reason: 'connu et suivi en consultation', from: T0, expires: T0 + HOUR },
  ...times,
});
/** What became of the alerts of a rule: their status, and how many minutes after T0 they were raised. */
const alertsOf = (type: string): (readonly [status: string, minute: number])[] =>
  rig.alerts.filter((each) => each.alert_type === type).map((each) => [each.status, (each.created_at - T0) / MINUTE]);

test('another limit holds from the next reading on, and the usual one once it was ended', () => {
  rig.feed(set({ n: 1, at: now }, limit({ value: 84 })));
  until(T0 + 2 * MINUTE, { spo2: 86 });
  expect(alertsOf('CRITICAL_SPO2')).toEqual([]);
  // The readings so far are put through the alarms once more. By the usual limit they would have opened an alarm, and told nobody.
  rig.feed(revoke({ n: 2, at: now }, 1));
  until(T0 + 3 * MINUTE, { spo2: 86 });
  expect(alertsOf('CRITICAL_SPO2')).toEqual([['active', 2]]);
});

test('a rule that is switched off leaves force at once: what is open of it is resolved without a further reading', () => {
  until(T0 + MINUTE, { spo2: 80 });
  expect(alertsOf('CRITICAL_SPO2')).toEqual([['active', 0]]);
  rig.feed(set({ n: 1, at: now }, disable('CRITICAL_SPO2')));
  expect(alertsOf('CRITICAL_SPO2')).toEqual([['resolved', 0]]);
});

test('one that is set for later begins and expires by itself', () => {
  rig.feed(set({ n: 1, at: now }, disable('CRITICAL_SPO2', { from: T0 + 5 * MINUTE, expires: T0 + 10 * MINUTE })));
  until(T0 + 5 * MINUTE, { spo2: 80 });
  expect(alertsOf('CRITICAL_SPO2')).toEqual([['active', 0]]);
  until(T0 + 10 * MINUTE, { spo2: 80 });
  expect(alertsOf('CRITICAL_SPO2')).toEqual([['resolved', 0]]);
  until(T0 + 11 * MINUTE, { spo2: 80 });
  expect(alertsOf('CRITICAL_SPO2')).toEqual([
    ['resolved', 0],
    ['active', 10],
  ]);
});

test('a rule that is switched on again looks back at what it would have seen', () => {
  const fast = { spo2: 97, heart_rate: 105 };
  rig.feed(set({ n: 1, at: now }, disable('HEART_RATE_HIGH')));
  until(T0 + 12 * MINUTE, fast);
  expect(alertsOf('HEART_RATE_HIGH')).toEqual([]);
  rig.feed(revoke({ n: 2, at: now }, 1));
  until(T0 + 13 * MINUTE, fast);
  expect(alertsOf('HEART_RATE_HIGH')).toEqual([['active', 12]]);
});

test('late readings are judged by what was in force when they were measured', () => {
  const stricter = limit({ value: 93, expires: T0 + HOUR });
  rig.feed([
    set({ n: 1, at: now }, stricter),
    set({ n: 2, at: now }, limit({ value: 95, expires: T0 + HOUR })),
    revoke({ n: 3, at: now }, 2),
  ]);
  now = T0 + 2 * HOUR;
  until(T0 + 2 * HOUR + MINUTE, { spo2: 97 });
  // Every change looks through what is remembered.
  rig.feed(set({ n: 4, at: now }, disable('HEART_RATE_HIGH', { expires: now + HOUR })));
  rig.feed(reading({ at: T0 + 30 * MINUTE, received: now, vitals: { spo2: 94 } }));
  expect(alertsOf('CRITICAL_SPO2')).toEqual([]);
  rig.feed(reading({ at: T0 + 40 * MINUTE, received: now, vitals: { spo2: 92 } }));
  expect(alertsOf('CRITICAL_SPO2').map(([status]) => status)).toEqual(['retrospective']);
});

test('a birth date that becomes known is told of what it makes an alarm of', () => {
  const slow = { spo2: 97, heart_rate: 85 };
  until(T0 + 3 * MINUTE, slow, 10 * SECOND);
  expect(alertsOf('HEART_RATE_LOW')).toEqual([]);
  rig.feed({ kind: 'patient', patient: PATIENT, received: now, correlation: 'b', birth_date: '2026-06-01' });
  until(T0 + 4 * MINUTE, slow, 10 * SECOND);
  expect(alertsOf('HEART_RATE_LOW')).toEqual([['active', 3]]);
});
