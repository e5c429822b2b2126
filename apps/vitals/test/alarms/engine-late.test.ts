import { describe, expect, test } from 'vitest';

import { only, Ward } from './engine.rig.ts';
import { BEGIN, reading, SECOND } from './rig.ts';

const FLOOR = 'CRITICAL_SPO2';
const LEVEL = 'SPO2_LOW';
const LOW = { spo2: 85 };
const WELL = { spo2: 97 };
const ward = () => new Ward(only([FLOOR, LEVEL, 'PERSISTENT_SPO2_LOW']));
const hours = (count: number) => count * 3_600;

describe('late data', () => {
  test('raise alarms that are born closed, one for each stretch, and call nobody', () => {
    const late = ward();
    for (let at = 0; at <= 600; at += 30) late.add(reading(at, LOW), { late: 'late', received: hours(3) });
    expect(late.transitions.map(({ rule, from, to, reason, age }) => [rule, from, to, reason, age])).toEqual([
      [FLOOR, 'none', 'retrospective', 'late', hours(3) * SECOND],
      [LEVEL, 'none', 'retrospective', 'late', (hours(3) - 60) * SECOND],
      ['PERSISTENT_SPO2_LOW', 'none', 'retrospective', 'late', (hours(3) - 180) * SECOND],
    ]);
    expect([late.calls, late.state.a]).toEqual([[], []]);
  });

  test('neither clear nor reopen what is open', () => {
    const late = ward().add(reading(0, LOW)).act('acknowledge', FLOOR);
    for (let at = 30; at <= 600; at += 30) late.add(reading(at, WELL), { late: 'late', received: 1_200 });
    expect(late.stateOf(FLOOR)).toBe('acknowledged');
    expect(late.add(reading(1_200, WELL)).stateOf(FLOOR)).toBe('acknowledged');
  });

  test('that lie far apart are alarms of their own', () => {
    const late = new Ward(only([FLOOR]));
    for (const at of [0, 300, 901, 2_000]) late.add(reading(at, LOW), { late: 'late', received: hours(2) });
    expect(late.courseOf(FLOOR)).toHaveLength(3);
  });

  test('and imports are alarms of their own', () => {
    const late = new Ward(only([FLOOR]))
      .add(reading(0, LOW), { late: 'late', received: hours(2) })
      .add(reading(30, LOW), { late: 'imported' });
    expect(late.transitions.map(({ reason }) => reason)).toEqual(['late', 'imported']);
  });

  test('behind all others of the patient are judged alone', () => {
    const late = ward()
      .steady(WELL, [hours(1), hours(1) + 60])
      .add(reading(0, LOW), { late: 'late' });
    expect(late.courseOf(FLOOR)).toEqual(['retrospective']);
  });
});

describe('the newest known value, late', () => {
  test('calls once, stating its age, and is cleared by readings of now', () => {
    const late = ward()
      .add(reading(0, LOW), { late: 'newest', received: hours(2) })
      .add(reading(30, LOW), { late: 'newest', received: hours(2) });
    expect(late.told).toEqual([`raised@${hours(2)}:0`]);
    expect(late.transitions.filter(({ rule }) => rule === FLOOR)).toMatchObject([
      { to: 'active', age: hours(2) * SECOND, eventTime: BEGIN },
    ]);
    late.act('acknowledge', FLOOR).steady(WELL, [hours(2), hours(2) + 90]);
    expect(late.stateOf(FLOOR)).toBe('acknowledged');
    expect(late.add(reading(hours(2) + 120, WELL)).stateOf(FLOOR)).toBe('auto_resolved');
  });

  test.each([
    ['of 24 hours', LOW, hours(24)],
    ['beyond a level only', { spo2: 90 }, hours(2)],
  ])('%s calls nobody', (_, vitals, received) => {
    const late = ward();
    for (const at of [0, 60, 120]) late.add(reading(at, vitals), { late: 'newest', received: received + at });
    expect(late.calls).toEqual([]);
    expect(new Set(late.transitions.map(({ to }) => to))).toEqual(new Set(['retrospective']));
  });

  test('of low confidence is confirmed first', () => {
    const late = ward().add(reading(0, LOW, { lowConfidence: true }), { late: 'newest', received: hours(1) });
    expect([late.stateOf(FLOOR), late.told]).toEqual(['active', []]);
    expect(late.until(hours(1) + 60).told).toEqual([`raised@${hours(1) + 60}:0`]);
  });
});

test('imports call nobody and touch nothing of the present', () => {
  const live = ward().steady(WELL, [hours(1), hours(1) + 60]);
  const before = JSON.stringify(live.state.h);
  live.add(reading(hours(1) + 30, LOW), { late: 'imported' });
  expect(JSON.stringify(live.state.h)).toBe(before);
  expect(live.transitions).toMatchObject([{ rule: FLOOR, to: 'retrospective', reason: 'imported' }]);
  expect(live.calls).toEqual([]);
});

describe('readings that are held', () => {
  test('alarm by their floors at receipt, marked uncertain', () => {
    const held = ward().add(reading(-hours(24 * 400), LOW), { late: 'held', received: 60 });
    expect(held.told).toEqual(['raised@60:0']);
    expect(held.transitions).toMatchObject([{ rule: FLOOR, to: 'active', uncertain: true, eventTime: BEGIN + 60 * SECOND }]);
    expect(held.state.h).toBeUndefined();
  });

  test('are uncertain no more when a stored reading says the same', () => {
    const held = ward().add(reading(0, LOW), { late: 'held' }).add(reading(30, LOW)).act('acknowledge', FLOOR);
    expect(held.transitions.at(-1)).toMatchObject({ to: 'acknowledged', uncertain: false });
  });

  test('are cleared by two minutes of stored readings without a gap', () => {
    const held = ward().add(reading(0, LOW), { late: 'held' }).steady(WELL, [30, 90]).add(reading(600, WELL));
    expect(held.stateOf(FLOOR)).toBe('active');
    expect(held.steady(WELL, [630, 690]).stateOf(FLOOR)).toBe('active');
    expect(held.add(reading(720, WELL)).stateOf(FLOOR)).toBe('cleared');
  });

  test('that are well say nothing', () => {
    expect(ward().add(reading(0, WELL), { late: 'held' }).transitions).toEqual([]);
  });
});

test('a device that runs behind the others of the patient still alarms by its floors', () => {
  const slow = ward().steady({ temperature: 36.8 }, [hours(1), hours(1) + 60], { device: 'thermometer' });
  slow.add(reading(hours(1) - 1_200, LOW, { device: 'oximeter' }));
  expect(slow.told).toEqual([`raised@${hours(1) + 60}:0`]);
});
