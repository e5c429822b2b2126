import { describe, expect, test } from 'vitest';

import { CAREGIVER, only, Ward } from './engine.rig.ts';
import { BEGIN, MINUTE, reading, rulesOf, SECOND } from './rig.ts';

const FLOOR = 'CRITICAL_SPO2';
const FEVER = 'CRITICAL_TEMPERATURE';
const SLOW = 'HEART_RATE_LOW';
const COLD = 'TEMPERATURE_LOW';
const SILENT = 'TECHNICAL_DEVICE_SILENT';
const LOW = { spo2: 85 };
const hour = 3_600;

/** Seconds from a call to its deadline, for each call. */
const deadlines = (ward: Ward) => ward.calls.map(({ deadline, logTime }) => ((deadline ?? Number.NaN) - logTime) / SECOND);

describe('levels', () => {
  test('a critical rises to the last and is repeated there, each five minutes', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).until(1_500);
    expect(ward.told).toEqual(['raised@0:0', 'escalated@300:1', 'escalated@600:2', 'escalated@900:3', 'repeat@1200:3', 'repeat@1500:3']);
    expect(new Set(ward.calls.map(({ step }) => step)).size).toBe(6);
  });

  test('a suspected crisis has three minutes', () => {
    const ward = new Ward(only(['CRISIS_SUSPECTED'], { genotype: 'SS' })).steady({ spo2: 91, pain: 6 }, [0, 60]).until(500);
    expect(ward.told).toEqual(['raised@60:0', 'escalated@240:1', 'escalated@420:2']);
    expect(deadlines(ward)).toEqual([180, 180, 180]);
  });

  test('an alert stops at the treating clinician', () => {
    const ward = new Ward(only([SLOW])).steady({ heart_rate: 45 }, [0, 120]).until(6 * hour);
    expect(ward.told).toEqual(['raised@120:0', 'escalated@1020:1']);
    expect(deadlines(ward)).toEqual([900, 900]);
    expect(ward.due).toBeNull();
  });

  test('a warn never rises', () => {
    const ward = new Ward(only(['RESP_RATE_HIGH'])).steady({ resp_rate: 22 }, [0, 600]).until(6 * hour);
    expect([ward.told, deadlines(ward), ward.due]).toEqual([['raised@600:0'], [hour], null]);
  });

  test.each([
    [0b1101, ['raised@0:0', 'escalated@300:2', 'escalated@600:3', 'repeat@900:3']],
    [0b1000, ['raised@0:3', 'repeat@300:3', 'repeat@600:3', 'repeat@900:3']],
    [0b0011, ['raised@0:0', 'escalated@300:1', 'repeat@600:1', 'repeat@900:1']],
    [0b0000, ['raised@0:0', 'repeat@300:0', 'repeat@600:0', 'repeat@900:0']],
  ])('that are empty are skipped, and somebody is called at all events: %i', (audience, told) => {
    const ward = new Ward(only([FLOOR]));
    ward.audience = audience;
    expect(ward.add(reading(0, LOW)).until(900).told).toEqual(told);
  });

  test('surroundings alone never reach a clinician, and do not make others reach further', () => {
    const alone = new Ward(only(['AMBIENT_COLD'])).steady({ ambient_temp: 0 }, [0, 60]).until(1_000);
    expect(alone.calls.map(({ level, reach, severity }) => [level, reach, severity])).toEqual([
      [0, 'caregivers', 'critical'],
      [1, 'caregivers', 'critical'],
      [1, 'caregivers', 'critical'],
      [1, 'caregivers', 'critical'],
    ]);
    const both = new Ward(only(['AMBIENT_COLD', 'RESP_RATE_HIGH'])).steady({ ambient_temp: 0, resp_rate: 22 }, [0, 690]);
    expect(both.calls.map(({ level, reach }) => [level, reach])).toContainEqual([1, 'caregivers']);
    expect(both.calls.map(({ level, reach }) => [level, reach])).not.toContainEqual([1, 'clinicians']);
  });

  test('of a rule that reaches nobody call nobody', () => {
    const ward = new Ward(only(['TREND_HEART_RATE_UP']));
    for (let i = 0; i <= 60; i += 1) ward.add(reading(i * 30, { heart_rate: 60 + i }));
    expect([ward.courseOf('TREND_HEART_RATE_UP').at(-1), ward.calls]).toEqual(['active', []]);
  });
});

describe('an episode', () => {
  const three = { spo2: 85, temperature: 38.6, heart_rate: 30 };

  test('calls once for all that one reading raises', () => {
    const ward = new Ward(only([FLOOR, FEVER, 'CRITICAL_HEART_RATE'])).add(reading(0, three));
    expect(ward.told).toEqual(['raised@0:0']);
    expect(ward.calls[0]?.alarms).toHaveLength(3);
  });

  test('calls for the whole catalogue once, where the severity does not rise', () => {
    const clinical = rulesOf({ genotype: 'SS', baseline: 94 });
    const ward = new Ward({ ...clinical, rules: clinical.rules.filter(({ kind }) => kind !== 'technical') });
    ward.steady({ ...three, spo2: 84, resp_rate: 40, hydration: 40, pain: 9 }, [0, 230]);
    expect(ward.told).toEqual(['raised@0:0']);
    expect(ward.state.a.length).toBeGreaterThan(10);
  });

  test('lets a new rule that is no graver join, and calls for it when its own deadline passes unseen', () => {
    const ward = new Ward(only([FLOOR, FEVER])).add(reading(0, LOW)).act('acknowledge', FLOOR);
    ward.add(reading(60, { ...LOW, temperature: 38.6 }));
    expect(ward.told).toEqual(['raised@0:0']);
    expect(ward.until(360).told).toEqual(['raised@0:0', 'raised@360:0']);
    expect(ward.calls.at(-1)?.alarms).toEqual([ward.idOf(FEVER)]);
    expect(ward.until(660).told.at(-1)).toBe('escalated@660:1');
  });

  test('that has called all it may calls again for what joined since', () => {
    const ward = new Ward(only([SLOW, COLD])).steady({ heart_rate: 45 }, [0, 120]).until(2 * hour);
    expect(ward.told).toEqual(['raised@120:0', 'escalated@1020:1']);
    ward.steady({ heart_rate: 45, temperature: 35 }, [2 * hour, 2 * hour + 120]).until(3 * hour);
    expect(ward.told.slice(2)).toEqual([`raised@${2 * hour + 120 + 900}:0`, `escalated@${2 * hour + 120 + 1_800}:1`]);
  });

  test('calls again for what is graver than all that is open', () => {
    const ward = new Ward(only([SLOW, FEVER]))
      .steady({ heart_rate: 45 }, [0, 120])
      .add(reading(150, { temperature: 38.6 }))
      .until(450);
    expect(ward.told).toEqual(['raised@120:0', 'rise@150:0', 'escalated@450:1']);
  });

  test('goes on for what is left when the gravest is seen, with the time that is due to it', () => {
    const ward = new Ward(only([SLOW, FEVER])).steady({ heart_rate: 45 }, [0, 120]).add(reading(150, { temperature: 38.6 }));
    ward.act('acknowledge', FEVER).until(2 * hour);
    expect(ward.told).toEqual([
      'raised@120:0',
      'rise@150:0',
      `escalated@${150 + 900}:1`,
      `still_true@${150 + 1_800}:0`,
      ...ward.told.slice(4),
    ]);
    expect(ward.calls[2]).toMatchObject({ severity: 'alert', alarms: [ward.idOf(SLOW)] });
  });

  test('that ends at the very reading that raises another is over, and calls anew', () => {
    const ward = new Ward(only([COLD, SLOW])).steady({ temperature: 35 }, [0, 120]).act('acknowledge', COLD);
    ward.steady({ temperature: 36.8, heart_rate: 45 }, [150, 270]);
    expect(ward.transitions.filter(({ logTime }) => logTime === BEGIN + 270 * SECOND).map(({ to }) => to)).toEqual([
      'auto_resolved',
      'active',
    ]);
    expect(ward.told).toEqual(['raised@120:0', 'raised@270:0']);
    expect(new Set(ward.calls.map(({ episode }) => episode)).size).toBe(2);
  });

  test('ends with its last alarm; another has another name', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).act('resolve', FLOOR);
    expect([ward.state.e, ward.state.a, ward.due]).toEqual([undefined, [], null]);
    ward.add(reading(30, LOW));
    expect(new Set(ward.calls.map(({ episode }) => episode)).size).toBe(2);
  });
});

describe('an acknowledged critical', () => {
  test('that is still true calls again after 30 minutes, and each time it was acknowledged', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).act('acknowledge', FLOOR).steady(LOW, [30, 1_830]);
    expect(ward.told).toEqual(['raised@0:0', 'still_true@1800:0']);
    ward.act('acknowledge', FLOOR).steady(LOW, [1_860, 3_660]);
    expect(ward.told.slice(2)).toEqual(['still_true@3630:0']);
    expect(ward.courseOf(FLOOR)).toEqual(['active', 'acknowledged', 'active', 'acknowledged', 'active']);
  });

  test('of which nothing is heard any more is still true', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).act('acknowledge', FLOOR).until(1_800);
    expect(ward.told).toEqual(['raised@0:0', 'still_true@1800:0']);
  });

  test('that was within its limit when last heard of calls when it is true again', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).act('acknowledge', FLOOR).steady({ spo2: 89 }, [30, 2_400]);
    expect(ward.told).toEqual(['raised@0:0']);
    expect(ward.add(reading(2_430, LOW)).told).toEqual(['raised@0:0', 'still_true@2430:0']);
  });

  test('calls though people are being called for something lesser', () => {
    const ward = new Ward(only([FLOOR, SLOW])).add(reading(0, LOW)).act('acknowledge', FLOOR);
    ward.steady({ ...LOW, heart_rate: 45 }, [30, 1_830]);
    expect(ward.told).toEqual(['raised@0:0', 'raised@1050:0', 'still_true@1800:0']);
  });

  test('informs the treating clinician when no clinician acknowledged it', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).until(10).act('acknowledge', FLOOR, { by: CAREGIVER });
    expect(ward.told).toEqual(['raised@0:0', 'inform_clinician@10:1']);
    expect(ward.calls[1]).toMatchObject({
      deadline: null,
      severity: 'critical',
      alarms: [ward.idOf(FLOOR)],
      episode: ward.calls[0]?.episode,
    });
    ward.act('acknowledge', FLOOR, { by: CAREGIVER });
    expect(ward.calls).toHaveLength(2);
  });

  test('informs nobody more when a clinician did, or when it was an alert', () => {
    const critical = new Ward(only([FLOOR])).add(reading(0, LOW)).act('acknowledge', FLOOR);
    expect(critical.told).toEqual(['raised@0:0']);
    const alert = new Ward(only([SLOW])).steady({ heart_rate: 45 }, [0, 120]).act('acknowledge', SLOW, { by: CAREGIVER });
    expect(alert.told).toEqual(['raised@120:0']);
  });

  test('informs when a caregiver resolves it unseen, or sees it after it has cleared', () => {
    const resolved = new Ward(only([FLOOR])).add(reading(0, LOW)).act('resolve', FLOOR, { by: CAREGIVER });
    expect(resolved.told).toEqual(['raised@0:0', 'inform_clinician@0:1']);
    const cleared = new Ward(only([FLOOR]))
      .add(reading(0, LOW))
      .steady({ spo2: 97 }, [30, 150])
      .act('acknowledge', FLOOR, { by: CAREGIVER });
    expect(cleared.told).toEqual(['raised@0:0', 'inform_clinician@150:1']);
  });
});

describe('silence', () => {
  const ward = () => new Ward(only([SILENT, FLOOR]));

  test('is a technical alarm by log time, with an episode of its own', () => {
    const silent = ward()
      .add(reading(0, { spo2: 97 }))
      .until(2 * hour);
    expect(silent.transitions.map(({ to, severity, class: kind, eventTime }) => [to, severity.after, kind, eventTime])).toEqual([
      ['active', 'warn', 'technical', undefined],
      ['active', 'alert', 'technical', undefined],
    ]);
    expect(silent.told).toEqual(['raised@300:0', 'rise@900:0', 'escalated@1800:1']);
    expect(silent.calls.map(({ reach }) => reach)).toEqual(['caregivers', 'caregivers', 'caregivers']);
  });

  test('is never mixed with a clinical episode', () => {
    const both = ward().add(reading(0, LOW)).until(1_000);
    const of = (kind: string) => both.calls.filter((each) => each.class === kind);
    expect(of('technical').map(({ reason }) => reason)).toEqual(['raised', 'rise']);
    expect(of('clinical').map(({ level }) => level)).toEqual([0, 1, 2, 3]);
    expect(new Set(of('clinical').flatMap(({ alarms }) => alarms))).toEqual(new Set([both.idOf(FLOOR)]));
    both.act('acknowledge', SILENT).until(1_200);
    expect(both.told.at(-1)).toBe('repeat@1200:3');
  });

  test('is over when the patient has been heard of for two minutes', () => {
    const back = ward()
      .add(reading(0, { spo2: 97 }))
      .until(400)
      .steady({ spo2: 97 }, [420, 510]);
    expect(back.stateOf(SILENT)).toBe('active');
    expect(back.steady({ spo2: 97 }, [540, 540]).stateOf(SILENT)).toBe('cleared');
  });

  test('can be snoozed, calls nobody meanwhile, and calls again if it lasts', () => {
    const snoozed = ward()
      .add(reading(0, { spo2: 97 }))
      .until(310)
      .act('snooze', SILENT, { until: BEGIN + hour * SECOND });
    expect(snoozed.until(hour - 1).told).toEqual(['raised@300:0']);
    expect(snoozed.until(hour + 1).told).toEqual(['raised@300:0', `still_true@${hour}:0`]);
    expect(snoozed.calls.at(-1)?.severity).toBe('alert');
  });
});

describe('what cannot be done is refused, and changes nothing', () => {
  const floor = () => new Ward(only([FLOOR, SILENT, 'TECHNICAL_NOT_WORN'])).add(reading(0, LOW));

  test.each([
    ['an alarm that is not open', { alarm: 'another' }, FLOOR, 'not_open'],
    ['snoozing a clinical alarm', { action: 'snooze', until: BEGIN + 10 * MINUTE }, FLOOR, 'not_technical'],
    ['snoozing without an end', { action: 'snooze' }, SILENT, 'until_invalid'],
    ['snoozing up to the past', { action: 'snooze', until: BEGIN }, SILENT, 'until_invalid'],
    ['snoozing for more than a day', { action: 'snooze', until: BEGIN + 25 * 60 * MINUTE }, SILENT, 'until_invalid'],
    ['snoozing up to no time', { action: 'snooze', until: Number.NaN }, SILENT, 'until_invalid'],
  ] as const)('%s', (...[, more, rule, reason]) => {
    const ward = floor().until(310);
    const before = JSON.stringify(ward.state);
    ward.act('acknowledge', rule, more);
    expect(ward.refusals).toMatchObject([{ reason, logTime: BEGIN + 310 * SECOND }]);
    expect(JSON.stringify(ward.state)).toBe(before);
  });

  test('acting on what is only pending', () => {
    const ward = new Ward(only([SLOW])).add(reading(0, { heart_rate: 45 }));
    const before = JSON.stringify(ward.state);
    ward.act('acknowledge', SLOW, { alarm: `alarm/${SLOW}/${BEGIN}/1` });
    expect(ward.refusals).toMatchObject([{ reason: 'not_open' }]);
    expect([JSON.stringify(ward.state), ward.transitions]).toEqual([before, []]);
  });
});

test('a comment is logged and changes nothing', () => {
  const ward = new Ward(only([FLOOR])).add(reading(0, LOW)).act('comment', FLOOR, { by: CAREGIVER, note: 'asleep' });
  expect(ward.transitions.at(-1)).toMatchObject({ from: 'active', to: 'active', reason: 'comment', by: CAREGIVER, note: 'asleep' });
  expect(ward.until(300).told).toEqual(['raised@0:0', 'escalated@300:1']);
});

describe('deadlines', () => {
  test('pass at whatever comes first at or after them, before it is taken in', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW));
    ward.due = null;
    ward.until(300).act('acknowledge', FLOOR);
    expect(ward.told).toEqual(['raised@0:0', 'escalated@300:1']);
    expect(ward.stateOf(FLOOR)).toBe('acknowledged');
  });

  test('are met once, however late, and the next one runs from then', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW));
    ward.due = null;
    ward.until(1_000).act('comment', FLOOR);
    expect([ward.told, ward.due]).toEqual([['raised@0:0', 'escalated@1000:1'], BEGIN + 1_300 * SECOND]);
  });

  test('survive a timer that fires for nothing', () => {
    const ward = new Ward(only([FLOOR])).add(reading(0, LOW));
    ward.due = null;
    ward.input({ kind: 'timer', name: 'alarms' });
    expect(ward.due).toBe(BEGIN + 300 * SECOND);
  });
});
