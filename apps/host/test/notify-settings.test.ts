import { expect, test } from 'vitest';

import { notifyUse, openChannels, systemsOf, waysOf } from '../src/config/notify.ts';
import { readSettings } from '../src/config/settings.ts';

const SMTP = { NOTIFY_SMTP_HOST: 'mail.example', NOTIFY_SMTP_FROM: 'alarms@kidjamo.example' };
const TWILIO = { NOTIFY_TWILIO_ACCOUNT: 'AC1', NOTIFY_TWILIO_TOKEN: 'hush', NOTIFY_TWILIO_FROM: '+33700000000' };
const GATEWAY = { NOTIFY_SMS_URL: 'https://sms.example/send' };
const WEBHOOK = { NOTIFY_WEBHOOK_URL: 'https://his.example/calls', NOTIFY_WEBHOOK_SECRET: Buffer.alloc(32, 7).toString('base64') };
/** The example of RFC 8291 for the application server. */
const PUSH = {
  NOTIFY_PUSH_PUBLIC_KEY: 'BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8',
  NOTIFY_PUSH_PRIVATE_KEY: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  NOTIFY_PUSH_SUBJECT: 'mailto:operator@kidjamo.example',
};
type Environment = Readonly<Record<string, string>>;

const use = (env: Environment): ReturnType<typeof notifyUse> => notifyUse(readSettings(env));

test.each<readonly [string, Environment, readonly string[]]>([
  ['nothing, in development', {}, ['console']],
  ['nothing, in production', { KIDJAMO_ENV: 'production' }, []],
  ['e-mail', SMTP, ['e-mail']],
  ['e-mail, and the terminal', { ...SMTP, NOTIFY_CONSOLE: 'true' }, ['e-mail', 'console']],
  ['everything', { ...SMTP, ...TWILIO, ...PUSH, ...WEBHOOK }, ['e-mail', 'SMS', 'web push', 'webhook']],
  ['SMS by a gateway', GATEWAY, ['SMS']],
  ['no terminal', { NOTIFY_CONSOLE: 'false' }, []],
])('%s', async (_name, env, ways) => {
  const made = await use(env);
  expect(waysOf(made)).toEqual(ways);
  expect(await openChannels(made)).toHaveLength(ways.length);
  // It crosses to other threads.
  expect(structuredClone(made)).toEqual(made);
});

test('a webhook hears every call, and is nobody', async () => {
  expect(systemsOf(await use(SMTP))).toEqual([]);
  expect(systemsOf(await use(WEBHOOK))).toMatchObject([{ channels: [{ address: WEBHOOK.NOTIFY_WEBHOOK_URL }], system: true }]);
});

test('the address of links has no slash at its end', async () => {
  expect((await use({ NOTIFY_PUBLIC_URL: 'https://k.example/live//' })).publicUrl).toBe('https://k.example/live');
  expect((await use({})).publicUrl).toBe('');
});

test.each<readonly [RegExp, Environment]>([
  [/NOTIFY_SMTP_HOST needs NOTIFY_SMTP_FROM/, { NOTIFY_SMTP_HOST: 'mail.example' }],
  [/NOTIFY_SMTP_USERNAME and NOTIFY_SMTP_PASSWORD/, { ...SMTP, NOTIFY_SMTP_PASSWORD: 'hush' }],
  [/not a mail address/, { ...SMTP, NOTIFY_SMTP_FROM: 'alarms' }],
  [/without TLS/, { ...SMTP, NOTIFY_SMTP_TLS: 'none' }],
  [/NOTIFY_SMTP_CA/, { ...SMTP, NOTIFY_SMTP_CA: '/nowhere.pem' }],
  [/NOTIFY_TWILIO_TOKEN and NOTIFY_TWILIO_FROM/, { NOTIFY_TWILIO_ACCOUNT: 'AC1' }],
  [/two ways/, { ...TWILIO, ...GATEWAY }],
  [/not https/, { NOTIFY_SMS_URL: 'http://sms.example' }],
  [/NOTIFY_SMS_TEMPLATE must be JSON/, { ...GATEWAY, NOTIFY_SMS_TEMPLATE: '{' }],
  [/lacks {{to}} or {{text}}/, { ...GATEWAY, NOTIFY_SMS_TEMPLATE: '{"to": "{{to}}"}' }],
  [/NOTIFY_PUSH_PUBLIC_KEY needs/, { NOTIFY_PUSH_PUBLIC_KEY: 'k' }],
  [/web push are not valid/, { ...PUSH, NOTIFY_PUSH_PRIVATE_KEY: 'hush' }],
  [/NOTIFY_WEBHOOK_URL needs NOTIFY_WEBHOOK_SECRET/, { NOTIFY_WEBHOOK_URL: 'https://his.example' }],
  [/less than 32 bytes/, { ...WEBHOOK, NOTIFY_WEBHOOK_SECRET: 'aHVzaA==' }],
  [/NOTIFY_WEBHOOK_URL: the address is not https/, { ...WEBHOOK, NOTIFY_WEBHOOK_URL: 'http://his.example' }],
  [/NOTIFY_PUBLIC_URL must be/, { NOTIFY_PUBLIC_URL: 'kidjamo.example' }],
])('%s is told at the start, without secrets', async (message, env) => {
  const failure = async (): Promise<unknown> => use(env);
  await expect(failure()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) as string });
  await expect(failure()).rejects.not.toThrow(/hush|aHVzaA/);
});

test('hosts that are allowed may be spoken to without TLS', async () => {
  const hosts = { NOTIFY_PLAIN_HOSTS: 'mail.example, sms.example' };
  const env = { ...SMTP, NOTIFY_SMTP_TLS: 'none', NOTIFY_SMS_URL: 'http://sms.example', ...hosts };
  expect(waysOf(await use(env))).toEqual(['e-mail', 'SMS']);
});
