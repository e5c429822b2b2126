/** SMS through an interface like that of Twilio: a form, basic authentication, and the message's id in the answer. */

import { KidjamoError } from '@kidjamo/stream';
import type { Clock } from '@kidjamo/stream';

import type { Channel, Message, Outcome, Sending } from '../channel.ts';
import { requireEndpoint } from '../http/endpoint.ts';
import type { EndpointRules } from '../http/endpoint.ts';
import { isOutcome, post } from '../http/post.ts';

/** An account, and who the messages come from. */
export interface TwilioOptions extends EndpointRules {
  /** Default `https://api.twilio.com`. */
  readonly baseUrl?: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** A number, or the id of a messaging service (`MG...`). */
  readonly from: string;
  readonly clock: Clock;
}

/** A number as E.164 has it. */
const NUMBER = /^\+[1-9]\d{6,14}$/;

/** A channel to telephones. The interface has no idempotency key. @throws KidjamoError CONFIG_INVALID */
export function twilioSmsChannel(options: TwilioOptions): Channel {
  const { baseUrl = 'https://api.twilio.com', accountSid, authToken, from, clock, ...rules } = options;
  if (!/^\w{1,64}$/.test(accountSid)) throw new KidjamoError('CONFIG_INVALID', 'the account of the SMS provider is not an account id');
  const base = requireEndpoint('the address of the SMS provider', baseUrl, rules);
  const url = new URL(`/2010-04-01/Accounts/${accountSid}/Messages.json`, base);
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
  };
  const sender = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from };
  return {
    name: 'sms',
    idempotent: false,
    async send(message: Message, { address, signal }: Sending): Promise<Outcome> {
      if (!NUMBER.test(address)) return { kind: 'refused', reason: 'the number is not in international form, such as +33...' };
      const body = new URLSearchParams({ To: address, ...sender, Body: message.sms }).toString();
      const result = await post({ url, headers, body, signal }, clock, (text) => explain(readJson(text)));
      if (isOutcome(result)) return result;
      const sid = readJson(result.body)['sid'];
      return { kind: 'accepted', providerId: typeof sid === 'string' && /^\w{1,64}$/.test(sid) ? sid : '' };
    },
  };
}

/** The provider's number for the reason: its words may quote the telephone number. */
function explain(answer: Readonly<Record<string, unknown>>): string {
  return typeof answer['code'] === 'number' ? `, code ${answer['code']}` : '';
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
}
