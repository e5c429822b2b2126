/**
 * Any gateway for messages that takes JSON over HTTP. The operator gives the JSON as a template; `{{to}}`, `{{text}}`, `{{title}}`,
 * `{{link}}`, `{{severity}}`, `{{language}}` and `{{key}}` within its strings are replaced. What is put in stays within its string.
 */

import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';

import type { Channel, ChannelName, Message, Outcome, Sending } from '../channel.ts';
import { requireEndpoint } from '../http/endpoint.ts';
import type { EndpointRules } from '../http/endpoint.ts';
import { isOutcome, post } from '../http/post.ts';

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Where the gateway is and what it wants. */
export interface HttpGatewayOptions extends EndpointRules {
  /** What it reaches people by. Default `sms`. */
  readonly name?: ChannelName;
  readonly url: string;
  /** Sent as bearer token. */
  readonly token?: string;
  readonly template: Json;
  /** Header for the key. Default `idempotency-key`. */
  readonly keyHeader?: string;
  /** Whether the gateway drops a second message with the same key. */
  readonly idempotent: boolean;
  readonly clock: Clock;
}

const PLACE = /\{\{(\w+)\}\}/g;
const PLACES = ['to', 'text', 'title', 'link', 'severity', 'language', 'key'];

/** A channel through a gateway. @throws KidjamoError CONFIG_INVALID when the address may not be called or the template has no `{{to}}`. */
export function httpGatewayChannel(options: HttpGatewayOptions): Channel {
  const { name = 'sms', url: address, token, template, keyHeader = 'idempotency-key', idempotent, clock, ...rules } = options;
  const url = requireEndpoint('the address of the message gateway', address, rules);
  checkTemplate(template);
  return {
    name,
    idempotent,
    async send(message: Message, { key, address: to, signal }: Sending): Promise<Outcome> {
      const { sms: text, title, link, severity, language } = message;
      const body = JSON.stringify(fill(template, { to, text, title, link, severity, language, key }));
      const headers = {
        'content-type': 'application/json',
        [keyHeader]: key,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const result = await post({ url, headers, body, signal }, clock);
      // The gateway's own ids have no common place; the key is known to both sides.
      return isOutcome(result) ? withoutGone(result) : { kind: 'accepted', providerId: key };
    },
  };
}

/** A gateway that is not found is a wrong setting: it says nothing of the recipient's address. */
function withoutGone(outcome: Outcome): Outcome {
  return outcome.kind === 'refused' ? { kind: 'refused', reason: outcome.reason } : outcome;
}

function fill(template: Json, values: Readonly<Record<string, string>>): Json {
  if (typeof template === 'string') return template.replaceAll(PLACE, (_whole, name: string) => values[name] ?? '');
  if (isList(template)) return template.map((part) => fill(part, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, part]) => [name, fill(part, values)]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function checkTemplate(template: Json): void {
  const used = new Set(Array.from(JSON.stringify(template).matchAll(PLACE), ([, name = '']) => name));
  const odd = [...used].filter((name) => !PLACES.includes(name));
  if (odd.length > 0)
    throw new KidjamoError('CONFIG_INVALID', `the template of the message gateway names ${odd.join(', ')}; known are ${PLACES.join(', ')}`);
  if (!used.has('to') || !used.has('text')) {
    throw new KidjamoError('CONFIG_INVALID', 'the template of the message gateway lacks {{to}} or {{text}}');
  }
}
