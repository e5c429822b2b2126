/** Carries logs of the database to their topics: each output log, and in mode `outbox` the input. */

import { KafkaRelaySink, relayCluster } from '@kidjamo/connector-kafka';
import type { RelayEncoder } from '@kidjamo/connector-kafka';
import { DeadLetterStore } from '@kidjamo/connector-postgres';
import { systemClock } from '@kidjamo/stream';
import { outputEncoders, TopicIdentities } from '@kidjamo/vitals';

import { databaseId } from '../stack/input-mode.ts';
import { binaryKey, relayGroup } from './context.ts';
import type { RoleSettings } from './context.ts';
import { inputSeal } from './kafka-input.ts';
import { loggingObserver, makeLogger } from './logger.ts';
import type { Meter } from './meter.ts';
import { openStored } from './plumbing.ts';
import { relayedTopics } from './relayed-topics.ts';
import { runSinkGroup } from './sink-group.ts';

/** A log on its way to a topic. */
interface Relay {
  readonly log: string;
  readonly topic: string;
  readonly encode: RelayEncoder;
}

/** Runs until `signal` aborts. Nothing to do without Kafka. */
export async function runRelayRole(settings: RoleSettings, meter: Meter, signal: AbortSignal): Promise<void> {
  const { kafka } = settings;
  if (kafka === undefined) return;
  const logger = makeLogger('relay', settings.logLevel);
  const plumbing = await openStored(settings, { name: 'relay', connections: 6 }, logger);
  const cluster = relayCluster({ connection: kafka.connection, clock: systemClock });
  const around = {
    meter,
    observer: meter.watchGroups(loggingObserver(logger)),
    deadLetters: new DeadLetterStore(plumbing.pool),
    // A relay never waits for more than it has.
    flush: { requests: 0 },
    heartbeatEvery: settings.leaseMs / 5,
    pollEvery: 100,
  };
  const run = async ({ log, topic, encode }: Relay): Promise<void> => {
    const name = relayGroup(log);
    // Positions on these topics that another database left would make this one leave records out: the sink refuses them by this name.
    const source = `${log}@${await databaseId(plumbing.pool)}`;
    const sink = new KafkaRelaySink({ name, log: source, topic, encode, cluster, compression: kafka.compression });
    return runSinkGroup(around, { sink, log: plumbing.stored(log), membership: plumbing.storedMembership(log, name) }, signal);
  };
  try {
    await Promise.all(relays(settings, kafka.mode).map(run));
  } finally {
    await cluster.close();
    await plumbing.close();
  }
}

function relays(settings: RoleSettings, mode: 'outbox' | 'direct'): Relay[] {
  const encoders: Readonly<Record<string, RelayEncoder>> = outputEncoders(new TopicIdentities(binaryKey(settings.keys.topics)));
  const seal = inputSeal(settings);
  return relayedTopics(mode).map(({ log, topic }) => ({ log, topic, encode: encoders[log] ?? ((record) => seal.encode(record)) }));
}
