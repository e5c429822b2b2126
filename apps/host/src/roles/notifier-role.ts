/** Tells people of alarms: takes the log of calls to the notifier, and sends what is planned. */

import type { KafkaLog } from '@kidjamo/connector-kafka';
import { CallSink, Notifier, PostgresNotificationStore } from '@kidjamo/connector-notify';
import { DeadLetterStore } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import type { Log } from '@kidjamo/stream';
import { LOGS, VitalsCalls } from '@kidjamo/vitals';

import { openChannels, systemsOf, waysOf } from '../config/notify.ts';
import { makePool } from '../stack/pool.ts';
import type { RoleSettings } from './context.ts';
import { loggingObserver, makeLogger } from './logger.ts';
import type { RoleLogger } from './logger.ts';
import type { Meter } from './meter.ts';
import { meteringObserver } from './notifier-metrics.ts';
import { openStored } from './plumbing.ts';
import { runSinkGroup } from './sink-group.ts';

/** Longest statement, ms: what is told to stop waits for one at the most. */
const STATEMENT_TIMEOUT = 5000;
/** A delivery is left to its sender for so many of the longest attempts. */
const CLAIMED_FOR = 3;
/** How long a wake-up of another process may be missed, ms. */
const POLL_EVERY = 500;

/** Runs until `signal` aborts. */
export async function runNotifierRole(settings: RoleSettings, meter: Meter, signal: AbortSignal): Promise<void> {
  const logger = makeLogger('notifier', settings.logLevel);
  const channels = await openChannels(settings.notify);
  if (waysOf(settings.notify).length === 0) logger.warn('no way to tell people of alarms is set: nobody is called (NOTIFY_*)');
  const plumbing = await openStored(settings, { name: 'notifier', connections: 4 }, logger);
  const pool = makePool({ url: settings.databaseUrl, name: 'notifier', max: 4, statementTimeout: STATEMENT_TIMEOUT }, (error) => {
    logger.warn({ err: error }, 'an idle database connection was lost');
  });
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const inputs: KafkaLog[] = [];
  try {
    const input = inputOf(settings, { stored: plumbing.stored(LOGS.input), opened: inputs, logger });
    const store = new PostgresNotificationStore(pool);
    const observer = meteringObserver(meter, logger);
    const { publicUrl } = settings.notify;
    const source = new VitalsCalls({ pool, clock: systemClock, input, publicUrl, systems: systemsOf(settings.notify) });
    const handBack = source.handBack.bind(source);
    const { sendWithin } = settings.notify;
    const times = { sendWithin, claimFor: CLAIMED_FOR * sendWithin };
    const notifier = new Notifier({ store, channels, clock: systemClock, random: Math.random, observer, handBack, ...times });
    const around = {
      meter,
      observer: meter.watchGroups(loggingObserver(logger)),
      deadLetters: new DeadLetterStore(pool),
      flush: { requests: 0 },
      heartbeatEvery: settings.leaseMs / 5,
      pollEvery: POLL_EVERY,
    };
    const sink = new CallSink({ source, notifier, store });
    const group = { sink, log: plumbing.stored(LOGS.calls), membership: plumbing.storedMembership(LOGS.calls, sink.name) };
    // Where one of both breaks, the other ends before the role is started again.
    const both = [notifier.run(until), runSinkGroup(around, group, until)];
    const ends = await Promise.allSettled(both.map((each) => each.finally(() => ended.abort())));
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  } finally {
    ended.abort();
    for (const log of inputs) await log.close();
    await pool.end();
    await plumbing.close();
  }
}

/** Where the task reads its input. Kafka is asked for only when there is something to hand back: people are told while it is away. */
function inputOf(
  settings: RoleSettings,
  { stored, opened, logger }: { readonly stored: Log; readonly opened: KafkaLog[]; readonly logger: RoleLogger },
): () => Promise<Log> {
  const { kafka } = settings;
  if (kafka?.mode !== 'direct') return () => Promise.resolve(stored);
  return async () => {
    const [known] = opened;
    if (known !== undefined) return known;
    const { openKafkaInput } = await import('./kafka-input.ts');
    const topic = await openKafkaInput({ ...settings, kafka }, {}, logger);
    opened.push(topic);
    return topic;
  };
}
