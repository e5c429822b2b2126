import { describe, expect, test } from 'vitest';

import { CAREGIVER, only, Ward } from './engine.rig.ts';
import { BEGIN, reading, rulesOf, SECOND } from './rig.ts';

const FLOOR = 'CRITICAL_SPO2';
const floor = () => new Ward(only([FLOOR]));
const LOW = { spo2: 85 };
const WELL = { spo2: 97 };
const doubtful = { lowConfidence: true };

describe('a condition that is no floor', () => {
  const FAST = 'HEART_RATE_HIGH';
  const fast = { heart_rate: 115 };
  const ward = () => new Ward(only([FAST]));

  test('opens nothing while only readings of low confidence satisfy it, for ten minutes', () => {
    const doubted = ward().steady(fast, [0, 570], doubtful);
    expect(doubted.transitions).toEqual([]);
    expect(doubted.add(reading(600, fast, doubtful)).told).toEqual(['raised@600:0']);
  });

  test('opens at the first good reading of them', () => {
    const doubted = ward().steady(fast, [0, 300], doubtful);
    expect(doubted.add(reading(330, fast)).told).toEqual(['raised@330:0']);
  });

  test('opens after its on-delay where one of them was good', () => {
    const seen = ward().add(reading(0, fast)).steady(fast, [30, 90], doubtful);
    expect(seen.told).toEqual([]);
    expect(seen.add(reading(120, fast, doubtful)).told).toEqual(['raised@120:0']);
  });

  test('is doubted anew when it has stopped in between', () => {
    const anew = ward()
      .add(reading(0, fast))
      .add(reading(30, { heart_rate: 80 }))
      .steady(fast, [60, 240], doubtful);
    expect(anew.transitions).toEqual([]);
  });
});

describe('a floor', () => {
  test('is active and calls at its first breach, with all that is known of it', () => {
    const ward = floor().add(reading(0, LOW));
    expect(ward.told).toEqual(['raised@0:0']);
    expect(ward.transitions).toMatchObject([
      {
        rule: FLOOR,
        class: 'clinical',
        from: 'none',
        to: 'active',
        severity: { before: undefined, after: 'critical' },
        reason: 'holds',
        values: LOW,
        since: BEGIN,
        confidence: 'good',
        missing: [],
        eventTime: BEGIN,
        logTime: BEGIN,
        uncertain: false,
      },
    ]);
    expect(ward.calls).toMatchObject([
      { severity: 'critical', alarms: [ward.idOf(FLOOR)], deadline: BEGIN + 300 * SECOND, reach: 'clinicians' },
    ]);
  });

  test('of a removed device opens nothing', () => {
    expect(floor().add(reading(0, LOW, { notWorn: true })).transitions).toEqual([]);
  });

  test('of low confidence is active at once and calls at the second breach', () => {
    const ward = floor().add(reading(0, LOW, doubtful));
    expect([ward.stateOf(FLOOR), ward.told]).toEqual(['active', []]);
    ward.add(reading(30, LOW, doubtful));
    expect(ward.told).toEqual(['raised@30:0']);
    expect(ward.transitions.at(-1)).toMatchObject({ from: 'active', to: 'active', reason: 'holds' });
  });

  test('of low confidence calls at once when a good reading breaches it too', () => {
    expect(
      floor()
        .add(reading(0, LOW, doubtful))
        .add(reading(10, LOW)).told,
    ).toEqual(['raised@10:0']);
  });

  test('of low confidence calls after 60 s of log time without a good normal reading', () => {
    const ward = floor()
      .add(reading(0, LOW, doubtful))
      .add(reading(30, WELL, doubtful))
      .add(reading(45, {}))
      .until(59);
    expect(ward.told).toEqual([]);
    expect(ward.until(60).told).toEqual(['raised@60:0']);
    expect(ward.transitions.at(-1)).toMatchObject({ reason: 'confirm_due' });
  });

  test('of low confidence calls nobody when a good reading is normal, stays to be seen, and is closed by a person', () => {
    const ward = floor()
      .add(reading(0, LOW, doubtful))
      .steady(WELL, [30, 3_600]);
    expect([ward.told, ward.stateOf(FLOOR)]).toEqual([[], 'cleared']);
    expect(ward.act('acknowledge', FLOOR).stateOf(FLOOR)).toBe('auto_resolved');
    expect(ward.told).toEqual([]);
  });

  test('of low confidence is doubted again when it comes back later', () => {
    const ward = floor()
      .add(reading(0, LOW, doubtful))
      .steady(WELL, [30, 600])
      .add(reading(630, LOW, doubtful))
      .steady(WELL, [660, 900]);
    expect(ward.told).toEqual([]);
    expect(ward.courseOf(FLOOR)).toEqual(['active', 'cleared', 'active', 'cleared']);
  });

  test('is called for together with what is confirmed at the same time', () => {
    const ward = new Ward(only([FLOOR, 'CRITICAL_TEMPERATURE'])).add(reading(0, { ...LOW, temperature: 39 }, doubtful)).until(60);
    expect(ward.told).toEqual(['raised@60:0']);
    expect(ward.calls[0]?.alarms).toHaveLength(2);
  });

  test('is not confirmed by the same reading judged again', () => {
    const ward = floor()
      .add(reading(20, LOW, doubtful))
      .add(reading(10, {}));
    expect(ward.told).toEqual([]);
  });

  test('of low confidence that goes on after a person has resolved it has been breached twice', () => {
    const ward = floor()
      .add(reading(0, LOW, doubtful))
      .act('resolve', FLOOR)
      .add(reading(30, LOW, doubtful));
    expect(ward.told).toEqual(['raised@30:0']);
  });

  test('of a fast heart in an infant is confirmed first', () => {
    const ward = new Ward(only(['CRITICAL_HEART_RATE'], { band: 'G1' })).add(reading(0, { heart_rate: 190 }));
    expect([ward.stateOf('CRITICAL_HEART_RATE'), ward.told]).toEqual(['active', []]);
    expect(ward.add(reading(30, { heart_rate: 190 })).told).toEqual(['raised@30:0']);
  });

  test('of low confidence that a caregiver has seen still informs the clinician', () => {
    expect(
      floor()
        .add(reading(0, LOW, doubtful))
        .act('acknowledge', FLOOR, { by: CAREGIVER })
        .until(120).told,
    ).toEqual(['inform_clinician@0:1']);
  });
});

describe('clearing', () => {
  test('takes two minutes of good readings, and the unseen critical calls on until it is seen', () => {
    const ward = floor().add(reading(0, LOW)).steady(WELL, [30, 120]);
    expect(ward.stateOf(FLOOR)).toBe('active');
    ward.add(reading(150, WELL));
    expect(ward.stateOf(FLOOR)).toBe('cleared');
    ward.steady(WELL, [180, 1_260]);
    expect(ward.told).toEqual(['raised@0:0', 'escalated@300:1', 'escalated@600:2', 'escalated@900:3', 'repeat@1200:3']);
    ward.act('acknowledge', FLOOR).steady(WELL, [1_290, 7_200]);
    expect([ward.stateOf(FLOOR), ward.calls.length, ward.due]).toEqual(['auto_resolved', 5, null]);
  });

  test('is not delayed by one reading that does not tell', () => {
    const ward = floor()
      .add(reading(0, LOW))
      .steady(WELL, [30, 60])
      .add(reading(90, WELL, doubtful))
      .steady(WELL, [120, 150]);
    expect(ward.stateOf(FLOOR)).toBe('cleared');
  });

  test.each([
    ['of low confidence', doubtful, WELL],
    ['without the vital sign', {}, {}],
    ['of a device that nobody wears', { notWorn: true }, WELL],
  ])('begins anew after three intervals %s', (_, more, vitals) => {
    const ward = floor().add(reading(0, LOW)).steady(WELL, [30, 60]).steady(vitals, [90, 150], more).steady(WELL, [180, 270]);
    expect(ward.stateOf(FLOOR)).toBe('active');
    expect(ward.add(reading(300, WELL)).stateOf(FLOOR)).toBe('cleared');
  });

  test('does not come of silence', () => {
    const ward = floor().add(reading(0, LOW)).until(86_400);
    expect(ward.courseOf(FLOOR)).toEqual(['active']);
    expect(ward.calls).toHaveLength(1 + 86_400 / 300);
  });

  test('closes what was acknowledged', () => {
    const ward = floor().add(reading(0, LOW)).act('acknowledge', FLOOR).steady(WELL, [30, 150]);
    expect(ward.courseOf(FLOOR)).toEqual(['active', 'acknowledged', 'auto_resolved']);
    expect(ward.state.a).toEqual([]);
    expect(ward.state.e).toBeUndefined();
  });

  test('of less than a critical ends its calls, and leaves it to be seen', () => {
    const ward = new Ward(only(['HEART_RATE_LOW'])).steady({ heart_rate: 45 }, [0, 120]).steady({ heart_rate: 70 }, [150, 3_600]);
    expect([ward.told, ward.stateOf('HEART_RATE_LOW'), ward.due]).toEqual([['raised@120:0'], 'cleared', null]);
  });
});

describe('a condition that returns', () => {
  test('calls again after an acknowledgement', () => {
    const ward = floor().add(reading(0, LOW)).act('acknowledge', FLOOR).steady(WELL, [30, 150]).add(reading(180, LOW));
    expect(ward.told).toEqual(['raised@0:0', 'raised@180:0']);
    expect(new Set(ward.transitions.map(({ alarm }) => alarm)).size).toBe(2);
  });

  test('calls again within an episode that lasts', () => {
    const both = { spo2: 85, temperature: 38.6 };
    const ward = new Ward(only([FLOOR, 'CRITICAL_TEMPERATURE'])).add(reading(0, both));
    ward.act('acknowledge', FLOOR).act('acknowledge', 'CRITICAL_TEMPERATURE');
    ward.steady({ ...both, ...WELL }, [30, 150]).add(reading(180, both));
    expect(ward.courseOf(FLOOR)).toEqual(['active', 'acknowledged', 'auto_resolved', 'active']);
    expect(ward.told).toEqual(['raised@0:0', 'returned@180:0']);
    expect(new Set(ward.calls.map(({ episode }) => episode)).size).toBe(1);
  });

  test('joins when people are being called for as much', () => {
    const ward = floor().add(reading(0, LOW)).steady(WELL, [30, 180]).add(reading(210, LOW));
    expect(ward.courseOf(FLOOR)).toEqual(['active', 'cleared', 'active']);
    expect(ward.told).toEqual(['raised@0:0']);
  });

  test('calls when it was cleared, unseen, and less than critical', () => {
    const ward = new Ward(only(['HEART_RATE_LOW'])).steady({ heart_rate: 45 }, [0, 120]).steady({ heart_rate: 70 }, [150, 600]);
    ward.steady({ heart_rate: 45 }, [630, 720]);
    expect(ward.told).toEqual(['raised@120:0']);
    expect(ward.steady({ heart_rate: 45 }, [750, 750]).told).toEqual(['raised@120:0', 'returned@750:0']);
  });

  test('is a new alarm when a person has resolved it while it held', () => {
    const ward = floor().add(reading(0, LOW)).act('resolve', FLOOR).add(reading(30, LOW));
    expect(ward.courseOf(FLOOR)).toEqual(['active', 'resolved', 'active']);
    expect(ward.told).toEqual(['raised@0:0', 'raised@30:0']);
  });
});

describe('severity', () => {
  const RATE = 'HEART_RATE_HIGH';
  const heart = () => new Ward(only([RATE]));

  test('rises at once and calls again with a shorter deadline', () => {
    const ward = heart().steady({ heart_rate: 105 }, [0, 600]).steady({ heart_rate: 135 }, [630, 690]);
    expect(ward.told).toEqual(['raised@600:0', 'rise@690:0']);
    expect(ward.calls.map(({ severity, deadline }) => [severity, ((deadline ?? 0) - BEGIN) / SECOND])).toEqual([
      ['warn', 600 + 3_600],
      ['critical', 690 + 300],
    ]);
  });

  test('rises over an acknowledgement', () => {
    const ward = heart().steady({ heart_rate: 115 }, [0, 120]).act('acknowledge', RATE).steady({ heart_rate: 135 }, [150, 210]);
    expect(ward.courseOf(RATE).slice(-3)).toEqual(['active', 'acknowledged', 'active']);
    expect(ward.told).toEqual(['raised@120:0', 'rise@210:0']);
  });

  test('falls after two minutes at the lower one, and what nobody has seen goes on calling as it was', () => {
    const ward = heart().steady({ heart_rate: 135 }, [0, 60]).steady({ heart_rate: 115 }, [90, 180]);
    expect(ward.transitions.at(-1)?.severity.after).toBe('critical');
    ward.steady({ heart_rate: 115 }, [210, 400]);
    expect(ward.transitions.at(-1)).toMatchObject({
      from: 'active',
      to: 'active',
      severity: { before: 'critical', after: 'alert' },
      reason: 'lesser',
    });
    ward.steady({ heart_rate: 115 }, [420, 990]);
    expect(ward.told).toEqual(['raised@60:0', 'escalated@360:1', 'escalated@660:2', 'escalated@960:3']);
    expect(ward.calls.at(-1)?.severity).toBe('critical');
  });

  test('does not fall by readings of low confidence', () => {
    const ward = heart().steady({ heart_rate: 135 }, [0, 60]).steady({ heart_rate: 115 }, [90, 600], doubtful);
    expect(ward.transitions.at(-1)?.severity.after).toBe('critical');
  });

  test('that wavers after an acknowledgement does not call', () => {
    const ward = heart().steady({ heart_rate: 135 }, [0, 60]).act('acknowledge', RATE);
    for (let at = 90; at < 1_500; at += 120) ward.steady({ heart_rate: 125 }, [at, at]).steady({ heart_rate: 135 }, [at + 30, at + 90]);
    expect(ward.told).toEqual(['raised@60:0']);
  });

  test('that fell for long after an acknowledgement, and rises, calls', () => {
    const ward = heart().steady({ heart_rate: 135 }, [0, 60]).act('acknowledge', RATE);
    ward.steady({ heart_rate: 115 }, [90, 390]).steady({ heart_rate: 135 }, [420, 480]);
    expect(ward.told).toEqual(['raised@60:0', 'rise@480:0']);
  });
});

test('what fell after an acknowledgement rises to what it is now', () => {
  const ward = new Ward(only(['HEART_RATE_HIGH'])).steady({ heart_rate: 135 }, [0, 60]).act('acknowledge', 'HEART_RATE_HIGH');
  ward.steady({ heart_rate: 105 }, [90, 900]).steady({ heart_rate: 115 }, [930, 1_050]);
  expect(ward.told).toEqual(['raised@60:0', 'rise@1050:0']);
  expect(ward.calls[1]).toMatchObject({ severity: 'alert', deadline: BEGIN + (1_050 + 900) * SECOND });
});

describe('rules that change', () => {
  test('close what is open, keep what was true and nobody has seen, and open nothing', () => {
    const ward = new Ward(only([FLOOR, 'CRITICAL_TEMPERATURE', 'SPO2_LOW'])).add(reading(0, { spo2: 85, temperature: 38.6 }));
    ward.steady({ spo2: 85, temperature: 36.5 }, [30, 150]);
    expect([FLOOR, 'CRITICAL_TEMPERATURE', 'SPO2_LOW'].map((code) => ward.stateOf(code))).toEqual(['active', 'cleared', 'active']);
    ward.rules = only([]);
    ward.input({ kind: 'rules' });
    expect([FLOOR, 'CRITICAL_TEMPERATURE', 'SPO2_LOW'].map((code) => ward.stateOf(code))).toEqual(['resolved', 'cleared', 'resolved']);
    expect(ward.until(300).told).toEqual(['raised@0:0', 'escalated@300:1']);
    expect(ward.calls.at(-1)?.alarms).toEqual([ward.idOf('CRITICAL_TEMPERATURE')]);
  });

  test('are heard of at the next reading too', () => {
    const ward = floor().add(reading(0, LOW));
    ward.rules = only([]);
    expect(ward.add(reading(30, LOW)).stateOf(FLOOR)).toBe('resolved');
  });
});

test('a patient who is well brings about nothing', () => {
  const ward = new Ward({ ...rulesOf(), rules: rulesOf().rules.filter(({ kind }) => kind !== 'technical') });
  ward.steady({ ...WELL, heart_rate: 70, resp_rate: 15, temperature: 36.7, hydration: 85 }, [0, 7_200]);
  expect([ward.transitions, ward.calls, ward.armed]).toEqual([[], [], []]);
});
