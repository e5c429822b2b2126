/** The settings of notifications; part of the table in settings.ts. */

import type { Settings } from './settings.ts';

export const NOTIFY_SETTINGS = {
  NOTIFY_PUBLIC_URL: {
    kind: 'text',
    default: '',
    doc: 'Address of the live page, as the people who are called reach it, for the links in messages. Empty means that of the gateway on this machine. Keep it short: an SMS has 160 characters.',
  },
  NOTIFY_CONSOLE: {
    kind: 'text',
    default: '',
    oneOf: ['', 'true', 'false'],
    doc: 'Print messages on standard error, without addresses. Empty means true in development while no other channel is set, else false.',
  },
  NOTIFY_PLAIN_HOSTS: {
    kind: 'text',
    default: '',
    doc: 'Hosts, separated by commas, that messages may go to without TLS. This machine always may.',
  },
  NOTIFY_SEND_WITHIN_MS: {
    kind: 'number',
    default: 10_000,
    min: 500,
    max: 60_000,
    doc: 'Longest attempt to send. What a process was sending when it died is sent again after three times as long.',
  },
  NOTIFY_SMTP_HOST: { kind: 'text', default: '', doc: 'Server that takes e-mails. Empty means no e-mail.' },
  NOTIFY_SMTP_PORT: { kind: 'number', default: 587, min: 1, max: 65535, doc: 'Its port.' },
  NOTIFY_SMTP_TLS: {
    kind: 'text',
    default: 'starttls',
    oneOf: ['starttls', 'implicit', 'none'],
    doc: '`implicit` is for port 465; `none` for this machine and NOTIFY_PLAIN_HOSTS only.',
  },
  NOTIFY_SMTP_CA: {
    kind: 'text',
    default: '',
    doc: 'PEM file with the authority of the server\u2019s certificate; empty trusts those that Node.js knows.',
  },
  NOTIFY_SMTP_USERNAME: { kind: 'text', default: '', doc: 'User name at the server; empty means without signing in.' },
  NOTIFY_SMTP_PASSWORD: { kind: 'text', default: '', secret: true, doc: 'Password at the server.' },
  NOTIFY_SMTP_FROM: { kind: 'text', default: '', doc: 'Mail address that e-mails come from.' },
  NOTIFY_TWILIO_ACCOUNT: {
    kind: 'text',
    default: '',
    doc: 'Account at Twilio, or at whoever speaks like it, for SMS. Empty means that SMS do not go this way.',
  },
  NOTIFY_TWILIO_TOKEN: { kind: 'text', default: '', secret: true, doc: 'Token of the account.' },
  NOTIFY_TWILIO_FROM: { kind: 'text', default: '', doc: 'Number, or id of the messaging service, that SMS come from.' },
  NOTIFY_TWILIO_URL: { kind: 'text', default: 'https://api.twilio.com', doc: 'Where the interface is.' },
  NOTIFY_SMS_URL: {
    kind: 'text',
    default: '',
    doc: 'Address of a gateway that takes SMS as JSON over HTTP, in place of Twilio. Empty means that SMS do not go this way.',
  },
  NOTIFY_SMS_TOKEN: { kind: 'text', default: '', secret: true, doc: 'Token that is sent to the gateway.' },
  NOTIFY_SMS_TEMPLATE: {
    kind: 'text',
    default: '{"to": "{{to}}", "text": "{{text}}"}',
    doc: 'JSON that the gateway wants, with its [places](../guides/notifications.md#sms-through-any-gateway).',
  },
  NOTIFY_SMS_KEY_HEADER: {
    kind: 'text',
    default: 'idempotency-key',
    doc: 'Header for the key that is the same for every copy of a message.',
  },
  NOTIFY_SMS_IDEMPOTENT: { kind: 'flag', default: false, doc: 'Whether the gateway drops a second message with the same key.' },
  NOTIFY_PUSH_PUBLIC_KEY: {
    kind: 'text',
    default: '',
    doc: 'Public VAPID key that browsers subscribed with, base64url. Empty means no web push.',
  },
  NOTIFY_PUSH_PRIVATE_KEY: { kind: 'text', default: '', secret: true, doc: 'The private key of the pair, base64url.' },
  NOTIFY_PUSH_SUBJECT: { kind: 'text', default: '', doc: 'Where push services reach the operator: `mailto:...` or an https address.' },
  NOTIFY_WEBHOOK_URL: {
    kind: 'text',
    default: '',
    doc: 'System that hears every call, by a signed POST. Empty means none. It answers for nobody: people are called all the same.',
  },
  NOTIFY_WEBHOOK_SECRET: { kind: 'text', default: '', secret: true, doc: 'Secret of its signature, base64 of at least 32 bytes.' },
  NOTIFY_WEBHOOK_KEY_ID: { kind: 'text', default: 'k1', doc: 'Name of that secret, so that it can be changed without a gap.' },
} as const;

type NotifyName = keyof typeof NOTIFY_SETTINGS;

/** What a channel needs besides the setting that turns it on. */
const TOGETHER: readonly (readonly [NotifyName, ...NotifyName[]])[] = [
  ['NOTIFY_SMTP_HOST', 'NOTIFY_SMTP_FROM'],
  ['NOTIFY_TWILIO_ACCOUNT', 'NOTIFY_TWILIO_TOKEN', 'NOTIFY_TWILIO_FROM'],
  ['NOTIFY_PUSH_PUBLIC_KEY', 'NOTIFY_PUSH_PRIVATE_KEY', 'NOTIFY_PUSH_SUBJECT'],
  ['NOTIFY_WEBHOOK_URL', 'NOTIFY_WEBHOOK_SECRET'],
];

/** Adds what is wrong with the settings of notifications, taken together. */
export function checkNotify(settings: Settings, problems: string[]): void {
  for (const [switched, ...others] of TOGETHER) {
    const lacking = others.filter((name) => settings[name] === '');
    if (settings[switched] !== '' && lacking.length > 0) problems.push(`${switched} needs ${lacking.join(' and ')}`);
  }
  if (settings.NOTIFY_TWILIO_ACCOUNT !== '' && settings.NOTIFY_SMS_URL !== '') {
    problems.push('NOTIFY_TWILIO_ACCOUNT and NOTIFY_SMS_URL are two ways for the same SMS: give one of them');
  }
  if ((settings.NOTIFY_SMTP_USERNAME === '') !== (settings.NOTIFY_SMTP_PASSWORD === '')) {
    problems.push('NOTIFY_SMTP_USERNAME and NOTIFY_SMTP_PASSWORD must be given together');
  }
  if (settings.NOTIFY_PUBLIC_URL !== '' && !/^https?:\/\/[^\s?#]+$/.test(settings.NOTIFY_PUBLIC_URL)) {
    problems.push('NOTIFY_PUBLIC_URL must be an http or https address, without a query');
  }
}
