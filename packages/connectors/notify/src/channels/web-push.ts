/** Web push: the payload is encrypted for the browser (RFC 8291), and the push service knows us by our key (VAPID, RFC 8292). */

import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';
import webpush from 'web-push';
import type { PushSubscription, RequestDetails } from 'web-push';

import type { Channel, Message, Outcome, Sending } from '../channel.ts';
import { readEndpoint } from '../http/endpoint.ts';
import { isOutcome, post } from '../http/post.ts';

/** Our keys, and which push services may be called. */
export interface WebPushOptions {
  /** Where the push service reaches us: `mailto:` or https. */
  readonly subject: string;
  /** Of the P-256 key, base64url, as browsers were given it. */
  readonly publicKey: string;
  readonly privateKey: string;
  /**
   * Hosts of push services. A subscription comes from a browser, so its address is not to be trusted: without this list it could name a
   * server of the inner network.
   */
  readonly hosts?: readonly string[];
  readonly clock: Clock;
}

/** The push services of the browsers in use. */
const PUSH_SERVICES = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '*.push.services.mozilla.com',
  '*.notify.windows.com',
  'web.push.apple.com',
  '*.push.apple.com',
];
/** How long a push service keeps a message for a device that is off, s. */
const TTL = 4 * 60 * 60;
/** Longest topic that push services take. */
const TOPIC = 32;

/**
 * A channel to browsers. The address is the subscription as the browser gave it, as JSON. A copy that is still waiting at the push service is
 * replaced, and one that is shown already is replaced by its tag, but no service promises it, so the channel does not count as idempotent.
 * @throws KidjamoError CONFIG_INVALID when the keys are no keys.
 */
export function webPushChannel(options: WebPushOptions): Channel {
  const { subject, publicKey, privateKey, hosts = PUSH_SERVICES, clock } = options;
  const vapidDetails = { subject, publicKey, privateKey };
  try {
    webpush.getVapidHeaders('https://push.invalid', subject, publicKey, privateKey, 'aes128gcm');
  } catch {
    // What the library says quotes the keys.
    throw new KidjamoError(
      'CONFIG_INVALID',
      'the keys or the subject of web push are not valid. Remedy: make new ones, base64url of P-256',
    );
  }
  return {
    name: 'push',
    idempotent: false,
    async send(message: Message, { key, address, signal }: Sending): Promise<Outcome> {
      const subscription = readSubscription(address);
      if (subscription === undefined) return { kind: 'refused', reason: 'the subscription is incomplete', gone: true };
      const url = readEndpoint(subscription.endpoint, { hosts });
      if (typeof url === 'string') return { kind: 'refused', reason: url };
      const { title, summary, severity, link } = message;
      const payload = JSON.stringify({ title, body: summary, severity, url: link, tag: key });
      const urgency = severity === 'critical' || severity === 'alert' ? 'high' : 'normal';
      let details: RequestDetails;
      try {
        details = webpush.generateRequestDetails(subscription, payload, { vapidDetails, TTL, urgency, topic: key.slice(0, TOPIC) });
      } catch {
        // Our own keys were tried above: it is the subscription's keys that are no keys.
        return { kind: 'refused', reason: 'the keys of the subscription are not valid', gone: true };
      }
      const body = new Uint8Array(details.body ?? []);
      const result = await post({ url, headers: headersOf(details), body, signal }, clock);
      return isOutcome(result) ? result : { kind: 'accepted', providerId: '' };
    },
  };
}

/** Without the length, which is counted when it is sent. */
function headersOf(details: RequestDetails): Record<string, string> {
  return Object.fromEntries(Object.entries(details.headers).filter(([name]) => name !== 'Content-Length'));
}

function readSubscription(address: string): PushSubscription | undefined {
  let value: unknown;
  try {
    value = JSON.parse(address);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
  const { endpoint, keys } = (value ?? {}) as { endpoint?: unknown; keys?: { p256dh?: unknown; auth?: unknown } };
  const { p256dh, auth } = keys ?? {};
  if (typeof endpoint !== 'string' || typeof p256dh !== 'string' || typeof auth !== 'string') return undefined;
  return { endpoint, keys: { p256dh, auth } };
}
