import { renderMessage } from '@kidjamo/connector-notify';
import { expect, test } from 'vitest';

import { CATALOGUE } from '../../src/alarms/catalogue/catalogue.ts';
import { callOf } from '../../src/calls/call.ts';
import { parseCall } from '../../src/calls/schema.ts';
import type { CallOut } from '../../src/contracts/outputs.ts';
import { ALERT, callOut, PATIENT } from './samples.ts';

const around = { publicUrl: 'https://k.example', patientName: 'awa' };

test('a call says what the rule says, in both languages, with the values and where to look', () => {
  expect(callOf(callOut(), around)).toMatchObject({
    id: 'step-1',
    patient: PATIENT,
    patientName: 'awa',
    severity: 'critical',
    reason: 'raised',
    answerBy: callOut().deadline,
    link: `https://k.example/?alert=${ALERT}`,
    alarms: [
      {
        code: 'CRITICAL_SPO2',
        title: { fr: 'Saturation en oxygène critique', en: 'Critical oxygen saturation' },
        values: [{ name: { fr: 'SpO2', en: 'SpO2' }, value: 84.5, unit: '%' }],
        limit: { fr: 'SpO2 < 88 %', en: 'SpO2 < 88 %' },
      },
    ],
  });
  expect(callOf(callOut(), around).alarms[0]?.actions.length).toBeGreaterThan(0);
});

test.each([
  ['raised', 'raised'],
  ['rise', 'raised'],
  ['returned', 'raised'],
  ['escalated', 'escalated'],
  ['repeat', 'repeated'],
  ['still_true', 'repeated'],
  ['inform_clinician', 'informed'],
] as const)('%s is told as %s', (reason, told) => {
  expect(callOf(callOut({ reason }), around).reason).toBe(told);
});

test('a call that only informs asks for no answer', () => {
  expect(callOf(callOut({ deadline: null }), around)).not.toHaveProperty('answerBy');
});

test('an alarm outlives its rule', () => {
  const [alarm] = callOut().alarms;
  if (alarm === undefined) expect.fail('the sample has an alarm');
  const call = callOf(callOut({ alarms: [{ ...alarm, alert_type: 'GONE' }] }), around);
  expect(call.alarms).toMatchObject([{ title: { fr: 'Alarme GONE', en: 'Alarm GONE' }, actions: [] }]);
});

test.each(CATALOGUE.map(({ code }) => code))(
  'a message about %s fits an SMS, and holds nobody\u2019s id or name outside the mail',
  (code) => {
    const [alarm] = callOut().alarms;
    if (alarm === undefined) expect.fail('the sample has an alarm');
    const call = callOf(callOut({ alarms: [{ ...alarm, alert_type: code }] }), around);
    for (const language of ['fr', 'en'] as const) {
      const message = renderMessage([call], { language, timeZone: 'Africa/Douala' });
      expect(message.sms.length).toBeLessThanOrEqual(160);
      const { text: _text, html: _html, ...outside } = message;
      expect(JSON.stringify(outside)).not.toMatch(new RegExp(`awa|${PATIENT}`));
      expect(message.text).toContain('awa');
    }
  },
);

test('a call is read back as it was written, with what a later version adds', () => {
  const out = callOut();
  expect(parseCall(JSON.stringify(out))).toEqual(out);
  expect(parseCall(JSON.stringify({ ...out, later: 1 }))).toMatchObject({ step: 'step-1' });
});

const broken: readonly (readonly [string, (out: CallOut) => unknown, RegExp])[] = [
  ['no JSON', () => '{"step": ', /no JSON/],
  ['no object', () => '7', /no call/],
  ['a patient who has no id', (out) => ({ ...out, patient_id: 'Awa N' }), /patient_id/],
  ['an unknown reason', (out) => ({ ...out, reason: 'Awa N' }), /reason/],
  ['an alarm without a title', (out) => ({ ...out, alarms: [{ 'Awa N': 1 }] }), /alarms/],
  ['no step', ({ step: _step, ...rest }) => rest, /lacks/],
];

test.each(broken)('%s is no call, and the reason repeats nothing of it', (_name, make, reason) => {
  const made = make(callOut());
  const read = parseCall(typeof made === 'string' ? made : JSON.stringify(made));
  expect(read).toMatch(reason);
  expect(read).not.toContain('Awa');
});
