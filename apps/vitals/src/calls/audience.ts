/** Whom a call is told to, and how they want to be told. Pure: the team is read before. */

import type { ChannelAddress, Recipient, Severity } from '@kidjamo/connector-notify';

import type { CallOut } from '../contracts/outputs.ts';
import { recipientsOf } from '../people/recipients.ts';
import type { PersonOut, Team } from '../people/schemas.ts';

/** The people of the call's level, as far as it may reach. To inform is for the treating clinicians, or in their absence other clinicians. */
export function audienceOf(team: Team, { level, reach, reason }: Pick<CallOut, 'level' | 'reach' | 'reason'>): readonly PersonOut[] {
  const people = recipientsOf(team, level);
  if (reason === 'inform_clinician') {
    const clinicians = among(people, [...team.clinicians, ...team.on_call]);
    const treating = among(
      clinicians,
      team.clinicians.filter(({ assigned_as: role }) => role === 'médecin_traitant'),
    );
    return treating.length > 0 ? treating : clinicians;
  }
  // Surroundings alone never reach a clinician, save one who is a caregiver of the patient too.
  return reach === 'caregivers' ? among(people, team.caregivers) : people;
}

function among(people: readonly PersonOut[], group: readonly PersonOut[]): readonly PersonOut[] {
  const ids = new Set(group.map(({ user_id: id }) => id));
  return people.filter(({ user_id: id }) => ids.has(id));
}

type PersonalChannel = 'sms' | 'email' | 'push';

/** In which somebody is told who has not said. */
const IN_ORDER: readonly PersonalChannel[] = ['push', 'sms', 'email'];

/**
 * A person as the notifier takes them. The channels that they named come in their order. Those that they did not name follow for what is
 * critical only: a message that somebody did not want is better than an alarm that nobody hears. What is printed is for trials.
 */
export function recipientOf(person: PersonOut, severity: Severity): Recipient {
  const { channels: wanted = IN_ORDER, quiet } = person.preferences;
  const order = severity === 'critical' ? [...new Set([...wanted, ...IN_ORDER])] : wanted;
  const addresses = order.flatMap((channel) => addressesOf(person, channel).map((address): ChannelAddress => ({ channel, address })));
  return {
    id: person.user_id,
    language: person.language,
    timeZone: person.timezone,
    channels: [...addresses, { channel: 'console', address: 'console' }],
    ...(quiet === undefined ? {} : { quietHours: quiet }),
  };
}

/** Where a channel reaches a person. */
function addressesOf({ email, phone, preferences }: PersonOut, channel: PersonalChannel): readonly string[] {
  switch (channel) {
    case 'email':
      return email === null ? [] : [email];
    case 'sms':
      return phone === null ? [] : [dialled(phone)];
    case 'push':
      return (preferences.subscriptions ?? []).map((subscription) => JSON.stringify(subscription));
  }
}

/** A number as it is dialled, with the sign for the international prefix. One without it stays national: we know of no country. */
function dialled(phone: string): string {
  return phone.replaceAll(/[^\d+]/g, '').replace(/^00/, '+');
}
