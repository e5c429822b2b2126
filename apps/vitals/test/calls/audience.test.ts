import { expect, test } from 'vitest';

import { audienceOf, recipientOf } from '../../src/calls/audience.ts';
import { callOut, person, TEAM } from './samples.ts';

const called = (more: Parameters<typeof callOut>[0], team = TEAM): string[] => audienceOf(team, callOut(more)).map(({ user_id: id }) => id);

test.each([
  [0, ['mother']],
  [1, ['uncle', 'aunt', 'doctor']],
  [2, ['night']],
  [3, ['mother', 'uncle', 'aunt', 'doctor']],
])('level %i is %j', (level, people) => {
  expect(called({ level })).toEqual(people);
});

test('surroundings reach caregivers only', () => {
  expect(called({ level: 0, reach: 'caregivers' })).toEqual(['mother']);
  expect(called({ level: 1, reach: 'caregivers' })).toEqual(['uncle', 'aunt']);
  expect(called({ level: 2, reach: 'caregivers' })).toEqual([]);
});

test('to inform is for the treating clinician, in their absence for the clinicians of the level, and for no caregiver', () => {
  const inform = { reason: 'inform_clinician', level: 1, deadline: null } as const;
  expect(called(inform)).toEqual(['doctor']);
  const absent = { ...TEAM, clinicians: TEAM.clinicians.filter(({ user_id: id }) => id !== 'doctor') };
  expect(called({ ...inform, level: 2 }, absent)).toEqual(['night']);
  expect(called({ ...inform, level: 3 }, { ...absent, on_call: [] })).toEqual(['aunt']);
  expect(called(inform, { ...TEAM, clinicians: [] })).toEqual([]);
});

const CONSOLE = { channel: 'console', address: 'console' };
const SMS = { channel: 'sms', address: '+33600000001' };
const MAIL = { channel: 'email', address: 'p@famille.example' };

test('who has said nothing is told by SMS, then by mail', () => {
  expect(recipientOf(person('p'), 'warn')).toEqual({ id: 'p', language: 'fr', timeZone: 'Africa/Douala', channels: [SMS, MAIL, CONSOLE] });
});

test('wishes are kept; for what is critical the other channels follow them', () => {
  const wishes = person('p', { language: 'en', preferences: { channels: ['email'], quiet: { from: '22:00', to: '07:00' } } });
  expect(recipientOf(wishes, 'alert')).toMatchObject({
    language: 'en',
    channels: [MAIL, CONSOLE],
    quietHours: { from: '22:00', to: '07:00' },
  });
  expect(recipientOf(wishes, 'critical').channels).toEqual([MAIL, SMS, CONSOLE]);
});

test('a channel without an address is passed over', () => {
  expect(recipientOf(person('p', { email: null, phone: null }), 'critical').channels).toEqual([CONSOLE]);
});

test('pushes go to the browsers of the person, before anything else', () => {
  const subscription = { endpoint: 'https://updates.push.services.mozilla.com/1', keys: { p256dh: 'k', auth: 'a' } };
  const { channels } = recipientOf(person('p', { preferences: { subscriptions: [subscription] } }), 'critical');
  expect(channels).toEqual([{ channel: 'push', address: JSON.stringify(subscription) }, SMS, MAIL, CONSOLE]);
});

test.each([
  ['+33 6 00-00.00(01)', '+33600000001'],
  ['00 237 690 00 00 01', '+237690000001'],
  ['0600000001', '0600000001'],
])('%s is dialled %s', (phone, address) => {
  expect(recipientOf(person('p', { phone }), 'critical').channels[0]).toEqual({ channel: 'sms', address });
});
