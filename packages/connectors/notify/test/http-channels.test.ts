import { createHmac } from 'node:crypto';

import { httpGatewayChannel, renderMessage, twilioSmsChannel, webhookChannel } from '@kidjamo/connector-notify';
import type { Channel, Outcome, Sending } from '@kidjamo/connector-notify';
import { sampleCall } from '@kidjamo/connector-notify/testing';
import { ManualClock } from '@kidjamo/stream/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { answerWith, startReceiver } from './http-receiver.ts';
import type { HttpReceiver } from './http-receiver.ts';

const NOW = Date.UTC(2026, 10, 21, 20, 14);
const KEY = 'k'.repeat(43);
const NUMBER = '+237690000000';
const SECRET = Buffer.alloc(32, 7);
const TOKEN = 'a-secret-token';
const message = renderMessage([sampleCall()], { language: 'fr', timeZone: 'Africa/Douala' });
const clock = new ManualClock(NOW);

let receiver: HttpReceiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

const send = (channel: Channel, address: string, more: Partial<Sending> = {}): Promise<Outcome> =>
  channel.send(message, { key: KEY, address, signal: AbortSignal.timeout(15_000), ...more });
const twilio = (baseUrl = receiver.url): Channel =>
  twilioSmsChannel({ baseUrl, accountSid: 'AC1', authToken: TOKEN, from: '+33700000000', clock });
const webhook = (more: object = {}): Channel => webhookChannel({ keyId: 'k1', secret: SECRET, clock, ...more });
const gateway = (more: object = {}): Channel =>
  httpGatewayChannel({
    url: `${receiver.url}/send`,
    token: TOKEN,
    template: { recipients: ['{{to}}'], content: { body: '{{text}}', ref: 'kidjamo-{{key}}' }, priority: 1, flash: false, from: null },
    idempotent: true,
    clock,
    ...more,
  });

describe('SMS like Twilio', () => {
  test('is a form with basic authentication, and gives the id of the provider', async () => {
    receiver.answer = answerWith(201, { sid: 'SM42', status: 'queued' });
    expect(await send(twilio(), NUMBER)).toEqual({ kind: 'accepted', providerId: 'SM42' });
    const [request] = receiver.received;
    expect(request?.path).toBe('/2010-04-01/Accounts/AC1/Messages.json');
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from(`AC1:${TOKEN}`).toString('base64')}`);
    expect(Object.fromEntries(new URLSearchParams(request?.body.toString()))).toEqual({
      To: NUMBER,
      From: '+33700000000',
      Body: message.sms,
    });
  });

  test('a messaging service stands in place of a number', async () => {
    await send(twilioSmsChannel({ baseUrl: receiver.url, accountSid: 'AC1', authToken: TOKEN, from: 'MG9', clock }), NUMBER);
    const form = new URLSearchParams(receiver.received[0]?.body.toString());
    expect([form.get('MessagingServiceSid'), form.get('From')]).toEqual(['MG9', null]);
  });

  test('a refusal tells the number of its reason and none of its words, which may quote the telephone', async () => {
    receiver.answer = answerWith(400, { code: 21211, message: `The 'To' number ${NUMBER} is not valid` });
    expect(await send(twilio(), NUMBER)).toEqual({ kind: 'refused', reason: 'the provider refused it (HTTP 400, code 21211)' });
  });

  test('an address that is no number is not sent anywhere', async () => {
    expect((await send(twilio(), '0690000000')).kind).toBe('refused');
    expect(receiver.received).toEqual([]);
  });
});

describe('message gateway', () => {
  test('fills its template with what stays within its strings', async () => {
    expect(await send(gateway(), 'x","admin":true,"y":"')).toEqual({ kind: 'accepted', providerId: KEY });
    const [request] = receiver.received;
    expect(JSON.parse(request?.body.toString() ?? '')).toEqual({
      recipients: ['x","admin":true,"y":"'],
      content: { body: message.sms, ref: `kidjamo-${KEY}` },
      priority: 1,
      flash: false,
      from: null,
    });
    expect(request?.headers).toMatchObject({ authorization: `Bearer ${TOKEN}`, 'idempotency-key': KEY });
  });

  test('one that is not found is a wrong setting, and says nothing of the address', async () => {
    receiver.answer = answerWith(404);
    expect(await send(gateway(), NUMBER)).toEqual({ kind: 'refused', reason: 'the provider refused it (HTTP 404)' });
  });

  test.each([{ text: '{{text}}' }, { to: '{{to}}' }, { to: '{{to}}', text: '{{text}}', odd: '{{phone}}' }])(
    'a template %j is refused',
    (template) => {
      expect(() => gateway({ template })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );
});

describe('signed webhook', () => {
  test('can be checked by its receiver, and holds no name and no value', async () => {
    expect(await send(webhook(), `${receiver.url}/hook`)).toEqual({ kind: 'delivered' });
    const [request] = receiver.received;
    const body = request?.body.toString() ?? '';
    const timestamp = String(request?.headers['kidjamo-timestamp']);
    expect(Number(timestamp)).toBe(NOW / 1000);
    const signature = createHmac('sha256', SECRET).update(`${timestamp}.${body}`).digest('hex');
    expect(request?.headers).toMatchObject({ 'kidjamo-signature': `v1=${signature}`, 'kidjamo-key-id': 'k1', 'idempotency-key': KEY });
    expect(JSON.parse(body)).toMatchObject({
      id: KEY,
      type: 'kidjamo.notification',
      calls: [{ severity: 'critical', alarms: [{ code: 'CRITICAL_SPO2' }] }],
    });
    expect(body).not.toMatch(/Awa|84\.5|5f0c9a3e/);
  });

  test('an address that is gone is told', async () => {
    receiver.answer = answerWith(410);
    expect(await send(webhook(), receiver.url)).toMatchObject({ kind: 'refused', gone: true });
  });

  test.each([
    'http://example.org/',
    'ftp://127.0.0.1/',
    'https://user:word@example.org/',
    'not a url',
    'http://10.0.0.1/',
    'http://127.0.0.1.example.org/',
  ])('%s is not called', async (address) => {
    const outcome = await send(webhook(), address);
    expect(outcome.kind).toBe('refused');
    expect(JSON.stringify(outcome)).not.toContain('example');
  });

  test('a host that the operator allows is called without TLS, and one that is not on the list is not', async () => {
    expect((await send(webhook({ hosts: ['*.example.org'] }), receiver.url)).kind).toBe('refused');
    expect((await send(webhook({ hosts: ['127.0.0.1'] }), receiver.url)).kind).toBe('delivered');
    // Allowed, and not there: it was called.
    expect((await send(webhook({ plainHosts: ['plain.invalid'] }), 'http://plain.invalid/')).kind).toBe('failed');
  });

  test('a short secret is refused', () => {
    expect(() => webhook({ secret: Buffer.alloc(31) })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('what an answer means', () => {
  const table: [number, Outcome['kind']][] = [
    [200, 'delivered'],
    [202, 'delivered'],
    [301, 'refused'],
    [307, 'refused'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [408, 'failed'],
    [425, 'failed'],
    [429, 'failed'],
    [500, 'unknown'],
    [502, 'unknown'],
    [503, 'failed'],
    [504, 'unknown'],
  ];
  test.each(table)('HTTP %i: %s', async (status, kind) => {
    receiver.answer = answerWith(status, '', { location: `${receiver.url}/elsewhere` });
    expect((await send(webhook(), receiver.url)).kind).toBe(kind);
    expect(receiver.received).toHaveLength(1);
  });

  test.each([
    ['120', 120_000],
    [new Date(NOW + 60_000).toUTCString(), 60_000],
    [new Date(NOW - 60_000).toUTCString(), 0],
    ['soon', undefined],
  ])('Retry-After %s', async (header, wait) => {
    receiver.answer = answerWith(429, '', { 'retry-after': header });
    const outcome = await send(webhook(), receiver.url);
    expect(outcome.kind === 'failed' && outcome.retryAfter).toBe(wait);
  });

  test('nobody there: surely not sent', async () => {
    const { url } = receiver;
    await receiver.close();
    const outcome = await send(webhook(), url);
    receiver = await startReceiver();
    expect(outcome).toEqual({ kind: 'failed', reason: 'the network failed (ECONNREFUSED)' });
  });

  test('a connection that ends before the answer: perhaps sent', async () => {
    receiver.answer = (response) => response.destroy();
    expect((await send(webhook(), receiver.url)).kind).toBe('unknown');
  });

  test('no answer before the time is over: perhaps sent', async () => {
    const limit = new AbortController();
    receiver.answer = () => limit.abort();
    expect((await send(webhook(), receiver.url, { signal: limit.signal })).kind).toBe('unknown');
  });

  test('an answer without end is cut off, and its status counts', async () => {
    receiver.answer = (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
        response.once('drain', more);
      };
      more();
    };
    expect((await send(webhook(), receiver.url)).kind).toBe('delivered');
  });

  test('what comes back holds neither address nor secret', async () => {
    for (const status of [400, 401, 429, 500, 301]) {
      receiver.answer = answerWith(status, `${NUMBER} ${TOKEN}`);
      for (const outcome of [
        await send(twilio(), NUMBER),
        await send(gateway(), NUMBER),
        await send(webhook(), `${receiver.url}/${TOKEN}`),
      ]) {
        expect(JSON.stringify(outcome)).not.toMatch(/237690000000|a-secret-token|127\.0\.0\.1/);
      }
    }
  });
});

test.each(['http://sms.example.org', 'nonsense'])('a provider at %s is refused when it is set', (url) => {
  for (const make of [() => twilio(url), () => gateway({ url })]) {
    expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    expect(make).not.toThrow(/example/);
  }
});
