/** The receiver that the guide shows takes what we send, and nothing else. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { renderMessage, webhookChannel } from '@kidjamo/connector-notify';
import { sampleCall } from '@kidjamo/connector-notify/testing';
import { ManualClock } from '@kidjamo/stream/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startReceiver } from './http-receiver.ts';

const NOW = Date.UTC(2026, 10, 21);
const SECRET = Buffer.alloc(32, 7);

interface Check {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly secrets: Readonly<Record<string, Buffer>>;
  readonly now: number;
}

let folder: string;
let isGenuine: (check: Check) => boolean;
let sent: Check;
beforeAll(async () => {
  const guide = await readFile(new URL('../../../../docs/guides/notifications.md', import.meta.url), 'utf8');
  folder = await mkdtemp(join(tmpdir(), 'kidjamo-webhook-'));
  const file = join(folder, 'receiver.mjs');
  await writeFile(file, /```js\n(?<code>.*?)```/s.exec(guide)?.groups?.['code'] ?? '');
  ({ isGenuine } = (await import(pathToFileURL(file).href)) as { isGenuine: typeof isGenuine });
  const receiver = await startReceiver();
  const channel = webhookChannel({ keyId: 'k1', secret: SECRET, clock: new ManualClock(NOW) });
  const message = renderMessage([sampleCall()], { language: 'fr', timeZone: 'UTC' });
  await channel.send(message, { key: 'k', address: receiver.url, signal: new AbortController().signal });
  await receiver.close();
  const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = receiver.received;
  sent = { headers, body, secrets: { k1: SECRET }, now: NOW / 1000 };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('takes what we send, for five minutes', () => {
  for (const now of [-300, 0, 300]) expect(isGenuine({ ...sent, now: NOW / 1000 + now })).toBe(true);
  for (const now of [-301, 301, NaN]) expect(isGenuine({ ...sent, now: NOW / 1000 + now })).toBe(false);
});

test('refuses another body, time stamp, secret or key, and none', () => {
  expect(isGenuine({ ...sent, body: Buffer.concat([sent.body, Buffer.from(' ')]) })).toBe(false);
  expect(isGenuine({ ...sent, headers: { ...sent.headers, 'kidjamo-timestamp': String(NOW / 1000 + 1) } })).toBe(false);
  expect(isGenuine({ ...sent, secrets: { k1: Buffer.alloc(32, 8) } })).toBe(false);
  expect(isGenuine({ ...sent, secrets: {} })).toBe(false);
  expect(isGenuine({ ...sent, headers: { ...sent.headers, 'kidjamo-signature': undefined } })).toBe(false);
  expect(isGenuine({ ...sent, headers: {} })).toBe(false);
});
