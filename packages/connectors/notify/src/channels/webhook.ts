/**
 * Signed webhooks, for systems. The body is JSON; `kidjamo-signature` is `v1=` and the HMAC-SHA-256, in hexadecimal, of the time stamp, a
 * dot and the body, under the secret that `kidjamo-key-id` names. How a receiver checks it: docs/guides/notifications.md.
 */

import { createHmac } from 'node:crypto';

import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';

import type { Channel, Message, Outcome, Sending } from '../channel.ts';
import { readEndpoint } from '../http/endpoint.ts';
import type { EndpointRules } from '../http/endpoint.ts';
import { isOutcome, post } from '../http/post.ts';

/** How webhooks are signed, and where they may go. */
export interface WebhookOptions extends EndpointRules {
  readonly keyId: string;
  /** At least 32 bytes. */
  readonly secret: Buffer;
  readonly clock: Clock;
}

const MIN_SECRET = 32;

/** A channel to systems. @throws KidjamoError CONFIG_INVALID when the secret is too short. */
export function webhookChannel(options: WebhookOptions): Channel {
  const { keyId, secret, clock, ...rules } = options;
  if (secret.length < MIN_SECRET) throw new KidjamoError('CONFIG_INVALID', `the secret of webhooks has less than ${MIN_SECRET} bytes`);
  return {
    name: 'webhook',
    idempotent: true,
    async send(message: Message, { key, address, signal }: Sending): Promise<Outcome> {
      const url = readEndpoint(address, rules);
      if (typeof url === 'string') return { kind: 'refused', reason: url };
      const body = JSON.stringify({ id: key, type: 'kidjamo.notification', ...message.data });
      const timestamp = String(Math.floor(clock.now() / 1000));
      const headers = {
        'content-type': 'application/json',
        'idempotency-key': key,
        'kidjamo-key-id': keyId,
        'kidjamo-timestamp': timestamp,
        'kidjamo-signature': `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`,
      };
      const result = await post({ url, headers, body, signal }, clock);
      return isOutcome(result) ? result : { kind: 'delivered' };
    },
  };
}
