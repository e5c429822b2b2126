/** What the settings say of notifications, as plain data that crosses to threads, and the channels that it makes. */

import {
  consoleChannel,
  httpGatewayChannel,
  openEmailChannel,
  openWebPushChannel,
  requireEndpoint,
  twilioSmsChannel,
  webhookChannel,
} from '@kidjamo/connector-notify';
import type { Channel, EmailOptions, HttpGatewayOptions, Json, Recipient, TwilioOptions, WebPushOptions } from '@kidjamo/connector-notify';
import { KidjamoError, systemClock } from '@kidjamo/stream';

import { readPemFiles } from './pem-files.ts';
import type { Settings } from './settings.ts';

/** How people are told. */
export interface NotifyUse {
  /** Address of the live page, without a slash at its end; empty where the settings name none. */
  readonly publicUrl: string;
  readonly plainHosts: readonly string[];
  readonly console: boolean;
  /** Longest attempt to send, ms. */
  readonly sendWithin: number;
  readonly email?: EmailOptions;
  readonly twilio?: Omit<TwilioOptions, 'clock'>;
  readonly gateway?: Omit<HttpGatewayOptions, 'clock'>;
  readonly push?: Omit<WebPushOptions, 'clock'>;
  readonly webhook?: {
    readonly url: string;
    readonly keyId: string;
    /** base64. */
    readonly secret: string;
  };
}

/** How the settings have people told. @throws KidjamoError CONFIG_INVALID */
export async function notifyUse(settings: Settings): Promise<NotifyUse> {
  const plainHosts = settings.NOTIFY_PLAIN_HOSTS.split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '');
  const ways = { ...(await emailOf(settings, plainHosts)), ...smsOf(settings, plainHosts), ...pushOf(settings), ...webhookOf(settings) };
  const silent = Object.keys(ways).length === 0;
  const use: NotifyUse = {
    publicUrl: settings.NOTIFY_PUBLIC_URL.replace(/\/+$/, ''),
    plainHosts,
    console: settings.NOTIFY_CONSOLE === '' ? silent && settings.KIDJAMO_ENV === 'development' : settings.NOTIFY_CONSOLE === 'true',
    sendWithin: settings.NOTIFY_SEND_WITHIN_MS,
    ...ways,
  };
  // Faults are told before anything is started.
  await openChannels(use);
  return use;
}

/** The channels in use. What is printed goes to standard error. @throws KidjamoError CONFIG_INVALID */
export async function openChannels(use: NotifyUse): Promise<readonly Channel[]> {
  const { email, twilio, gateway, push, webhook, plainHosts } = use;
  const clock = systemClock;
  const channels: Channel[] = [];
  if (email !== undefined) channels.push(await openEmailChannel(email));
  if (twilio !== undefined) channels.push(twilioSmsChannel({ ...twilio, clock }));
  if (gateway !== undefined) channels.push(httpGatewayChannel({ ...gateway, clock }));
  if (push !== undefined) channels.push(await openWebPushChannel({ ...push, clock }));
  if (webhook !== undefined) {
    requireEndpoint('NOTIFY_WEBHOOK_URL', webhook.url, { plainHosts });
    channels.push(webhookChannel({ keyId: webhook.keyId, secret: Buffer.from(webhook.secret, 'base64'), plainHosts, clock }));
  }
  if (use.console) channels.push(consoleChannel((line) => process.stderr.write(`notification   ${line}\n`)));
  return channels;
}

/** Systems that hear every call. */
export function systemsOf({ webhook }: NotifyUse): readonly Recipient[] {
  if (webhook === undefined) return [];
  const channels = [{ channel: 'webhook', address: webhook.url } as const];
  return [{ id: 'webhook', language: 'en', timeZone: 'UTC', channels, system: true }];
}

/** The ways in which people can be told, in a word each; empty where there is none. */
export function waysOf({ email, twilio, gateway, push, webhook, console }: NotifyUse): readonly string[] {
  const all = { 'e-mail': email, SMS: twilio ?? gateway, 'web push': push, webhook, console: console ? true : undefined };
  return Object.entries(all).flatMap(([name, way]) => (way === undefined ? [] : [name]));
}

async function emailOf(settings: Settings, plainHosts: readonly string[]): Promise<Pick<NotifyUse, 'email'>> {
  if (settings.NOTIFY_SMTP_HOST === '') return {};
  const pem = await readPemFiles('NOTIFY_SMTP', { ca: settings.NOTIFY_SMTP_CA });
  const user = settings.NOTIFY_SMTP_USERNAME;
  return {
    email: {
      host: settings.NOTIFY_SMTP_HOST,
      port: settings.NOTIFY_SMTP_PORT,
      // One of the values that the table allows.
      tls: settings.NOTIFY_SMTP_TLS as EmailOptions['tls'],
      from: settings.NOTIFY_SMTP_FROM,
      timeout: settings.NOTIFY_SEND_WITHIN_MS,
      plainHosts,
      ...pem,
      ...(user === '' ? {} : { user, password: settings.NOTIFY_SMTP_PASSWORD }),
    },
  };
}

function smsOf(settings: Settings, plainHosts: readonly string[]): Pick<NotifyUse, 'twilio' | 'gateway'> {
  const { NOTIFY_TWILIO_ACCOUNT: accountSid, NOTIFY_SMS_URL: url, NOTIFY_SMS_TOKEN: token } = settings;
  if (accountSid !== '') {
    const { NOTIFY_TWILIO_URL: baseUrl, NOTIFY_TWILIO_TOKEN: authToken, NOTIFY_TWILIO_FROM: from } = settings;
    return { twilio: { baseUrl, accountSid, authToken, from, plainHosts } };
  }
  if (url === '') return {};
  return {
    gateway: {
      url,
      template: templateOf(settings.NOTIFY_SMS_TEMPLATE),
      keyHeader: settings.NOTIFY_SMS_KEY_HEADER,
      idempotent: settings.NOTIFY_SMS_IDEMPOTENT,
      plainHosts,
      ...(token === '' ? {} : { token }),
    },
  };
}

function templateOf(text: string): Json {
  try {
    // What it holds is looked at by the channel.
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new KidjamoError('CONFIG_INVALID', 'NOTIFY_SMS_TEMPLATE must be JSON, such as {"to": "{{to}}", "text": "{{text}}"}', { cause });
  }
}

function pushOf(settings: Settings): Pick<NotifyUse, 'push'> {
  const { NOTIFY_PUSH_PUBLIC_KEY: publicKey, NOTIFY_PUSH_PRIVATE_KEY: privateKey, NOTIFY_PUSH_SUBJECT: subject } = settings;
  return publicKey === '' ? {} : { push: { publicKey, privateKey, subject } };
}

function webhookOf(settings: Settings): Pick<NotifyUse, 'webhook'> {
  const { NOTIFY_WEBHOOK_URL: url, NOTIFY_WEBHOOK_KEY_ID: keyId, NOTIFY_WEBHOOK_SECRET: secret } = settings;
  return url === '' ? {} : { webhook: { url, keyId, secret } };
}
