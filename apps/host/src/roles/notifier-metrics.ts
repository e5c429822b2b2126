/** What the notifier tells of its work: its metrics, and the observer that counts them. */

import type { NotifierObserver } from '@kidjamo/connector-notify';

import type { RoleLogger } from './logger.ts';
import type { Meter, NotifierCounter } from './meter.ts';

/** A counter for Prometheus. */
interface CounterMetric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** The metrics of the notifier. No label names a person. */
export const NOTIFIER_METRICS: Readonly<Record<NotifierCounter, CounterMetric>> = {
  planned: {
    name: 'kidjamo_notify_planned_total',
    help: 'Messages written down to be sent, by severity, and whether they wait for the end of quiet hours or of a limit.',
    labels: ['severity', 'state'],
  },
  unreachable: {
    name: 'kidjamo_notify_unreachable_recipients_total',
    help: 'Recipients of calls whom no channel in use reaches.',
    labels: ['severity'],
  },
  unreached: {
    name: 'kidjamo_notify_unreached_calls_total',
    help: 'Calls that reach no person at all. The alarm is told so, and escalates at once.',
    labels: ['severity'],
  },
  attempted: { name: 'kidjamo_notify_attempts_total', help: 'Attempts to send, by what became of them.', labels: ['channel', 'outcome'] },
  possibleDuplicate: {
    name: 'kidjamo_notify_possible_duplicates_total',
    help: 'Messages sent again although an earlier attempt may have sent them.',
    labels: ['channel'],
  },
  fellBack: {
    name: 'kidjamo_notify_fallbacks_total',
    help: 'Messages that the recipient\u2019s next channel took over.',
    labels: ['from', 'to'],
  },
  undeliverable: {
    name: 'kidjamo_notify_undeliverable_total',
    help: 'Messages that no channel of their recipient could deliver.',
    labels: ['channel', 'severity'],
  },
  gone: { name: 'kidjamo_notify_gone_addresses_total', help: 'Addresses that exist no more, as their provider says.', labels: ['channel'] },
};

/** Counts what the notifier does, and logs what a person has to know. */
export function meteringObserver(meter: Meter, logger: RoleLogger): NotifierObserver {
  return {
    planned: (severity, { now, held }) => {
      meter.countNotified('planned', [severity, 'now'], now);
      meter.countNotified('planned', [severity, 'held'], held);
    },
    unreachable: (severity, recipients) => meter.countNotified('unreachable', [severity], recipients),
    unreached: (severity) => {
      meter.countNotified('unreached', [severity]);
      logger.warn({ severity }, 'a call reaches nobody: the alarm goes to the next level');
    },
    attempted: (channel, outcome) => meter.countNotified('attempted', [channel, outcome]),
    possibleDuplicate: (channel) => meter.countNotified('possibleDuplicate', [channel]),
    fellBack: (from, to) => meter.countNotified('fellBack', [from, to]),
    undeliverable: (channel, severity) => {
      meter.countNotified('undeliverable', [channel, severity]);
      logger.error({ channel, severity }, 'a message could not be delivered by any channel of its recipient');
    },
    gone: (_recipient, channel) => meter.countNotified('gone', [channel]),
    failed: (error) => logger.warn({ err: error }, 'the notifier failed at something; it goes on'),
  };
}
