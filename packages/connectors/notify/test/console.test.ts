import { consoleChannel, renderMessage } from '@kidjamo/connector-notify';
import { sampleCall } from '@kidjamo/connector-notify/testing';
import { expect, test } from 'vitest';

test('prints the short form, and no address', async () => {
  const lines: string[] = [];
  const message = renderMessage([sampleCall()], { language: 'en', timeZone: 'UTC' });
  const channel = consoleChannel((line) => lines.push(line));
  expect(await channel.send(message, { key: 'k', address: 'me', signal: new AbortController().signal })).toEqual({ kind: 'delivered' });
  expect(lines).toEqual([message.sms]);
});
