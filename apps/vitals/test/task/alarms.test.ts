import { describe, expect, test } from 'vitest';

import type { ManualAlert, Vitals } from '../../src/contracts/reading.ts';
import type { AlertRow } from '../../src/contracts/rows.ts';
import { ask, DOCTOR, NURSE } from '../actions/ask.ts';
import { MINUTE, PATIENT, reading, Rig, SECOND, T0 } from './rig.ts';

const FINE: Vitals = { spo2: 97, heart_rate: 72, temperature: 36.8 };
const LOW: Vitals = { ...FINE, spo2: 82 };

/** A patient whose bracelet sends every 30 s. Seconds from T0. */
class Course {
  readonly rig = new Rig();
  #second = 0;

  /** Sends `vitals` until `to` seconds. */
  until(to: number, vitals: Vitals, more: Parameters<typeof reading>[0] = {}): this {
    for (; this.#second <= to; this.#second += 30) {
      const at = T0 + this.#second * SECOND;
      this.rig.feed(reading({ at, received: at, vitals, ...more }));
    }
    return this;
  }

  act(action: Parameters<typeof ask>[1], more: Partial<Parameters<typeof ask>[2]> = {}): this {
    const [alert] = this.rig.alerts.filter((each) => each.alert_type === 'CRITICAL_SPO2');
    if (alert === undefined) throw new TypeError('no such alert is open');
    this.rig.feed(ask(alert, action, { at: Math.max(this.rig.context.logTime, T0) + SECOND, ...more }));
    return this;
  }

  alert(type = 'CRITICAL_SPO2'): AlertRow | undefined {
    return this.rig.alerts.findLast((each) => each.alert_type === type);
  }

  /** What happened to the floor of SpO2: what, and how many seconds after T0. */
  get story(): string[] {
    const id = this.alert()?.alert_id;
    return this.rig.alertLogs
      .filter((row) => row.alert_id === id)
      .map(
        ({ status, changed_at: at, metadata }) =>
          `${status}@${(at - T0) / SECOND}${'level' in metadata ? `:${String(metadata['level'])}` : ''}`,
      );
  }

  get calls(): string[] {
    return this.rig.calls.map(({ reason, level, called_at: at }) => `${reason}@${(at - T0) / SECOND}:${level}`);
  }
}

describe('a crisis that nobody answers', () => {
  test('calls the caregiver, escalates at each deadline, and is over when a person has seen it and the condition has ended', () => {
    const course = new Course().until(240, FINE).until(1200, LOW);
    expect(course.calls.slice(0, 3)).toEqual(['raised@270:0', 'escalated@570:1', 'escalated@870:2']);
    expect(course.alert()).toMatchObject({ status: 'active', severity: 'critical', escalation_level: 3 });
    course.act('acknowledge', { by: DOCTOR, as: 'clinician' });
    const seen = course.rig.context.logTime;
    expect(course.alert()).toMatchObject({ status: 'acknowledged', acknowledged_by: DOCTOR, acknowledged_at: seen });
    course.until(1320, FINE);
    expect(course.alert()?.status, 'back inside for less than the off-delay').toBe('acknowledged');
    course.until(1500, FINE);
    expect(course.alert()).toMatchObject({ status: 'auto_resolved', auto_resolved: true });
    expect(course.story).toEqual([
      'created@270',
      'called@270:0',
      'escalated@570:1',
      'escalated@870:2',
      'escalated@1170:3',
      'acknowledged@1201',
      'auto_resolved@1350',
    ]);
    expect(course.rig.count('call')).toBe(course.rig.calls.length);
  });

  test('is told of with the rule, the values, the limit, since when, and by when to answer', () => {
    const course = new Course().until(240, FINE).until(270, LOW);
    expect(course.rig.calls).toEqual([
      {
        step: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        episode: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        patient_id: PATIENT,
        class: 'clinical',
        severity: 'critical',
        level: 0,
        reach: 'clinicians',
        reason: 'raised',
        alarms: [
          {
            alert_id: course.alert()?.alert_id,
            alert_type: 'CRITICAL_SPO2',
            rule_version: course.alert()?.rule_version,
            severity: 'critical',
            measurements: { spo2: 82 },
            limit: 'SpO2 < 88 %',
            since: T0 + 270 * SECOND,
          },
        ],
        deadline: T0 + 270 * SECOND + 5 * MINUTE,
        called_at: T0 + 270 * SECOND,
        correlation: course.alert()?.correlation_id,
      },
    ]);
  });

  test('goes to the next level at once where a level has nobody, and not twice for the same step', () => {
    const course = new Course().until(240, FINE).until(270, LOW);
    const [first] = course.rig.calls;
    const nobody = { kind: 'unreached', patient: PATIENT, received: T0 + 271 * SECOND, correlation: 'n', step: first?.step ?? '' } as const;
    course.rig.feed([nobody, nobody]);
    expect(course.calls).toEqual(['raised@270:0', 'escalated@271:1']);
    expect(course.rig.count('unreached')).toBe(2);
  });
});

describe('people', () => {
  test('a caregiver who has seen a critical alarm: the treating clinician is told, and nobody is called again', () => {
    const course = new Course().until(240, FINE).until(270, LOW);
    course.act('acknowledge', { by: NURSE, as: 'caregiver' });
    course.until(300, LOW);
    expect(course.calls).toEqual(['raised@270:0', 'inform_clinician@271:1']);
    expect(course.rig.calls[1]).toMatchObject({ reach: 'clinicians', deadline: null });
    expect(course.alert()).toMatchObject({ status: 'acknowledged', acknowledged_by: NURSE, ack_deadline: T0 + 570 * SECOND });
  });

  test('what is acknowledged and still true calls again after half an hour', () => {
    const course = new Course().until(240, FINE).until(270, LOW);
    course.act('acknowledge', { by: DOCTOR }).until(2400, LOW);
    expect(course.alert()?.status).toBe('active');
    expect(course.story).toContain('returned@2071');
  });

  test('who resolves it while it holds is asked again', () => {
    const course = new Course().until(240, FINE).until(270, LOW);
    const first = course.alert()?.alert_id;
    course.act('resolve', { by: DOCTOR, note: 'capteur déplacé' }).until(300, LOW);
    const alerts = course.rig.alerts.filter((each) => each.alert_type === 'CRITICAL_SPO2');
    expect(alerts.map(({ status, resolved_by: by }: AlertRow & { resolved_by?: string }) => [status, by])).toEqual([
      ['resolved', DOCTOR],
      ['active', undefined],
    ]);
    expect(alerts[1]?.alert_id).not.toBe(first);
  });
});

describe('what is not sure', () => {
  test('a floor on a reading of low confidence is listed at once, and calls after a minute without a good normal one', () => {
    const course = new Course().until(240, FINE);
    const at = T0 + 270 * SECOND;
    course.rig.feed(reading({ at, received: at, vitals: LOW, confidence: 40 }));
    expect(course.alert()).toMatchObject({ status: 'active', ack_deadline: at + 5 * MINUTE });
    expect(course.calls).toEqual([]);
    course.rig.context.advanceTo(at + MINUTE);
    expect(course.calls).toEqual(['raised@330:0']);
    expect(course.story).toEqual(['created@270', 'confirmed@330', 'called@330:0']);
  });

  test('silence is no recovery: the alarm stays open and escalates', () => {
    const course = new Course().until(240, FINE).until(270, LOW);
    course.rig.context.advanceTo(T0 + 900 * SECOND);
    expect(course.alert()?.status).toBe('active');
    // The silence is called for too, apart from the condition.
    expect(course.rig.calls.filter((call) => call.class === 'clinical').map(({ reason, level }) => `${reason}:${level}`)).toEqual([
      'raised:0',
      'escalated:1',
      'escalated:2',
    ]);
    expect(course.rig.calls.filter((call) => call.class === 'technical').map(({ reason }) => reason)).toContain('raised');
  });
});

describe('an alert raised by hand', () => {
  const manual = (severity: ManualAlert['severity']): ManualAlert => ({
    kind: 'manual_alert',
    id: '00000000-0000-8000-8000-0000000000a1',
    digest: 'd',
    patient: PATIENT,
    at: T0,
    received: T0,
    correlation: 'm',
    alert_type: 'douleur de Mme X',
    severity,
    message: 'très mal',
  });

  test.each([
    ['critical', ['raised@0:0', 'escalated@300:1', 'escalated@600:2']],
    ['alert', ['raised@0:0', 'escalated@900:1']],
    ['warn', ['raised@0:0']],
    ['info', []],
  ] as const)('%s calls as an alarm of its severity does', (severity, calls) => {
    const course = new Course();
    course.rig.feed(manual(severity));
    course.rig.context.advanceTo(T0 + 800 * SECOND);
    if (severity === 'alert') course.rig.context.advanceTo(T0 + 1500 * SECOND);
    expect(course.calls).toEqual(calls);
    // What a person wrote stays in the medical record.
    expect(JSON.stringify(course.rig.calls)).not.toMatch(/Mme X|très mal/);
  });

  test('is closed by people alone, and once seen keeps nothing else from calling', () => {
    const course = new Course();
    course.rig.feed(manual('critical'));
    const [alert] = course.rig.alerts;
    if (alert === undefined) throw new TypeError('no alert was raised');
    course.rig.feed(ask(alert, 'acknowledge', { at: T0 + SECOND }));
    expect(course.rig.alerts[0]).toMatchObject({ status: 'acknowledged', acknowledged_by: DOCTOR });
    course.until(240, FINE).until(300, LOW);
    expect(course.calls).toEqual(['raised@0:0', 'raised@270:0']);
    course.rig.feed(ask(alert, 'resolve', { at: T0 + 600 * SECOND }));
    expect(course.rig.alerts[0]).toMatchObject({ status: 'resolved' });
    course.rig.feed(ask(alert, 'acknowledge', { at: T0 + 601 * SECOND, seen: { type: 'x', status: 'resolved', manual: true } }));
    expect(course.rig.alertLogs.at(-1)).toMatchObject({ status: 'refused', metadata: { reason: 'closed' } });
  });
});
