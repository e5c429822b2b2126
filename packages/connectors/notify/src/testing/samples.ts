/** Calls and recipients for tests. */

import type { Channel, ChannelName, Message, Outcome, Sending } from '../channel.ts';
import type { Call, ChannelAddress, Recipient } from '../notifier/call.ts';

/** A call about one alarm; `more` changes it. */
export function sampleCall(more: Partial<Call> = {}): Call {
  const at = more.at ?? Date.UTC(2026, 10, 21, 20, 14);
  return {
    id: 'step-1',
    patient: '5f0c9a3e-8f0c-4c55-9d7a-0d6f5c1b2a10',
    patientName: 'Awa N.',
    severity: 'critical',
    level: 0,
    class: 'clinical',
    reason: 'raised',
    alarms: [
      {
        code: 'CRITICAL_SPO2',
        severity: more.severity ?? 'critical',
        title: { en: 'Oxygen saturation very low', fr: 'Saturation en oxygène très basse' },
        values: [{ name: { en: 'SpO2', fr: 'SpO2' }, value: 84.5, unit: '%' }],
        limit: { en: 'SpO2 < 88 %', fr: 'SpO2 < 88 %' },
        actions: [{ en: 'Give oxygen now', fr: "Donner de l'oxygène tout de suite" }],
        since: at - 60_000,
      },
    ],
    at,
    answerBy: at + 5 * 60_000,
    link: 'https://kidjamo.example/e/7Q2M',
    ...more,
  };
}

/** Somebody who is reached by these channels, in order. */
export function sampleRecipient(id: string, channels: readonly ChannelName[], more: Partial<Recipient> = {}): Recipient {
  return {
    id,
    language: 'fr',
    timeZone: 'Africa/Douala',
    channels: channels.map((channel): ChannelAddress => ({ channel, address: `${channel}-of-${id}` })),
    ...more,
  };
}

/** A channel whose other side is a list: what it has received, in order, each with its key. */
export function listChannel(
  name: ChannelName,
  received: { readonly channel: ChannelName; readonly key: string; readonly address: string; readonly message: Message }[],
  answer: (sending: Sending) => Outcome | Promise<Outcome> = () => ({ kind: 'delivered' }),
): Channel {
  return {
    name,
    idempotent: false,
    send: async (message, sending) => {
      const outcome = await answer(sending);
      if (outcome.kind === 'delivered' || outcome.kind === 'accepted' || outcome.kind === 'unknown') {
        received.push({ channel: name, key: sending.key, address: sending.address, message });
      }
      return outcome;
    },
  };
}
