import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';

import { renderMessage } from '@kidjamo/connector-notify';
import type { Channel, Outcome } from '@kidjamo/connector-notify';
import { sampleCall } from '@kidjamo/connector-notify/testing';
import { systemClock } from '@kidjamo/stream';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { webPushChannel } from '../src/channels/web-push.ts';
import { answerWith, startReceiver } from './http-receiver.ts';
import type { HttpReceiver, ReceivedRequest } from './http-receiver.ts';

const KEY = 'k-_'.padEnd(43, 'x');
const message = renderMessage([sampleCall()], { language: 'fr', timeZone: 'Africa/Douala' });
const ours = createECDH('prime256v1');
ours.generateKeys();

/** A browser: its keys, and what it makes of a payload (RFC 8291, RFC 8188). */
class Browser {
  readonly #keys = createECDH('prime256v1');
  readonly #auth = randomBytes(16);
  readonly #endpoint: string;

  constructor(endpoint: string) {
    this.#endpoint = endpoint;
    this.#keys.generateKeys();
  }

  get subscription(): string {
    return JSON.stringify({
      endpoint: this.#endpoint,
      expirationTime: null,
      keys: { p256dh: this.#keys.getPublicKey('base64url'), auth: this.#auth.toString('base64url') },
    });
  }

  decrypt(body: Buffer): unknown {
    const salt = body.subarray(0, 16);
    const idLength = body.readUInt8(20);
    const sender = body.subarray(21, 21 + idLength);
    const sealed = body.subarray(21 + idLength);
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#keys.getPublicKey(), sender]);
    const secret = Buffer.from(hkdfSync('sha256', this.#keys.computeSecret(sender), this.#auth, info, 32));
    const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16));
    const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12));
    const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(sealed.subarray(-16));
    const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    return JSON.parse(padded.subarray(0, padded.lastIndexOf(2)).toString());
  }
}

let receiver: HttpReceiver;
beforeEach(async () => {
  receiver = await startReceiver();
  receiver.answer = answerWith(201);
});
afterEach(() => receiver.close());

const channel = (more: object = {}): Channel =>
  webPushChannel({
    subject: 'mailto:it@kidjamo.example',
    publicKey: ours.getPublicKey('base64url'),
    privateKey: ours.getPrivateKey('base64url'),
    hosts: ['127.0.0.1'],
    clock: systemClock,
    ...more,
  });
const send = (address: string, by = channel()): Promise<Outcome> =>
  by.send(message, { key: KEY, address, signal: AbortSignal.timeout(15_000) });

test('a browser can read the payload, and nobody else', async () => {
  const browser = new Browser(`${receiver.url}/push/1`);
  expect((await send(browser.subscription)).kind).toBe('accepted');
  const [request] = receiver.received as [ReceivedRequest];
  expect(request.path).toBe('/push/1');
  expect(request.headers).toMatchObject({ 'content-encoding': 'aes128gcm', urgency: 'high', topic: KEY.slice(0, 32) });
  expect(Number(request.headers['ttl'])).toBeGreaterThan(0);
  expect(browser.decrypt(request.body)).toEqual({
    title: message.title,
    body: message.summary,
    severity: 'critical',
    url: message.link,
    tag: KEY,
  });
  expect(() => new Browser(receiver.url).decrypt(request.body)).toThrow();
});

test('the push service can tell who sent it', async () => {
  await send(new Browser(`${receiver.url}/push/1`).subscription);
  const authorization = receiver.received[0]?.headers.authorization ?? '';
  const [, token = '', key = ''] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization) ?? [];
  const [header = '', claims = '', signature = ''] = token.split('.');
  expect(key).toBe(ours.getPublicKey('base64url'));
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({ aud: receiver.url, sub: 'mailto:it@kidjamo.example' });
  const point = ours.getPublicKey();
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  expect(
    verify(
      'sha256',
      Buffer.from(`${header}.${claims}`),
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    ),
  ).toBe(true);
});

test.each([404, 410])('HTTP %i: the subscription is gone', async (status) => {
  receiver.answer = answerWith(status);
  expect(await send(new Browser(receiver.url).subscription)).toMatchObject({ kind: 'refused', gone: true });
});

test('a subscription that is none is gone, and sent nowhere', async () => {
  const keys = { p256dh: 'AAAA', auth: 'AAAA' };
  for (const address of [
    '',
    '{}',
    'null',
    '[]',
    JSON.stringify({ endpoint: receiver.url }),
    JSON.stringify({ endpoint: receiver.url, keys }),
  ]) {
    expect(await send(address)).toMatchObject({ kind: 'refused', gone: true });
  }
  expect(receiver.received).toEqual([]);
});

test('a subscription cannot make us call a server of its choice', async () => {
  const { hosts: _hosts, ...usual } = { hosts: undefined };
  const strict = webPushChannel({
    subject: 'mailto:it@kidjamo.example',
    publicKey: ours.getPublicKey('base64url'),
    privateKey: ours.getPrivateKey('base64url'),
    clock: systemClock,
    ...usual,
  });
  for (const endpoint of [receiver.url, 'https://169.254.169.254/', 'https://fcm.googleapis.com.example.org/', 'https://10.0.0.1/']) {
    expect((await send(new Browser(endpoint).subscription, strict)).kind).toBe('refused');
  }
  expect(receiver.received).toEqual([]);
});

test('keys that are none are refused when they are set, without being told', () => {
  const make = (): Channel => channel({ privateKey: 'c2hvcnQtc2VjcmV0' });
  expect(make).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  expect(make).not.toThrow(/c2hvcnQ/);
});
